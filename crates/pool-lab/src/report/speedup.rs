//! The plot of one workload by thread count: how many times as fast as with the fewest threads.

use crate::engine::Kind;
use crate::numbers::units;
use crate::report::axis::Scale;
use crate::report::bars::{class, name_class};
use crate::report::model::{Entry, Group, Measured, Task};
use crate::report::svg::{Anchor, Drawing, Plot, text_width};
use crate::workload::Family;

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 16.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 62.0;
/// Between the base lines of two names.
const NAME_HEIGHT: f64 = 14.5;

/// An engine's line: its speed-up at each thread count, as far as it was measured.
struct Line {
    engine: String,
    kind: Kind,
    /// Index of the thread count, and the speed-up.
    points: Vec<(usize, f64)>,
}

/// Draws the speed-up. `None` for fewer than two thread counts or engines without both, and for families in which more
/// threads are not meant to make an operation faster.
pub(crate) fn plot(task: &Task) -> Option<Plot> {
    if Family::of(&task.workload).is_some_and(|family| !family.speeds_up) {
        return None;
    }
    let threads: Vec<usize> = task.groups.iter().map(|group| group.threads).collect();
    let mut lines = lines(task);
    if threads.len() < 2 || lines.is_empty() {
        return None;
    }
    // The peers are drawn first, so that ours lie on top.
    lines.sort_by_key(|line| std::cmp::Reverse(line.kind));
    let title = format!("{}: speed-up by thread count", task.title());
    let mut drawing = Drawing::new(title.as_str(), WIDTH);
    drawing.text("p-title", Anchor::Start, MARGIN, 26.0, &title);
    let sub = format!(
        "times as fast as the same engine with {}, more is better; dashed: the ideal",
        counted(threads[0])
    );
    drawing.text("p-sub", Anchor::Start, MARGIN, 44.0, &sub);
    let area = Area::new(&threads, &lines);
    area.grid(&mut drawing);
    for line in &lines {
        let points: Vec<(f64, f64)> =
            line.points.iter().map(|(i, speed)| (area.x(*i), area.y(*speed))).collect();
        drawing.polyline(&format!("p-line {}", class(line.kind)), &points);
        points.iter().for_each(|(x, y)| drawing.circle(class(line.kind), *x, *y, 3.0));
    }
    area.names(&mut drawing, &lines);
    Some(drawing.finish(area.bottom + 30.0 + MARGIN))
}

fn counted(threads: usize) -> String {
    format!("{threads} thread{}", if threads == 1 { "" } else { "s" })
}

fn lines(task: &Task) -> Vec<Line> {
    let Some(base) = task.groups.first() else { return Vec::new() };
    let line = |(entry, one): (&Entry, &Measured)| {
        let speed = |(i, group): (usize, &Group)| {
            let time = group.entry(&entry.engine)?.measured()?.time.median;
            Some((i, one.time.median / time))
        };
        let points: Vec<(usize, f64)> = task.groups.iter().enumerate().filter_map(speed).collect();
        Line { engine: entry.engine.clone(), kind: entry.kind, points }
    };
    base.pools().map(line).filter(|line| line.points.len() > 1).collect()
}

struct Area {
    threads: Vec<usize>,
    /// The highest speed-up on the axis.
    max: f64,
    right: f64,
    bottom: f64,
    scale: Scale,
}

impl Area {
    fn new(threads: &[usize], lines: &[Line]) -> Self {
        let ideal = threads[threads.len() - 1] as f64 / threads[0] as f64;
        let speeds = lines.iter().flat_map(|line| &line.points).map(|(_, speed)| *speed);
        let fastest = speeds.fold(1.0, f64::max);
        // The ideal may be far off; it must not press the engines to the ground.
        let max = fastest.max(ideal.min(fastest * 1.5)) * 1.05;
        let names = lines.iter().map(|line| text_width(&line.engine)).fold(0.0, f64::max) + 80.0;
        let height = (NAME_HEIGHT * lines.len() as f64).max(200.0);
        Area {
            threads: threads.to_vec(),
            max,
            right: WIDTH - MARGIN - names,
            bottom: TOP + height,
            scale: Scale::Linear { max },
        }
    }

    /// Thread counts are spaced evenly: they are few, and usually double.
    fn x(&self, index: usize) -> f64 {
        LEFT + 24.0 + (self.right - LEFT - 24.0) * index as f64 / (self.threads.len() - 1) as f64
    }

    fn y(&self, speed: f64) -> f64 {
        self.bottom - self.scale.share(speed) * (self.bottom - TOP)
    }

    fn grid(&self, drawing: &mut Drawing) {
        for tick in self.scale.ticks() {
            let y = self.y(tick);
            drawing.line("p-grid", (LEFT, y), (self.right, y));
            let number: f64 = units::three_digits(tick).parse().unwrap_or(tick);
            drawing.text("p-tick", Anchor::End, LEFT - 6.0, y + 4.0, &format!("{number}x"));
        }
        for (i, threads) in self.threads.iter().enumerate() {
            let x = self.x(i);
            drawing.line("p-grid", (x, TOP), (x, self.bottom));
            drawing.text("p-tick", Anchor::Middle, x, self.bottom + 17.0, &counted(*threads));
        }
        drawing.line("p-axis", (LEFT, self.bottom), (self.right, self.bottom));
        drawing.polyline("p-ideal", &self.ideal());
    }

