//! What the page of a published crate needs, checked on the sources of each.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/pool-lab").to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The crates whose manifests do not forbid it, with the manifests.
fn published() -> Vec<(String, PathBuf, String)> {
    let folders = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let with_manifest = folders.map(|folder| {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let manifest = read(folder.join("Cargo.toml"));
        (name, folder, manifest)
    });
    with_manifest.filter(|(_, _, manifest)| !manifest.contains("publish = false")).collect()
}

/// The value of a key of the workspace's manifest.
fn of_workspace(key: &str) -> String {
    let manifest = read(root().join("Cargo.toml"));
    let line = manifest.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    line.unwrap_or_else(|| panic!("no {key}")).trim_matches('"').to_owned()
}

#[test]
fn every_published_crate_has_what_its_page_needs() {
    let crates = published();
    assert!(crates.len() >= 8, "the crates are where this test looks for them");
    for (name, folder, manifest) in crates {
        let documentation = format!("documentation = \"https://docs.rs/{name}\"");
        let needed = ["description = ", &documentation, "keywords = ", "categories = ", "license"];
        for needed in needed.iter().chain(&["[package.metadata.docs.rs]\nall-features = true\n"]) {
            assert!(manifest.contains(needed), "{name}/Cargo.toml has no {needed:?}");
        }
        for license in ["LICENSE-MIT", "LICENSE-APACHE"] {
            assert_eq!(read(folder.join(license)), read(root().join(license)), "{name}/{license}: link it");
        }
        let library = read(folder.join("src/lib.rs"));
        assert!(library.contains("include_str!(\"../README.md\")"), "the README of {name} is not tested");
    }
}

#[test]
fn every_readme_names_the_version_and_the_compiler() {
    let version = of_workspace("version");
    let (compatible, _) = version.rsplit_once('.').unwrap();
    let compiler = format!("Needs Rust {}.", of_workspace("rust-version"));
    for (name, folder, _) in published() {
        let readme = read(folder.join("README.md"));
        let snippet = format!("dependencies]\n{name} = \"{compatible}\"\n");
        assert!(readme.contains(&snippet), "{name}/README.md has no {snippet:?}");
        assert!(readme.contains(&compiler), "{name}/README.md has no {compiler:?}");
    }
}

#[test]
fn every_pool_leads_to_the_guide() {
    for name in ["pool-mpsc", "pool-bounded", "pool-priority", "pool-stealing", "pool-fair"] {
        let library = read(root().join("crates").join(name).join("src/lib.rs"));
        assert!(library.contains("[guide](pool_core::guide)"), "{name}");
    }
}
