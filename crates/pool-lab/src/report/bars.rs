//! The plot of one group: a bar an engine, the fastest on top.

use crate::engine::Kind;
use crate::numbers::units;
use crate::report::axis::Scale;
use crate::report::model::{Entry, Group, Measured, Outcome, Task};
use crate::report::svg::{Anchor, Drawing, Plot, text_width, wrap};

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 16.0;
const ROW: f64 = 23.0;
const BAR: f64 = 13.0;
/// Room for `999 ns` and `12.3x` to the right of the bars.
const VALUES: f64 = 138.0;
const TIME_END: f64 = WIDTH - MARGIN - 62.0;
const RATIO_END: f64 = WIDTH - MARGIN;

/// The class that colours an engine.
pub(crate) fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Ours => "p-ours",
        Kind::Peer | Kind::Brought => "p-peer",
        Kind::Baseline => "p-base",
        Kind::External => "p-ext",
        Kind::NoPool => "p-none",
    }
}

pub(crate) fn name_class(kind: Kind) -> &'static str {
    if kind == Kind::Ours { "p-name-ours" } else { "p-name" }
}

/// Draws the group. `None` when nothing was measured. `operation` is what times are per.
pub(crate) fn plot(task: &Task, group: &Group, operation: &str) -> Option<Plot> {
    let rows: Vec<(&Entry, &Measured)> = group.measured().collect();
    if rows.is_empty() {
        return None;
    }
    let threads = format!("{} thread{}", group.threads, if group.threads == 1 { "" } else { "s" });
    let title = format!("{}, {threads}", task.title());
    let mut drawing = Drawing::new(format!("{title}: time per {operation} by engine"), WIDTH);
    let area = Area::new(&rows);
    drawing.text("p-title", Anchor::Start, MARGIN, 26.0, &title);
    drawing.text("p-sub", Anchor::Start, MARGIN, 44.0, &subtitle(&rows, operation, area.scale));
    legend(&mut drawing, &rows);
    area.grid(&mut drawing);
    for (i, (entry, measured)) in rows.iter().enumerate() {
        area.row(&mut drawing, i, entry, measured);
    }
    let bottom = area.notes(&mut drawing, group);
    Some(drawing.finish(bottom + MARGIN))
}

fn subtitle(rows: &[(&Entry, &Measured)], operation: &str, scale: Scale) -> String {
    let whisker = match rows.iter().all(|(_, measured)| measured.is_single || measured.spread.is_some()) {
        true => "whisker: 10th to 90th percentile of rounds",
        false => "whisker: 95 % interval of the median",
    };
    let log = if scale.is_log() { "; logarithmic scale, compare numbers and not lengths" } else { "" };
    format!("time per {operation}, less is better; {whisker}{log}")
}

/// The kinds of engines in the plot, at its upper right.
fn legend(drawing: &mut Drawing, rows: &[(&Entry, &Measured)]) {
    let mut x = WIDTH - MARGIN;
    for kind in [Kind::NoPool, Kind::External, Kind::Baseline, Kind::Brought, Kind::Peer, Kind::Ours] {
        if rows.iter().any(|(entry, _)| entry.kind == kind) {
            drawing.text("p-sub", Anchor::End, x, 25.0, kind.name());
            x -= text_width(kind.name()) * 0.8 + 14.0;
            drawing.rect(class(kind), x, 16.0, 10.0, 10.0);
            x -= 14.0;
        }
    }
}

/// Where the bars are.
struct Area {
    left: f64,
    right: f64,
    top: f64,
    rows: usize,
    scale: Scale,
}

impl Area {
    fn new(rows: &[(&Entry, &Measured)]) -> Self {
        let widest = rows.iter().map(|(entry, _)| text_width(&entry.engine)).fold(0.0, f64::max);
        let medians: Vec<f64> = rows.iter().map(|(_, measured)| measured.time.median).collect();
        // The price of plain calls is often next to nothing, and says nothing about how pools compare.
        let pools = rows.iter().filter(|(entry, _)| entry.kind.takes_rank());
        let shortest = pools.map(|(_, measured)| measured.time.median).next().unwrap_or(medians[0]);
        let scale = Scale::for_values(&medians, shortest, 0.0);
        let whiskers = rows.iter().filter(|(_, measured)| !scale.cuts(measured.time.median));
        let reach = whiskers.map(|(_, measured)| whisker(measured).1).fold(0.0, f64::max);
        Area {
            left: MARGIN + widest.clamp(70.0, 230.0) + 10.0,
            right: WIDTH - MARGIN - VALUES,
            top: 58.0,
            rows: rows.len(),
            scale: Scale::for_values(&medians, shortest, reach),
        }
    }

