//! Tells the crate which versions of which engines it was built with.
//!
//! The exact versions are in the workspace's `Cargo.lock`. Where there is none (the crate was vendored, say)
//! the versions read "unknown"; nothing fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The packages that engines are made of, and the variable under which the crate finds each version.
const PACKAGES: [(&str, &str); 13] = [
    ("pool-core", "VERSION_POOL_CORE"),
    ("pool-mpsc", "VERSION_POOL_MPSC"),
    ("pool-bounded", "VERSION_POOL_BOUNDED"),
    ("pool-priority", "VERSION_POOL_PRIORITY"),
    ("pool-stealing", "VERSION_POOL_STEALING"),
    ("rayon", "VERSION_RAYON"),
    ("threadpool", "VERSION_THREADPOOL"),
    ("rusty_pool", "VERSION_RUSTY_POOL"),
    ("tokio", "VERSION_TOKIO"),
    ("async-executor", "VERSION_ASYNC_EXECUTOR"),
    ("chili", "VERSION_CHILI"),
    ("crossbeam-channel", "VERSION_CROSSBEAM_CHANNEL"),
    ("crossbeam-deque", "VERSION_CROSSBEAM_DEQUE"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let versions = lock_file().map(|path| locked_versions(&path)).unwrap_or_default();
    for (package, variable) in PACKAGES {
        let version = versions.get(package).map_or("unknown", String::as_str);
        println!("cargo::rustc-env={variable}={version}");
    }
    println!("cargo::rustc-env=VERSION_RUST={}", rust_version().as_deref().unwrap_or("unknown"));
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
