use super::*;
use crate::metrics;
use crate::system::scratch::Scratch;
use invented::Sample;

fn samples() -> Vec<Sample> {
    vec![
        Sample::time("spawn/external", "stealing", 50.0),
        Sample::spread("spawn/external", "stealing", 48.0, 50.0, 60.0),
        Sample::time("spawn/external", "stealing", 90.0).threads(1),
        Sample::metric("spawn/external", "stealing", &metrics::CPU_PER_OP, 95.0),
        Sample::time("spawn/external", "rayon", 250.0),
        Sample::time("spawn/external", "rayon", 260.0).threads(1),
        Sample::time("spawn/external", "bounded:capacity=64", 51.0),
        Sample::noise("spawn/external", "stealing", 1.04),
        Sample::unsupported("spawn/external", "chili"),
        Sample::error("spawn/external", "evil|<script>alert(1)</script>", "it said <b>no</b> | \"never\""),
        Sample::time("latency/ping", "stealing", 12_000.0).variant("gap=200us"),
        Sample::time("latency/ping", "rayon", 9_000.0).variant("gap=200us"),
        Sample::time("join/fib", "stealing", 3.0),
        Sample::time("join/fib", "chili", 6.0),
        Sample::time("join/fib", "serial", 1.5),
    ]
}

fn captions() -> Captions {
    let caption = |models: &str, operation: &str| Caption {
        models: models.to_owned(),
        operation: operation.to_owned(),
    };
    [("spawn/external".to_owned(), caption("a burst of <tiny> jobs", "job"))].into_iter().collect()
}

/// Two machines in a folder: the reference, and one's own, which comes first.
fn results() -> Scratch {
    let scratch = Scratch::new();
    let records = invented::records(&samples());
    write(scratch.path(), &invented::machine("zeta"), &records, Role::Reference, &captions()).unwrap();
    let fewer = &records[..5];
    write(scratch.path(), &invented::machine("alpha"), fewer, Role::Own, &captions()).unwrap();
    scratch
}

fn read(results: &Scratch, file: &str) -> String {
    fs::read_to_string(results.path().join(file)).unwrap()
}

/// Whether `parts` occur in this order.
fn in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let found = text[from..].find(part);
        from += found.unwrap_or_else(|| panic!("`{part}` is missing after:\n{}", &text[..from])) + part.len();
    }
}

#[test]
fn the_readme_begins_with_what_a_reader_wants_to_know() {
    let text = read(&results(), "README.md");
    in_order(
        &text,
        &[
            "# What pools cost",
            "- alpha (yours): ",
            "- zeta (reference): ",
            "## alpha (yours)",
            "## zeta (reference)",
            "3 workloads at 2 threads. One of our pools is faster than every peer in 2, equal to the fastest peer (within 5 %) in 0, \
             and slower than a peer in 1; 0 are undecided.",
            "Our widest lead: spawn/external, where stealing is 5.00x faster than rayon. Our widest lag: latency/ping \
             (gap=200us), where stealing is 1.33x slower than rayon.",
            "An engine measured against itself differed by up to 4.0 %",
            "Failed: evil\\|&lt;script&gt;alert(1)&lt;/script&gt; in spawn/external at 2 threads.",
            "2 cores cannot show how an engine scales",
            "This is a virtual machine",
            "| spawn | hand over many small independent jobs |",
            "### Workload by workload",
            "| spawn/external | 2 | stealing = bounded:capacity=64 | stealing 50.0 ns | rayon 250 ns | **5.00x faster** |",
            "| latency/ping (gap=200us) | 2 | rayon | stealing 12.0 us | rayon 9.00 us | 1.33x slower |",
            "### Overall: workloads that most",
            "### Overall: all workloads",
            "| 1 | **stealing** | 1.2.3 | ours | 1.10x | 3 of 3 | 2 | 0 |",
            "geometric mean",
            "### Family spawn",
            "<img src=\"zeta/plots/spawn-external-2t.svg\"",
            "<img src=\"zeta/plots/spawn-external-speedup.svg\"",
            "<img src=\"zeta/plots/spawn-external-1t.svg\"",
            "Again: `cargo run --release -- measure -w spawn/external -t 2`; one engine alone with `-p` and its name.",
            "| 1 (equal) | **stealing** | 50.0 ns | 49.5 to 50.5 ns | 1.00x | 95.0 ns |  |",
            "| - | evil\\|",
            "**it said &lt;b&gt;no&lt;/b&gt; \\| \"never\"; again: cargo run --release -- measure -w spawn/external -p 'evil\\|",
            "-t 2**",
            "| - | chili | n/a | - | - | - | it has no such thing |",
            "### Machine",
            "| processor | Example &lt;CPU&gt; &amp; Co |",
            "| kernel | absent |",
            "## Ours against the best peer, machine by machine",
            "### Where machines disagree about the winner",
            "Of 1 workloads that several machines have measured, they disagree about the winner in 0: ",
            "### Ratios to the fastest pool, machine by machine",
            "<details><summary>spawn</summary>",
            "| spawn/external | rayon | 5.00x | 5.00x |",
        ],
    );
}

