//! How it is drawn.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Row, Sparkline, Table};

use super::figures::{Figures, Latency, QUANTILES, WorkerFigures};
use super::watched::State;
use crate::numbers::units::{self, three_digits};

/// From this width on there is room for everything.
const WIDE: u16 = 80;

/// Cells of the bar that shows how busy a worker is.
const BAR: usize = 20;

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// Draws the whole screen.
pub(super) fn draw(frame: &mut Frame<'_>, figures: &Figures) {
    let is_wide = frame.area().width >= WIDE;
    let latencies = if figures.latencies.is_empty() { 0 } else { figures.latencies.len() as u16 + 3 };
    let workers = figures.workers.len() as u16 + 3;
    let [head, rates, workers, queue, latency, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Max(workers),
        Constraint::Min(3),
        Constraint::Length(latencies),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(head_line(figures), head);
    frame.render_widget(rates_line(figures, is_wide), rates);
    frame.render_widget(worker_table(&figures.workers, is_wide), workers);
    draw_queue(frame, figures, queue);
    if latencies > 0 {
        frame.render_widget(latency_table(&figures.latencies, is_wide), latency);
    }
    // A text that is no `Line` is not cut where it leaves the screen.
    frame.render_widget(Line::from("q quits"), foot);
}

fn head_line(figures: &Figures) -> Line<'_> {
    let seconds = figures.up.as_secs();
    let up = format!("  {}:{:02}", seconds / 60, seconds % 60);
    Line::from(vec![Span::styled(&*figures.title, BOLD), Span::raw(up)])
}

fn rates_line(figures: &Figures, is_wide: bool) -> Line<'static> {
    let [submitted, run, stolen] = figures.rates.map(short);
    Line::from(if is_wide {
        format!("jobs a second: {submitted} submitted, {run} run, {stolen} stolen")
    } else {
        format!("{submitted}/s in, {run}/s run, {stolen}/s stolen")
    })
}

fn worker_table(workers: &[WorkerFigures], is_wide: bool) -> Table<'static> {
    let cells = |cells: Vec<String>| Row::new(cells);
    let row = |(number, worker): (usize, &WorkerFigures)| {
        let (state, color) = match worker.state {
            State::Runs => ("runs", Color::Green),
            State::Awake => ("awake", Color::Yellow),
            State::Sleeps => ("sleeps", Color::Blue),
        };
        let busy = format!("{:.0} %", 100.0 * worker.busy.clamp(0.0, 1.0));
        let mut all = vec![number.to_string(), state.to_owned(), busy, short(worker.rate)];
        if is_wide {
            all.extend([bar(worker.busy), worker.jobs.to_string(), worker.steals.to_string()]);
        }
        cells(all).style(Style::new().fg(color))
    };
    let mut head = vec!["#", "state", "busy", "jobs/s"];
    let mut widths = vec![4, 8, 5, 7];
    if is_wide {
        head.extend(["", "jobs", "steals"]);
        widths.extend([BAR as u16, 14, 14]);
    }
    Table::new(workers.iter().enumerate().map(row), widths.into_iter().map(Constraint::Length))
        .header(Row::new(head).style(BOLD))
        .block(Block::bordered().title(format!("{} workers", workers.len())))
}

fn draw_queue(frame: &mut Frame<'_>, figures: &Figures, area: Rect) {
    let now = figures.queue.last().copied().unwrap_or_default();
    let title = format!("{now} queued, {} at most", figures.longest_queue);
    // The newest at the right.
    let room = usize::from(area.width.saturating_sub(2));
    let shown = &figures.queue[figures.queue.len().saturating_sub(room)..];
    let line = Sparkline::default().data(shown).style(Style::new().fg(Color::Cyan));
    frame.render_widget(line.block(Block::bordered().title(title)), area);
}

fn latency_table(latencies: &[Latency], is_wide: bool) -> Table<'static> {
    // Where it is narrow, the median and p99.
    let is_shown = |quantile: &usize| is_wide || quantile.is_multiple_of(2);
    let shown = || (0..QUANTILES.len()).filter(is_shown);
    let row = |latency: &Latency| {
        let time = |ns: f64| if latency.count == 0 { "-".to_owned() } else { units::time(ns) };
        let quantiles = shown().map(|quantile| time(latency.quantiles[quantile]));
        let all = [latency.what.to_owned()].into_iter().chain(quantiles).chain([time(latency.max)]);
        Row::new(all.collect::<Vec<String>>())
    };
    let head = [""].into_iter().chain(shown().map(|quantile| QUANTILES[quantile].0)).chain(["max"]);
    let widths = [10].into_iter().chain(shown().map(|_| 8)).chain([8]);
    Table::new(latencies.iter().map(row), widths.map(Constraint::Length))
        .header(Row::new(head.collect::<Vec<&str>>()).style(BOLD))
        .block(Block::bordered().title("latency since the start"))
}

