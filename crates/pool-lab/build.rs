//! Tells the crate which versions of which packages it was built with.
//!
//! The exact versions are in the workspace's `Cargo.lock`. Where there is none (the crate was vendored, say) none is told;
//! nothing fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let versions = lock_file().map(|path| locked_versions(&path)).unwrap_or_default();
    let pairs: Vec<String> = versions.iter().map(|(name, version)| format!("{name}={version}")).collect();
    println!("cargo::rustc-env=PACKAGE_VERSIONS={}", pairs.join(" "));
    println!("cargo::rustc-env=RUST_VERSION={}", rust_version().as_deref().unwrap_or("unknown"));
}

/// The nearest `Cargo.lock` at or above this crate.
fn lock_file() -> Option<PathBuf> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    let lock = manifest.ancestors().map(|dir| dir.join("Cargo.lock")).find(|path| path.is_file())?;
    println!("cargo::rerun-if-changed={}", lock.display());
    Some(lock)
}

/// Name and version of every package in the lock file. Each is a `[[package]]` table whose first two lines
/// are `name = "..."` and `version = "..."`. Of two versions of one package the later line, the greater
/// version, wins: the workspace pins one version of each engine, and others only come along with peers.
fn locked_versions(lock: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(lock).unwrap_or_default();
    let mut versions = BTreeMap::new();
    let mut name = None;
    for line in text.lines() {
        if let Some(value) = quoted(line, "name = ") {
            name = Some(value);
        } else if let Some(version) = quoted(line, "version = ")
            && let Some(name) = name.take()
        {
            versions.insert(name, version);
        }
    }
    versions
}

fn quoted(line: &str, key: &str) -> Option<String> {
    Some(line.strip_prefix(key)?.trim().trim_matches('"').to_owned())
}

/// The version of the compiler, hence of the standard library that the baselines are made of.
fn rust_version() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}
