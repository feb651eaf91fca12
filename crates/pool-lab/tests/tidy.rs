//! What the code map of the README promises, checked on the sources.

mod support {
    pub mod imports;
}

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pool_lab::engine::{Kind, MadeOf};
use pool_lab::engines;
use pool_lab::report::{self, markers};
use pool_lab::workloads;

use self::support::imports::{Crate, circles};

/// A file with more lines of code, prose not counted, has two subjects.
const LONGEST_FILE: usize = 400;

/// The one crate that may depend on peers.
const BAROMETER: &str = "pool-lab";

/// Crates that run a peer's programs on these pools, and the peer.
const BRIDGES: &[(&str, &str)] = &[("pool-orx", "orx-parallel")];

/// The crates in which no two files, and no two folders, import each other, not even by way of others. What an import is
/// says [`support::imports`].
const WITHOUT_CIRCLES: &[&str] = &[
    BAROMETER,
    "benches",
    "pool-core",
    "pool-bounded",
    "pool-mpsc",
    "pool-priority",
    "pool-stealing",
    "pool-fair",
    "pool-tracing",
    "pool-metrics",
    "pool-orx",
    "pool-future",
    "pool-advice",
];

/// The crates that have unsafe code; all others forbid it.
const WITH_UNSAFE: [&str; 4] = ["pool-core", "pool-stealing", "rayon-core", BAROMETER];

/// A workspace of its own, with lints of its own, whose tests run the real rayon.
const OWN_WORKSPACE: &str = "rayon-core";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/pool-lab").to_owned()
}

fn crates() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let mut crates: Vec<PathBuf> = folders.filter(|folder| folder.join("Cargo.toml").is_file()).collect();
    crates.sort();
    crates
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// All Rust files below a folder, but for what Cargo builds there for a crate outside the workspace.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let is_built = name(&path) == "target";
            found.extend(if is_built { Vec::new() } else { sources(&path) });
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_file_has_two_subjects() {
    let files: Vec<PathBuf> = crates().iter().flat_map(|folder| sources(folder)).collect();
    assert!(files.len() > 100, "the sources are where this test looks for them");
    let lines = |path: &PathBuf| lines_of_code(&fs::read_to_string(path).unwrap());
    let long: Vec<(usize, &PathBuf)> =
        files.iter().map(|path| (lines(path), path)).filter(|(lines, _)| *lines > LONGEST_FILE).collect();
    assert!(long.is_empty(), "more than {LONGEST_FILE} lines of code: {long:?}");
}

fn lines_of_code(source: &str) -> usize {
    source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn only_the_barometer_knows_peers() {
    let peers = engines::rows().iter().map(|row| &row.engine).filter(|engine| engine.kind == Kind::Peer);
    let package = |made_of| if let MadeOf::Package(package) = made_of { Some(package) } else { None };
    let peers: BTreeSet<&str> = peers.filter_map(|engine| package(engine.made_of)).collect();
    assert!(peers.contains("rayon") && peers.len() > 3, "{peers:?}");
    for folder in crates().iter().filter(|folder| ![BAROMETER, OWN_WORKSPACE].contains(&name(folder))) {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let bridge = BRIDGES.iter().find(|(bridge, _)| *bridge == name(folder)).map(|(_, peer)| *peer);
        // A test may await one crate's handle in another's executor.
        let used = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for peer in peers.iter().filter(|peer| bridge != Some(**peer)) {
            let depends = used.lines().any(|line| line.starts_with(peer));
            assert!(!depends, "{} depends on {peer}", folder.display());
        }
    }
}

#[test]
fn crates_without_unsafe_code_forbid_it() {
    for folder in crates().iter().filter(|folder| !WITH_UNSAFE.contains(&name(folder))) {
        let library = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        assert!(library.contains("#![forbid(unsafe_code)]"), "{}", folder.display());
    }
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    let members = crates().into_iter().filter(|folder| name(folder) != OWN_WORKSPACE);
    for folder in members.chain([root().join("benches")]) {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", folder.display());
    }
}

/// `cargo fmt` formats what it finds by `mod` items, and not the files that a macro's table declares.
#[test]
fn every_file_is_formatted() {
    let root = root();
    let files = ["crates", "benches"].map(|folder| sources(&root.join(folder))).concat();
    let config = ["--edition", "2024", "--config-path"];
    let mut rustfmt = Command::new("rustfmt");
    match rustfmt.args(["--check", "-l"]).args(config).arg(&root).args(&files).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "run `rustfmt {} .` on: {said}", config.join(" "));
        }
        Err(error) => println!("rustfmt is not installed, so nothing is checked: {error}"),
    }
}