/// A bar as long as the share says.
fn bar(share: f64) -> String {
    "█".repeat((share.clamp(0.0, 1.0) * BAR as f64).round() as usize)
}

/// A number in a few characters: `12`, `1.23k`, `4.56M`.
fn short(value: f64) -> String {
    match value {
        few if few < 1e3 => format!("{few:.0}"),
        many if many < 999.5e3 => format!("{}k", three_digits(many / 1e3)),
        many => format!("{}M", three_digits(many / 1e6)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn figures() -> Figures {
        let worker = |state, busy, rate, jobs, steals| WorkerFigures { state, busy, rate, jobs, steals };
        let latency = |what, count| Latency { what, count, quantiles: [1e3, 2e3, 3e3, 4e3], max: 5e6 };
        Figures {
            title: "load/bursty on stealing:2".to_owned(),
            up: Duration::from_secs(65),
            rates: [12_345.0, 999_700.0, 12.0],
            workers: vec![
                worker(State::Runs, 0.5, 1_234.0, 4_321, 7),
                worker(State::Sleeps, 0.04, 0.0, 99, 0),
            ],
            queue: vec![0, 4, 8],
            longest_queue: 17,
            latencies: vec![latency("queue wait", 3), latency("run time", 3), latency("wake-up", 0)],
        }
    }

    /// The screen, line by line, without the blanks at their ends.
    fn screen(width: u16, height: u16, figures: &Figures) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, figures)).unwrap();
        let buffer = terminal.backend().buffer();
        let lines = buffer.content.chunks(usize::from(width));
        lines
            .map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn a_narrow_screen_shows_what_matters_most() {
        let expected = [
            "load/bursty on stealing:2  1:05",
            "12.3k/s in, 1.00M/s run, 12/s stolen",
            "┌2 workers─────────────────────────────┐",
            "│#    state    busy  jobs/s            │",
            "│0    runs     50 %  1.23k             │",
            "│1    sleeps   4 %   0                 │",
            "└──────────────────────────────────────┘",
            "┌8 queued, 17 at most──────────────────┐",
            "│  █                                   │",
            "│ ██                                   │",
            "└──────────────────────────────────────┘",
            "┌latency since the start───────────────┐",
            "│           p50      p99      max      │",
            "│queue wait 1.00 us  3.00 us  5.00 ms  │",
            "│run time   1.00 us  3.00 us  5.00 ms  │",
            "│wake-up    -        -        -        │",
            "└──────────────────────────────────────┘",
            "q quits",
        ];
        assert_eq!(screen(40, 18, &figures()), expected);
    }

    #[test]
    fn a_wide_screen_shows_everything() {
        let lines = screen(120, 18, &figures());
        assert_eq!(lines[1], "jobs a second: 12.3k submitted, 1.00M run, 12 stolen");
        let cells = |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
        assert_eq!(cells(&lines[3]), ["│#", "state", "busy", "jobs/s", "jobs", "steals", "│"]);
        assert_eq!(cells(&lines[4]), ["│0", "runs", "50", "%", "1.23k", "██████████", "4321", "7", "│"]);
        assert_eq!(cells(&lines[12]), ["│", "p50", "p90", "p99", "p99.9", "max", "│"]);
        assert!(lines.iter().all(|line| line.chars().count() <= 120));
    }

    #[test]
    fn many_workers_leave_room_for_the_queue_and_a_pool_without_times_has_no_table_of_them() {
        let mut figures = figures();
        figures.latencies.clear();
        figures.workers = (0..100)
            .map(|_| WorkerFigures { state: State::Awake, busy: 0.0, rate: 0.0, jobs: 0, steals: 0 })
            .collect();
        let lines = screen(40, 24, &figures);
        assert!(lines[2].starts_with("┌100 workers─"), "{lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with("┌8 queued")), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("latency")), "{lines:#?}");
        assert_eq!(lines[23], "q quits");
    }

    #[test]
    fn before_the_first_look_there_is_a_screen_too() {
        let lines = screen(40, 10, &Figures { title: "starting".to_owned(), ..Figures::default() });
        assert_eq!(lines[0], "starting  0:00");
    }

    #[test]
    fn no_screen_is_too_small() {
        for width in [1, 2, 3, 12, 30] {
            for height in [1, 2, 3, 5, 9, 20] {
                assert_eq!(screen(width, height, &figures()).len(), usize::from(height));
            }
        }
    }
}