    /// The ideal speed-ups, up to where they leave the plot.
    fn ideal(&self) -> Vec<(f64, f64)> {
        let ideals: Vec<f64> =
            self.threads.iter().map(|threads| *threads as f64 / self.threads[0] as f64).collect();
        let mut points = vec![(self.x(0), self.y(1.0))];
        for (i, pair) in ideals.windows(2).enumerate() {
            // Within a step the line is straight, so it leaves the plot at this share of it.
            let share = ((self.max - pair[0]) / (pair[1] - pair[0])).clamp(0.0, 1.0);
            let (from, to) = (self.x(i), self.x(i + 1));
            points.push((from + (to - from) * share, self.y(pair[0] + (pair[1] - pair[0]) * share)));
            if share < 1.0 {
                break;
            }
        }
        points
    }

    /// The names at the ends of the lines, moved apart where they would overlap.
    fn names(&self, drawing: &mut Drawing, lines: &[Line]) {
        let mut ends: Vec<(&Line, f64, f64)> = lines
            .iter()
            .filter_map(|line| line.points.last().map(|(i, speed)| (line, self.x(*i), *speed)))
            .collect();
        ends.sort_by(|(_, _, a), (_, _, b)| b.total_cmp(a));
        let wanted: Vec<f64> = ends.iter().map(|(_, _, speed)| self.y(*speed)).collect();
        for ((line, x, speed), y) in ends.iter().zip(spread_out(&wanted, TOP, self.bottom)) {
            drawing.line("p-leader", (x + 5.0, self.y(*speed)), (self.right + 26.0, y));
            let text = format!("{} {}", line.engine, units::ratio(*speed));
            drawing.text(name_class(line.kind), Anchor::Start, self.right + 30.0, y + 4.0, &text);
        }
    }
}

/// Moves ascending positions apart to at least a name's height, as close to where they were as a pass down and
/// a pass up bring them, within `top` and `bottom` where these leave room.
fn spread_out(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut places = wanted.to_vec();
    let mut least = top;
    for place in &mut places {
        *place = place.max(least);
        least = *place + NAME_HEIGHT;
    }
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - NAME_HEIGHT;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::invented::{Sample, records};
    use crate::report::model::arrange;

    fn svg(samples: &[Sample]) -> Option<String> {
        let families = arrange(&records(samples));
        Some(plot(&families[0].tasks[0])?.standalone())
    }

    #[test]
    fn speed_is_against_the_engines_own_fewest_threads() {
        let svg = svg(&[
            Sample::time("join/a", "stealing", 50.0).threads(1),
            Sample::time("join/a", "stealing", 25.0).threads(2),
            Sample::time("join/a", "rayon", 100.0).threads(1),
            Sample::time("join/a", "rayon", 80.0).threads(2),
            Sample::time("join/a", "chili", 80.0).threads(2),
            Sample::time("join/a", "serial", 10.0).threads(1),
            Sample::time("join/a", "serial", 10.0).threads(2),
        ])
        .unwrap();
        assert!(svg.contains(">stealing 2.00x<") && svg.contains(">rayon 1.25x<"), "{svg}");
        assert!(!svg.contains("chili") && !svg.contains("serial"), "no base, or no pool");
    }

    #[test]
    fn one_thread_count_has_no_speed_up_and_nor_has_latency() {
        assert!(svg(&[Sample::time("join/a", "stealing", 50.0)]).is_none());
        let latency = Sample::time("latency/ping", "stealing", 50.0);
        assert!(svg(&[latency.clone().threads(1), latency.threads(2)]).is_none());
    }

    #[test]
    fn an_ideal_far_off_leaves_the_plot() {
        let sample = Sample::time("join/a", "rayon", 50.0);
        let families =
            arrange(&records(&[sample.clone().threads(1), sample.clone().threads(2), sample.threads(64)]));
        let task = &families[0].tasks[0];
        let area = Area::new(&[1, 2, 64], &lines(task));
        let ideal = area.ideal();
        assert_eq!(ideal.len(), 2, "it leaves before 2 threads: {ideal:?}");
        assert!(ideal[1].0 < area.x(1) && (ideal[1].1 - area.y(area.max)).abs() < 1e-9, "{ideal:?}");
    }

    #[test]
    fn names_do_not_overlap() {
        let places = spread_out(&[10.0, 11.0, 12.0, 95.0, 99.0], 0.0, 100.0);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= NAME_HEIGHT - 1e-9), "{places:?}");
        assert!(places.iter().all(|place| (0.0..=100.0).contains(place)), "{places:?}");
    }
}
