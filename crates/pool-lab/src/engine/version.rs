//! The versions that this crate was built with; see `build.rs`.

/// The version of a package as `Cargo.lock` has it; `unknown` where there is none.
pub(crate) fn of_package(package: &str) -> &'static str {
    let versions = env!("PACKAGE_VERSIONS").split(' ').filter_map(|pair| pair.split_once('='));
    versions.into_iter().find(|(name, _)| *name == package).map_or("unknown", |(_, version)| version)
}

/// The version of the compiler, hence of the standard library; `unknown` where it did not say.
pub(crate) fn of_rust() -> &'static str {
    env!("RUST_VERSION")
}
