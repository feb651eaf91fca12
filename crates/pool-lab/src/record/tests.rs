use std::fs;

use super::*;
use crate::metrics;
use crate::system::scratch::Scratch;

fn subject(engine: &str) -> Subject {
    Subject::new("spawn/external", "", engine, "0.1.0", 2)
}

fn estimate(median: f64) -> Estimate {
    Estimate { median, low: median * 0.5, high: median * 2.0 }
}

#[test]
fn json_has_the_promised_keys_in_a_stable_order() {
    let json = subject("stealing").record(&metrics::TIME_PER_OP, estimate(51.25), 15).to_json();
    assert_eq!(
        json,
        r#"{"workload":"spawn/external","variant":"","engine":"stealing","version":"0.1.0","threads":2,"#
            .to_owned()
            + r#""metric":"time_per_op","unit":"ns","median":51.25,"low":25.625,"high":102.5,"samples":15,"note":""}"#
    );
}

#[test]
fn csv_round_trips_one_file_an_engine() {
    let scratch = Scratch::new();
    let records = [
        subject("bounded:capacity=64").record(&metrics::TIME_PER_OP, estimate(1234.56), 15),
        subject("bounded:capacity=64").error("wrong, \"very\" wrong\nand on two lines"),
        subject("rayon").relative(estimate(3.5), 15, "stealing"),
        subject("chili").unsupported("fork-join only"),
    ];
    let paths = write_by_engine(scratch.path(), &records).unwrap();
    let names: Vec<_> = paths.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["bounded_capacity-64.csv", "chili.csv", "rayon.csv"]);
    assert_eq!(read_csv(&paths[0]).unwrap(), records[..2]);
    assert_eq!(read_csv(&paths[1]).unwrap(), records[3..]);
    assert_eq!(read_csv(&paths[2]).unwrap(), records[2..3]);
    let text = fs::read_to_string(&paths[2]).unwrap();
    assert_eq!(text.lines().next().unwrap(), Record::COLUMNS.join(","));
}

#[test]
fn json_lines_round_trip() {
    let scratch = Scratch::new();
    let path = scratch.path().join("records.jsonl");
    let records = [subject("a").record(&metrics::SPREAD, estimate(7.0), 3), subject("b").error("late")];
    let text: String = records.iter().map(|r| r.to_json() + "\n").collect();
    fs::write(&path, text + "\n").unwrap();
    assert_eq!(read_json_lines(&path).unwrap(), records);
}

#[test]
fn engines_whose_file_names_collide_share_a_file() {
    let scratch = Scratch::new();
    let records = [subject("a:b").error("x"), subject("a_b").error("y")];
    let paths = write_by_engine(scratch.path(), &records).unwrap();
    assert_eq!(paths.len(), 1);
    assert_eq!(read_csv(&paths[0]).unwrap(), records);
}

#[test]
fn numbers_are_written_with_six_digits() {
    assert_eq!(round_to_six_digits(1.0 / 3.0), 0.333333);
    assert_eq!(round_to_six_digits(123_456_789.0), 123_457_000.0);
    assert_eq!(round_to_six_digits(0.0), 0.0);
}

#[test]
fn a_file_without_records_is_an_error() {
    let scratch = Scratch::new();
    let path = scratch.path().join("empty.csv");
    let message = |error: RecordError| {
        let text = error.to_string();
        text[text.find("empty").unwrap()..].to_owned()
    };
    let remedy = "remove it, and measure again, or go on with --resume: what was in it is made anew";
    for text in [String::new(), Record::COLUMNS.join(",") + "\n"] {
        fs::write(&path, text).unwrap();
        let expected = format!("empty.csv is cut short (line 1): {remedy}");
        assert_eq!(message(read_csv(&path).unwrap_err()), expected);
    }
    let path = scratch.path().join("empty.jsonl");
    fs::write(&path, "\n\n").unwrap();
    assert_eq!(
        message(read_json_lines(&path).unwrap_err()),
        "empty.jsonl:1: there are no records in this file"
    );
}

/// Reads a CSV file with one good row and then `row`, and returns the error's text after the folder.
fn error_of(row: &str) -> String {
    let scratch = Scratch::new();
    let path = scratch.path().join("bad.csv");
    let good = "spawn/external,,rayon,1.12,2,time_per_op,ns,2,1,3,15,";
    fs::write(&path, format!("{}\n{good}\n{row}\n", Record::COLUMNS.join(","))).unwrap();
    let text = read_csv(&path).unwrap_err().to_string();
    text[text.find("bad.csv").unwrap()..].to_owned()
}