#[test]
fn plots_that_are_shown_exist_and_stale_ones_go() {
    let scratch = results();
    let text = read(&scratch, "README.md");
    let shown: Vec<&str> =
        text.split("<img src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(shown.len(), 5 + 3, "{shown:?}");
    for file in shown {
        assert!(scratch.path().join(file).is_file(), "{file}");
    }
    let stale = scratch.path().join("alpha/plots/gone-2t.svg");
    fs::write(&stale, "").unwrap();
    rebuild(scratch.path(), &captions()).unwrap();
    assert!(!stale.exists());
}

/// What a browser shows without scripts, and the object that they read.
fn page_and_data(page: &str) -> (&str, serde_json::Value) {
    let (shown, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    (shown, serde_json::from_str(data).unwrap())
}

#[test]
fn the_page_is_self_contained_escaped_and_balanced() {
    let page = read(&results(), "report.html");
    let (shown, data) = page_and_data(&page);
    assert!(!page.contains("<script>alert") && !page.contains("<b>no") && !page.contains("<tiny>"));
    assert!(shown.contains("evil|&lt;script&gt;alert(1)&lt;/script&gt;"));
    for outside in [" src=", "url(", "@import", "href=\"http", "fetch(", "import("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("Copyright (c) 2022 Leon Sorokin"), "the library's licence comes along");
    for tag in ["section", "article", "table", "tr", "td", "details", "div", "p"] {
        let opened = shown.matches(&format!("<{tag}>")).count() + shown.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, shown.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    in_order(
        shown,
        &[
            "id=\"choose\"",
            "<td class=\"strong\">Many small jobs from outside</td><td class=\"ours\">stealing (ours); equal: bounded:capacity=64</td>",
            "<td>rayon, 5.00x slower in time</td><td>faster (over 1 of 2 workloads)</td><td>CPU 95.0 ns (1.00x)</td>",
            "<a href=\"#w-spawn-external\">",
            "id=\"map\"",
            "id=\"family-spawn\"",
            "id=\"w-spawn-external\"",
            "<p class=\"again\">Measure it again: <code>cargo run --release -- measure -w spawn/external -t 2</code></p>",
            "id=\"family-join\"",
            "id=\"machines\"",
            "machine by machine",
            "not measured",
            "Where machines disagree about the winner",
        ],
    );
    let titles: Vec<&str> = data["machines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|machine| machine["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["alpha (yours)", "zeta (reference)"]);
}

#[test]
fn every_workload_has_an_anchor_and_a_table_without_scripts() {
    let page = read(&results(), "report.html");
    let (shown, data) = page_and_data(&page);
    for workload in data["workloads"].as_array().unwrap() {
        let anchor = workload[5].as_str().unwrap();
        let (_, article) = shown.split_once(&format!("<article id=\"{anchor}\">")).unwrap();
        assert!(article[..article.find("</article>").unwrap()].contains("<table>"), "{anchor}");
    }
}

#[test]
fn one_machine_is_compared_with_none() {
    let run = invented::run("zeta", true, &samples());
    let captions = captions();
    let page = html::report(&[View::new(&run, &captions)]);
    assert!(!page.contains("machine by machine<") && !page.contains("The same on"));
}

#[test]
fn the_same_records_give_the_same_reports() {
    let scratch = results();
    let before = (read(&scratch, "README.md"), read(&scratch, "report.html"));
    let written = rebuild(scratch.path(), &captions()).unwrap();
    assert_eq!((read(&scratch, "README.md"), read(&scratch, "report.html")), before);
    assert_eq!(written.len(), 5 + 3 + 2);
}

#[test]
fn no_records_are_no_error() {
    let scratch = Scratch::new();
    rebuild(scratch.path(), &Captions::default()).unwrap();
    assert!(read(&scratch, "README.md").contains("There are no records yet."));
    write(scratch.path(), &invented::machine("m"), &[], Role::Own, &Captions::default()).unwrap();
    assert!(read(&scratch, "report.html").contains("There are no records yet."));
}

#[test]
fn a_bad_file_of_records_stops_the_report_and_is_named() {
    let scratch = results();
    fs::write(scratch.path().join("zeta/rayon.csv"), "workload\nx\n").unwrap();
    let text = rebuild(scratch.path(), &captions()).unwrap_err().to_string();
    assert!(text.contains("rayon.csv:1: the column `engine` is missing"), "{text}");
}

#[test]
fn the_compact_table_has_headlines_and_engines() {
    let run = invented::run("zeta", true, &samples());
    let table = readme_table(
        &run,
        &["spawn/external", "join/fib", "latency/ping:gap=200us", "latency/ping:gap=1s", "x/y"],
    );
    in_order(
        &table,
        &[
            "at most 2 threads",
            "Example &lt;CPU&gt; &amp; Co, 2 cores, Example OS 1, rustc 1.95.0, 2026-01-02",
            "| engine | spawn/external | join/fib | latency/ping (gap=200us) |\n",
            "| **bounded:capacity=64** | **51.0 ns (1.02x)** | - | - |\n",
            "| **stealing** | **50.0 ns (1.00x)** | **3.00 ns (1.00x)** | 12.0 us (1.33x) |\n",
            "| chili | n/a | 6.00 ns (2.00x) | - |\n",
            "| rayon | 250 ns (5.00x) | - | **9.00 us (1.00x)** |\n",
            "| serial | - | 1.50 ns (0.500x) | - |\n",
        ],
    );
    assert!(!table.contains("x/y"));
}

#[test]
fn one_sample_is_marked_and_never_bold_nor_faster_nor_slower() {
    let run = invented::run(
        "zeta",
        true,
        &[
            Sample::time("join/fib", "stealing", 3.0).once(),
            Sample::spread("join/fib", "stealing", 3.0, 3.0, 3.0),
            Sample::time("join/fib", "chili", 6.0),
            Sample::time("join/sort", "stealing", 9.0),
            Sample::time("join/sort", "chili", 6.0).once(),
            Sample::time("join/sort", "rayon", 18.0),
        ],
    );
    let captions = captions();
    let text = markdown::report(&[View::new(&run, &captions)]);
    in_order(
        &text,
        &[
            "faster than every peer in 0, equal to the fastest peer (within 5 %) in 0, and slower than a peer in 0; 0 are undecided. In 2 \
             the best of one side was measured once, which decides nothing.",
            "| join/fib | 2 | chili | stealing 3.00 ns (n=1) | chili 6.00 ns | n=1 |",
            "| join/sort | 2 | stealing | stealing 9.00 ns | chili 6.00 ns (n=1) | n=1 |",
            "| - | **stealing** | 3.00 ns (n=1) | - | 0.500x |",
            "| 1 | chili | 6.00 ns | 5.94 to 6.06 ns | 1.00x |",
        ],
    );
    let table = readme_table(&run, &["join/fib", "join/sort"]);
    assert!(table.contains("| **stealing** | 3.00 ns (0.500x, n=1) | **9.00 ns (1.00x)** |"), "{table}");
    assert!(table.contains("| chili | **6.00 ns (1.00x)** | 6.00 ns (0.667x, n=1) |"), "{table}");
}

#[test]
fn a_latency_that_is_bought_with_processor_time_is_marked() {
    let ping = |engine: &str, latency: f64, cpu: f64| {
        [
            Sample::time("latency/ping", engine, latency),
            Sample::metric("latency/ping", engine, &metrics::LATENCY_P50, latency),
            Sample::metric("latency/ping", engine, &metrics::CPU_PER_OP, cpu),
        ]
    };
    let samples = [ping("stealing", 1e3, 50e3), ping("rayon", 2e3, 10e3), ping("tokio", 3e3, 90e3)];
    let run = invented::run("zeta", true, samples.as_flattened());
    let captions = captions();
    let text = markdown::report(&[View::new(&run, &captions)]);
    assert_eq!(text.matches("50.0 us (bought)").count(), 1, "{text}");
    assert_eq!(text.matches("(bought)").count(), 1, "the slowest has nothing for its processor time");
}

#[test]
fn a_folder_of_records_has_a_report_of_its_own() {
    let scratch = Scratch::new();
    results::save(scratch.path(), &invented::machine("zeta"), &invented::records(&samples()), Role::Own)
        .unwrap();
    let folder = scratch.path().join("zeta");
    let written = rebuild_one(&folder, &captions()).unwrap();
    assert_eq!(written.len(), 5 + 2);
    assert!(written.iter().all(|path| path.is_file() && path.starts_with(&folder)), "{written:?}");
    let text = fs::read_to_string(folder.join("report.md")).unwrap();
    in_order(&text, &["## zeta", "<img src=\"./plots/spawn-external-2t.svg\""]);
}

#[test]
fn a_run_that_was_cut_off_comes_first_and_says_so() {
    let mut run = invented::run("zeta.unfinished", false, &samples());
    run.unfinished = Some((3, 85));
    let captions = captions();
    assert!(
        markdown::report(&[View::new(&run, &captions)]).contains("## this run, unfinished: 3 of 85 groups\n")
    );
}

#[test]
fn the_readme_quotes_the_reference_between_its_markers() {
    let scratch = results();
    let readme = scratch.path().join("TOP.md");
    fs::write(
        &readme,
        format!("above\n\n{}\nOUTDATED\n{}\n\nbelow\n", markers::RESULTS.0, markers::RESULTS.1),
    )
    .unwrap();
    update_readme(&readme, scratch.path(), &["join/fib"]).unwrap();
    let text = fs::read_to_string(&readme).unwrap();
    assert!(
        text.starts_with("above\n") && text.ends_with("\nbelow\n") && !text.contains("OUTDATED"),
        "{text}"
    );
    assert!(text.contains("| **stealing** | **3.00 ns (1.00x)** |"), "{text}");
    fs::write(&readme, "no markers").unwrap();
    let error = update_readme(&readme, scratch.path(), &[""; 0]).unwrap_err();
    assert!(matches!(error, ReportError::Marker { .. }), "{error}");
}

#[test]
fn a_run_ends_with_three_sentences_and_says_when_the_machine_was_too_busy() {
    let scratch = results();
    let quiet = ending(&scratch.path().join("zeta")).unwrap();
    assert_eq!(
        quiet,
        [
            "Of 3 workloads one of our pools is faster than every peer in 2, equal to the fastest peer in 0 and slower than a peer in 1; \
             0 are undecided.",
            "Our widest lead: spawn/external, where stealing is 5.00x faster than rayon.",
            "Our widest lag: latency/ping (gap=200us), where stealing is 1.33x slower than rayon.",
        ]
    );
    let disturbed = [
        Sample::time("join/fib", "stealing", 3.0).between(2.0, 8.0),
        Sample::metric("join/fib", "stealing", &metrics::DISTURBED, 0.5),
        Sample::time("join/fib", "chili", 4.0).between(2.0, 8.0),
    ];
    let records = invented::records(&disturbed);
    write(scratch.path(), &invented::machine("busy"), &records, Role::Own, &captions()).unwrap();
    let busy = ending(&scratch.path().join("busy")).unwrap();
    assert_eq!(
        busy[1..],
        [
            "The machine was too busy to decide more: 1 of 1 workloads are open, and 50.0 % of the samples were disturbed. Run it \
          again when nothing else runs."
        ]
    );
}