#[test]
fn a_file_is_where_its_module_is() {
    for folder in crates().iter().filter(|folder| WITHOUT_CIRCLES.contains(&name(folder))) {
        for file in sources(&folder.join("src")) {
            let is_moved =
                fs::read_to_string(&file).unwrap().lines().any(|line| line.trim().starts_with("#[path"));
            assert!(!is_moved, "{}", file.display());
        }
    }
}

#[test]
fn an_engine_or_a_workload_is_in_the_file_of_its_name() {
    let engines = engines::rows().iter().map(|row| ("engines", row.engine.name));
    let workloads = workloads::rows().iter().map(|row| ("workloads", row.about.name));
    for (folder, name) in engines.chain(workloads) {
        let file = format!("src/{folder}/{}.rs", name.replace(['/', '-'], "_"));
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).is_file(), "{name} is not in {file}");
    }
}

#[test]
fn the_methodology_has_the_engines_that_are_no_pools() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("METHODOLOGY.md")).unwrap();
    let (begin, end) = markers::NO_POOLS;
    let now = markers::replace(&text, begin, end, &report::no_pools()).unwrap();
    assert_eq!(text, now, "`pool-lab report` writes it");
}

/// The circles between files, and between folders, of a crate.
fn circles_of(folder: &Path) -> Vec<Vec<String>> {
    let library = Crate::read(&folder.join("src"));
    assert!(library.imports().contains_key("lib"), "{}", folder.display());
    [circles(&library.imports()), circles(&library.rooms())].concat()
}

#[test]
fn imports_run_one_way() {
    for folder in WITHOUT_CIRCLES {
        let found = [root().join("crates"), root()].map(|parent| parent.join(folder));
        let folder = found.iter().find(|folder| folder.is_dir()).expect("a crate of this workspace");
        let circles = circles_of(folder);
        assert!(circles.is_empty(), "{}: these import each other: {circles:#?}", folder.display());
    }
}

/// Of the crates that may have circles: `cargo test -p pool-lab --test tidy -- --ignored --nocapture circles`.
#[test]
#[ignore = "it shows what is there"]
fn circles_of_other_crates() {
    for folder in crates().iter().filter(|folder| !WITHOUT_CIRCLES.contains(&name(folder))) {
        let circles = circles_of(folder);
        println!("{}: {} circles", name(folder), circles.len());
        circles.iter().for_each(|circle| println!("    {}", circle.join(", ")));
    }
}

/// What each of these invented files imports.
fn imports(files: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<String>> {
    let module = |path: &str| path.split('/').filter(|part| *part != "lib").map(str::to_owned).collect();
    Crate::new(files.iter().map(|(path, text)| (module(path), *text))).imports()
}

#[test]
fn imports_are_found_where_things_are_defined() {
    let found = imports(&[
        ("lib", "pub mod a; mod b; pub use a::inner::Deep;"),
        (
            "a",
            "pub mod inner; pub use inner::{Deep as Renamed, Other};\nuse crate::b;\nfn f() { b::g(); inner::h() }",
        ),
        (
            "a/inner",
            "use super::super::b::{self, x::{Y, Z}}; // use crate::a;\nconst T: &str = \"crate::a::f\";",
        ),
        ("b", "fn g() { crate::a::Renamed; crate::Deep }\n#[cfg(test)]\nmod tests { use crate::a::f; }"),
    ]);
    let of = |file: &str| found[file].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("lib"), [""; 0]);
    assert_eq!(of("a"), ["a/inner", "b"]);
    assert_eq!(of("a/inner"), ["b"]);
    assert_eq!(of("b"), ["a/inner"]);
    assert_eq!(circles(&found), [["a/inner", "b"]]);
}

#[test]
fn a_table_imports_what_it_lists_and_an_inner_module_is_no_file() {
    let found = imports(&[
        ("lib", "mod list; mod other;"),
        ("list", "table! { mod row; }\nmod inner { use super::X; fn f() { super::super::other::y } }"),
        ("list/row", "use super::list::Nothing;\nuse crate::list::find;"),
        ("other", ""),
    ]);
    let of = |file: &str| found[file].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("list"), ["list/row", "other"]);
    assert_eq!(circles(&found), [["list", "list/row"]]);
}
