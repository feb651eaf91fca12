//! `advise`.

use super::*;

#[test]
fn a_load_is_followed_by_advice() {
    for (arguments, load) in [
        (
            "advise -p mpsc:2 --share-of-sleep 90 --job 500us --seconds 1",
            "2400.0 jobs a second of 500 us, 90 % sleep",
        ),
        ("advise -p bounded:2 -w io/sleep:jobs=20 --seconds 1", "io/sleep:jobs=20"),
    ] {
        let output = pool_lab(arguments);
        assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
        let said = text(&output.stdout);
        assert!(said.starts_with(load), "{said}");
        for part in ["Of 2 workers on ", "Waits to be expected", " Advice: ", "8 workers"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(said.contains("A job is blocked for"), cfg!(target_os = "linux"), "{said}");
    }
}

#[test]
fn advice_is_put_to_the_test_and_written_down() {
    let folder = Folder::new("advice");
    let output = pool_lab(&format!("advise --check --budget 3 --out {}", folder.0.display()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert_eq!(said.lines().count(), 5, "{said}");
    let csv = fs::read_to_string(folder.0.join("advice.csv")).unwrap();
    assert!(csv.starts_with("sleep,at,threads,"), "{csv}");
    let markdown = fs::read_to_string(folder.0.join("advice.md")).unwrap();
    assert_eq!(markdown.matches("Recommended: ").count(), 6, "{markdown}");
    assert!(said.lines().all(|line| markdown.contains(line)), "{markdown}");
}
