//! The records as `report.html` carries them, for its scripts.
//!
//! One JSON object. Names are written once, in lists, and meant by their place in these:
//!
//! ```text
//! engines    [name, kind, file of its records]
//! metrics    [name, title of the column or "", unit, [how the column writes 0, and 1]]
//! notes      texts
//! workloads  [name, title, family, what it models, what an operation is, anchor]
//! machines   {title, path, groups}
//! again      the commands that measure a group, and an engine of it, again: {workload}, {engine} and {threads} stand for words
//! group      [workload, threads, noise, entries]
//! entry      [engine, verdict, ratio, low, high, rank or 0, records]
//! record     [metric, median, samples], or with low and high after these where they differ; a note is last
//! ```
//!
//! A verdict is the word of it against the fastest pool, `error`, or `n/a`. Numbers have four digits; all of them are in the
//! files of the records.

use serde_json::{Value, json};

use crate::metric::Metric;
use crate::numbers::stats;
use crate::record::{self, Record};
use crate::report::model::{Entry, Group, Measured, Outcome};
use crate::report::view::View;
use crate::{command, engines, metrics};

/// The object, which may stand in a `script` element: there is no `<` in it.
pub(crate) fn json(views: &[View]) -> String {
    let mut lists = Lists::default();
    let machines: Vec<Value> = views.iter().map(|view| machine(view, &mut lists)).collect();
    let engine = |name: &String| json!([name, engines::kind_of(name).name(), record::file_name(name)]);
    let metric = |metric: &&'static Metric| {
        let (title, written) = match &metric.column {
            Some(column) => (column.title, [0.0, 1.0].map(column.write)),
            None => ("", ["0", "1"].map(str::to_owned)),
        };
        json!([metric.name, title, metric.unit.name(), written])
    };
    let again = [None, Some("{engine}")].map(|engine| command::measure("{workload}", engine, "{threads}"));
    let data = json!({
        "engines": lists.engines.iter().map(engine).collect::<Vec<_>>(),
        "metrics": metrics::ALL.iter().map(metric).collect::<Vec<_>>(),
        "notes": lists.notes,
        "workloads": lists.workloads.iter().map(|(_, described)| described).collect::<Vec<_>>(),
        "machines": machines,
        "again": again,
    });
    data.to_string().replace('<', "\\u003c")
}

/// The lists that grow while groups are written.
#[derive(Default)]
struct Lists {
    engines: Vec<String>,
    notes: Vec<String>,
    workloads: Vec<(String, Value)>,
}

/// The place of a text in a list, at the end of which it is put if need be.
fn place(list: &mut Vec<String>, text: &str) -> usize {
    list.iter().position(|known| known == text).unwrap_or_else(|| {
        list.push(text.to_owned());
        list.len() - 1
    })
}

fn machine(view: &View, lists: &mut Lists) -> Value {
    let mut groups = Vec::new();
    for (family, task, _) in view.tasks() {
        let name = task.name();
        let workload = lists.workloads.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            let (models, operation) =
                (view.captions.models(&task.workload), view.captions.operation(&task.workload));
            let described = json!([name, task.title(), family.name, models, operation, task.anchor()]);
            lists.workloads.push((name, described));
            lists.workloads.len() - 1
        });
        groups.extend(task.groups.iter().map(|of| group(workload, of, lists)));
    }
    json!({ "title": view.title(), "path": view.run.path, "groups": groups })
}

fn group(workload: usize, group: &Group, lists: &mut Lists) -> Value {
    let entries: Vec<Value> = group.entries.iter().map(|of| entry(of, lists)).collect();
    let noise = group.noise.map_or(0.0, stats::noise_factor);
    json!([workload, group.threads, number(noise), entries])
}

fn entry(entry: &Entry, lists: &mut Lists) -> Value {
    let records: Vec<Value> = entry.records.iter().map(|of| record(of, lists)).collect();
    let engine = place(&mut lists.engines, &entry.engine);
    match &entry.outcome {
        Outcome::Measured(measured) => {
            let Measured { ratio, rank, verdict, .. } = &**measured;
            let [middle, low, high] = [ratio.median, ratio.low, ratio.high].map(number);
            json!([engine, verdict.word(), middle, low, high, rank.unwrap_or(0), records])
        }
        Outcome::Failed(_) => json!([engine, "error", 0, 0, 0, 0, records]),
        Outcome::Unsupported(_) => json!([engine, "n/a", 0, 0, 0, 0, records]),
    }
}

fn record(record: &Record, lists: &mut Lists) -> Value {
    let metric = metrics::ALL.iter().position(|metric| *metric == record.metric).unwrap_or_default();
    let mut values = vec![json!(metric), number(record.median), json!(record.samples)];
    if record.low != record.high {
        values.extend([number(record.low), number(record.high)]);
    }
    if !record.note.is_empty() {
        values.push(json!(place(&mut lists.notes, &record.note)));
    }
    Value::Array(values)
}

/// Four digits, and whole numbers without a point.
fn number(value: f64) -> Value {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 { json!(rounded as i64) } else { json!(rounded) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Captions;
    use crate::report::invented::{self, Sample};

    #[test]
    fn it_is_json_and_has_every_record() {
        let samples = [
            Sample::time("spawn/external", "stealing", 50.0),
            Sample::spread("spawn/external", "stealing", 48.0, 50.0, 60.0),
            Sample::time("spawn/external", "stealing", 90.0).threads(1),
            Sample::time("spawn/external", "rayon", 250.126).once(),
            Sample::unsupported("spawn/external", "chili"),
            Sample::error("latency/ping", "</script>", "<b>lost</b>").variant("gap=0"),
        ];
        let run = invented::run("zeta", true, &samples);
        let captions = Captions::default();
        let views = [View::new(&run, &captions), View::new(&run, &captions)];
        let text = json(&views);
        assert!(!text.contains('<'), "{text}");
        let data: Value = serde_json::from_str(&text).unwrap();
        let groups = data["machines"][1]["groups"].as_array().unwrap();
        let entries: Vec<&Value> = groups.iter().flat_map(|group| group[3].as_array().unwrap()).collect();
        let records = entries.iter().flat_map(|entry| entry[6].as_array().unwrap()).count();
        assert_eq!((groups.len(), entries.len(), records), (3, 5, samples.len()));
        assert_eq!(data["again"][1], "cargo run --release -- measure -w {workload} -p {engine} -t {threads}");
        assert_eq!(data["workloads"][0][0], "spawn/external");
        assert_eq!(data["workloads"][1][1], "latency/ping (gap=0)");
        assert_eq!(data["notes"], json!(["it has no such thing", "<b>lost</b>"]));
        let verdicts: Vec<&str> = entries.iter().map(|entry| entry[1].as_str().unwrap()).collect();
        assert_eq!(verdicts, ["equal", "equal", "n=1", "n/a", "error"]);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [28.52943, 1.0, 1_234_567.0, 0.000_027_49].map(number).map(|n| n.to_string()),
            ["28.53", "1", "1235000", "0.00002749"]
        );
    }
}