    fn x(&self, value: f64) -> f64 {
        self.left + self.scale.share(value) * (self.right - self.left)
    }

    fn bottom(&self) -> f64 {
        self.top + ROW * self.rows as f64
    }

    fn grid(&self, drawing: &mut Drawing) {
        let bottom = self.bottom();
        for tick in self.scale.ticks() {
            let x = self.x(tick);
            drawing.line("p-grid", (x, self.top), (x, bottom + 4.0));
            drawing.text("p-tick", Anchor::Middle, x, bottom + 17.0, &tick_text(tick));
        }
        drawing.line("p-axis", (self.left, self.top), (self.left, bottom));
    }

    fn row(&self, drawing: &mut Drawing, i: usize, entry: &Entry, measured: &Measured) {
        let middle = self.top + ROW * (i as f64 + 0.5);
        let (base, end) = (middle + 4.0, self.x(measured.time.median));
        drawing.text(name_class(entry.kind), Anchor::End, self.left - 8.0, base, &entry.engine);
        if self.scale.is_log() {
            // A bar's length would claim a proportion that a logarithm does not keep.
            drawing.line(&format!("{} p-stem", class(entry.kind)), (self.left, middle), (end, middle));
            drawing.circle(class(entry.kind), end, middle, 5.0);
        } else {
            drawing.rect(class(entry.kind), self.left, middle - BAR / 2.0, end - self.left, BAR);
        }
        if self.scale.cuts(measured.time.median) {
            self.break_mark(drawing, end, middle);
        } else {
            self.whisker(drawing, measured, middle);
        }
        let once = if measured.is_single { "n=1 " } else { "" };
        let time = format!("{once}{}", units::time(measured.time.median));
        drawing.text("p-value", Anchor::End, TIME_END, base, &time);
        let mark = if measured.tied && measured.rank == Some(1) { "= " } else { "" };
        let ratio = format!("{mark}{}", units::ratio(measured.ratio.median));
        drawing.text("p-ratio", Anchor::End, RATIO_END, base, &ratio);
    }

    /// Two gaps near the end of a bar that goes on beyond the axis.
    fn break_mark(&self, drawing: &mut Drawing, end: f64, middle: f64) {
        for x in [end - 18.0, end - 11.0] {
            drawing.line("p-break", (x - 3.0, middle + BAR / 2.0 + 2.0), (x + 3.0, middle - BAR / 2.0 - 2.0));
        }
    }

    /// One sample has no whisker: it would claim that nothing varies.
    fn whisker(&self, drawing: &mut Drawing, measured: &Measured, middle: f64) {
        if measured.is_single {
            return;
        }
        let (low, high) = whisker(measured);
        drawing.line("p-whisker", (self.x(low), middle), (self.x(high), middle));
        for x in [self.x(low), self.x(high)] {
            drawing.line("p-whisker", (x, middle - 3.0), (x, middle + 3.0));
        }
    }

    /// Who is not in the plot, and why. Returns the lower edge.
    fn notes(&self, drawing: &mut Drawing, group: &Group) -> f64 {
        let mut y = self.bottom() + 24.0;
        let mut write = |class: &str, text: String| {
            for line in wrap(&text, 118) {
                y += 15.0;
                drawing.text(class, Anchor::Start, MARGIN, y, &line);
            }
        };
        if group.pools().any(|(_, measured)| measured.tied && measured.rank == Some(1)) {
            write("p-note", "= equal to the fastest within 5 %, or undecided".to_owned());
        }
        if group.measured().any(|(_, measured)| self.scale.cuts(measured.time.median)) {
            write("p-note", "// the bar goes on: it is too long for this scale".to_owned());
        }
        if group.measured().any(|(_, measured)| measured.is_single) {
            write("p-note", "n=1: measured once, so how far to trust it is not known".to_owned());
        }
        for entry in &group.entries {
            if let Outcome::Failed(what) = &entry.outcome {
                write("p-note p-bad", format!("error: {}: {what}", entry.engine));
            }
        }
        let unable = group.entries.iter().filter(|entry| matches!(entry.outcome, Outcome::Unsupported(_)));
        let unable: Vec<&str> = unable.map(|entry| entry.engine.as_str()).collect();
        if !unable.is_empty() {
            write("p-note", format!("n/a: {}", unable.join(", ")));
        }
        y
    }
}