#[test]
fn bad_rows_name_file_line_and_column() {
    let cases = [
        ("w,,e,1,2,time_per_op,ns,fast,1,3,15,", "bad.csv:3: median must be a number, not `fast`"),
        ("w,,e,1,2,time_per_op,ns,2,1,NaN,15,", "bad.csv:3: median, low and high must be finite"),
        ("w,,e,1,2,time_per_op,ns,2,3,4,15,", "bad.csv:3: 3 <= 2 <= 4 does not hold"),
        ("w,,e,1,2,time_per_op,ns,-2,-3,-1,15,", "bad.csv:3: time_per_op must not be negative"),
        ("w,,e,1,2,cpu_per_op,ns,2,-1,3,15,", "bad.csv:3: cpu_per_op must not be negative"),
        ("w,,e,1,2,time_per_op,ns,inf,1,inf,15,", "bad.csv:3: median, low and high must be finite"),
        ("w,,e,1,2,time_per_op,ns,nan,nan,nan,15,", "bad.csv:3: median, low and high must be finite"),
        ("w,,e,1,2,time_per_op,ms,2,1,3,15,", "bad.csv:3: the unit of time_per_op is `ns`, not `ms`"),
        ("w,,e,1,2,time_per_op,ns,2,1,3,0,", "bad.csv:3: time_per_op without a sample"),
        ("w,,e,1,0,time_per_op,ns,2,1,3,15,", "bad.csv:3: there must be at least 1 thread"),
        ("w,,e,1,-2,time_per_op,ns,2,1,3,15,", "bad.csv:3: threads must be a whole number, not `-2`"),
        (",,e,1,2,time_per_op,ns,2,1,4,15,", "bad.csv:3: the workload and the engine must be named"),
    ];
    for (row, expected) in cases {
        assert_eq!(error_of(row), expected);
    }
    let unknown = error_of("w,,e,1,2,speed,ns,2,1,3,15,");
    let expected = "bad.csv:3: unknown metric `speed`; did you mean `spread`? a newer pool-lab";
    assert!(unknown.starts_with(expected), "{unknown}");
    assert!(
        error_of("w,,e").starts_with("bad.csv:3: here are 3 fields, and 12 columns"),
        "{}",
        error_of("w,,e")
    );
    let header = error_of(&Record::COLUMNS.join(","));
    assert_eq!(header, "bad.csv:3: here is the header again; remove this line");
}

/// Wherever a file ends but at the end of a record, it is known that it was longer.
#[test]
fn a_file_that_was_cut_is_told_from_a_whole_one() {
    let scratch = Scratch::new();
    let path = scratch.path().join("rayon.csv");
    let noted = subject("rayon").error("on \"two\"\nlines");
    write_csv(&path, &[noted, subject("rayon").record(&metrics::TIME_PER_OP, estimate(7.0), 15)]).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    let first_ends = whole.rfind("spawn").unwrap();
    for end in (0..whole.len()).filter(|end| *end != first_ends) {
        fs::write(&path, &whole[..end]).unwrap();
        let error = read_csv(&path).expect_err(&whole[..end]);
        assert!(matches!(error, RecordError::CutShort { .. }), "{end}: {error}");
    }
    fs::write(&path, &whole[..first_ends]).unwrap();
    assert_eq!(read_csv(&path).unwrap().len(), 1, "nothing tells that there was a second one");
}

#[test]
fn a_missing_column_and_a_missing_file_are_errors() {
    let scratch = Scratch::new();
    let path = scratch.path().join("bad.csv");
    fs::write(&path, "workload,engine\nw,e\n").unwrap();
    let text = read_csv(&path).unwrap_err().to_string();
    assert!(text.contains("bad.csv:1: the column `version` is missing; remove the file"), "{text}");
    assert!(matches!(read_csv(&scratch.path().join("none.csv")), Err(RecordError::Io { .. })));
}

#[test]
fn a_bad_json_line_names_its_line() {
    let scratch = Scratch::new();
    let path = scratch.path().join("bad.jsonl");
    fs::write(&path, subject("a").error("x").to_json() + "\n{}\n").unwrap();
    let text = read_json_lines(&path).unwrap_err().to_string();
    assert!(text.contains("bad.jsonl:2: missing field `workload`"), "{text}");
    fs::write(&path, subject("a").error("x").to_json() + "\n{\"work").unwrap();
    let text = read_json_lines(&path).unwrap_err().to_string();
    assert!(text.contains("bad.jsonl is cut short (line 2)"), "{text}");
}
