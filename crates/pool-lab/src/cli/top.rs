//! `pool-lab top`: a pool at work, in the terminal.

mod figures;
mod load;
mod screen;
mod watched;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use pool_core::Timing;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use self::figures::Sampler;
use self::load::Load;
use self::watched::Watched;
use super::error::CliError;
use super::observed;
use crate::system::interrupt::{self, Interrupts};

/// How often the screen is drawn.
const TICK: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub(super) struct Top {
    /// The workload with its parameters, which runs again and again
    #[arg(short, long, default_value = "load/bursty")]
    workload: String,
    /// The pool, one of ours (stealing:2)
    #[arg(short, long, default_value = "stealing")]
    pool: String,
    /// The thread count, if the pool does not say its own; by default one a core
    #[arg(short, long, allow_negative_numbers = true)]
    threads: Option<String>,
    /// Do not time jobs: there are no latencies, and a job is faster by some 150 ns
    #[arg(long)]
    no_timing: bool,
}

/// Shows the pool until `q` is pressed.
pub(super) fn run(arguments: &Top) -> Result<ExitCode, CliError> {
    let task = observed::task(&arguments.workload)?;
    let spec = observed::spec(&arguments.pool, arguments.threads.as_deref())?;
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(CliError::NoTerminal);
    }
    let watched = Arc::new(Watched::new(spec.threads()));
    let timing = if arguments.no_timing { Timing::Off } else { Timing::Every };
    let title = format!("{task} on {spec}");
    let load = Load::start(spec.with_timing(timing).with_watcher(watched.clone()), task)?;
    let interrupts = Interrupts::catch("");
    let mut terminal = ratatui::try_init().map_err(CliError::Terminal)?;
    let outcome = show(&mut terminal, &mut Sampler::new(title, watched), &load);
    // Shows the cursor again.
    drop(terminal);
    ratatui::restore();
    interrupts.die_if_caught();
    outcome.map(|()| ExitCode::SUCCESS)
}

fn show(terminal: &mut DefaultTerminal, sampler: &mut Sampler, load: &Load) -> Result<(), CliError> {
    while !interrupt::is_caught() {
        load.check()?;
        let figures = sampler.sample();
        terminal.draw(|frame| screen::draw(frame, &figures)).map_err(CliError::Terminal)?;
        if event::poll(TICK).map_err(CliError::Terminal)?
            && let Event::Key(key) = event::read().map_err(CliError::Terminal)?
            && is_end(key)
        {
            break;
        }
    }
    Ok(())
}

/// `q`, Escape, or Ctrl-C, which is a key like others while the terminal is read key by key.
fn is_end(key: KeyEvent) -> bool {
    let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind == KeyEventKind::Press && (matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) || is_interrupt)
}