/// The ends of the whisker.
fn whisker(measured: &Measured) -> (f64, f64) {
    let around = measured.spread.unwrap_or(measured.time);
    (around.low, around.high)
}

/// A round number needs no trailing zeros: `50 ns`, `1.5 us`.
fn tick_text(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let unit = units::time_unit(value);
    // Three digits first: 0.1 added up three times is not 0.3.
    let number: f64 = units::three_digits(value / unit.nanoseconds).parse().unwrap_or(value);
    format!("{number} {}", unit.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::invented::{Sample, records};
    use crate::report::model::arrange;

    fn svg(samples: &[Sample]) -> Option<String> {
        let families = arrange(&records(samples));
        let task = &families[0].tasks[0];
        Some(plot(task, task.top(), "job")?.standalone())
    }

    #[test]
    fn bars_are_sorted_and_marked() {
        let svg = svg(&[
            Sample::time("spawn/a", "rayon", 300.0),
            Sample::time("spawn/a", "stealing", 50.0),
            Sample::unsupported("spawn/a", "chili"),
            Sample::error("spawn/a", "tokio", "lost <3> jobs"),
        ])
        .unwrap();
        assert!(svg.find(">stealing<").unwrap() < svg.find(">rayon<").unwrap());
        assert_eq!(svg.matches("<rect class=\"p-ours\"").count(), 2, "a bar and its legend");
        assert!(svg.contains(">n/a: chili<") && svg.contains(">error: tokio: lost &lt;3&gt; jobs<"), "{svg}");
        assert!(svg.contains(">6.00x<") && svg.contains(">50.0 ns<") && !svg.contains("logarithmic"));
    }

    #[test]
    fn a_wide_range_is_drawn_on_a_labelled_log_scale_without_bars() {
        let svg = svg(&[
            Sample::time("spawn/a", "rayon", 300.0),
            Sample::time("spawn/a", "thread-per-job", 30_000.0),
        ]);
        let svg = svg.unwrap();
        assert!(svg.contains("logarithmic scale"));
        assert_eq!(svg.matches("<circle").count(), 2);
    }

    #[test]
    fn an_outlier_is_cut_and_has_no_whisker() {
        let mut samples: Vec<Sample> =
            ["a", "b", "c", "d"].map(|engine| Sample::time("spawn/a", engine, 100.0)).to_vec();
        samples.push(Sample::time("spawn/a", "thread-per-job", 30_000.0));
        let svg = svg(&samples).unwrap();
        assert!(svg.contains("the bar goes on") && svg.contains(">30.0 us<") && !svg.contains("logarithmic"));
        assert_eq!((svg.matches("\"p-break\"").count(), svg.matches("\"p-whisker\"").count()), (2, 4 * 3));
    }

    #[test]
    fn ties_with_the_fastest_are_explained() {
        let tied = svg(&[
            Sample::time("spawn/a", "mpsc", 100.0),
            Sample::time("spawn/a", "rayon", 101.0),
            Sample::noise("spawn/a", "mpsc", 1.05),
        ]);
        assert!(tied.unwrap().contains(">= 1.01x<"));
    }

    #[test]
    fn one_sample_is_marked_and_has_no_whisker() {
        let spread = |engine| Sample::spread("spawn/a", engine, 90.0, 100.0, 110.0);
        let svg = svg(&[
            Sample::time("spawn/a", "mpsc", 100.0),
            spread("mpsc"),
            Sample::time("spawn/a", "rayon", 150.0).once(),
            spread("rayon"),
        ])
        .unwrap();
        assert!(svg.contains(">n=1 150 ns<") && svg.contains(">n=1: measured once"), "{svg}");
        assert_eq!(svg.matches("\"p-whisker\"").count(), 3, "{svg}");
        assert!(svg.contains("10th to 90th percentile"), "{svg}");
    }

    #[test]
    fn nothing_measured_is_no_plot() {
        assert!(svg(&[Sample::unsupported("spawn/a", "chili")]).is_none());
    }

    #[test]
    fn ticks_have_no_trailing_zeros() {
        assert_eq!(tick_text(0.1 + 0.2), "0.3 ns");
        assert_eq!(tick_text(1_500.0), "1.5 us");
    }
}
