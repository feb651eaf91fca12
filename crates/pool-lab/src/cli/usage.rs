//! What clap has to say: help in full, a mistake in one line.

use std::error::Error;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::names::{meant, program};
use crate::system::terminal;

/// The exit code of bad input.
pub(super) const BAD_INPUT: u8 = 2;

/// Says it, and returns the exit code.
pub(super) fn answer(error: &clap::Error, commands: &clap::Command) -> ExitCode {
    if !error.use_stderr() {
        // Help whose reader has gone is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let line = match error.kind() {
        ErrorKind::InvalidSubcommand => unknown_command(error, commands),
        ErrorKind::UnknownArgument => unknown_argument(error),
        ErrorKind::MissingRequiredArgument => missing(error),
        ErrorKind::ValueValidation => bad_value(error),
        _ => {
            let text = error.render().to_string();
            let tip = text.lines().find_map(|line| line.trim_start().strip_prefix("tip: "));
            format!("{}; {}", first_line(&text), tip.unwrap_or("see --help"))
        }
    };
    terminal::say(format_args!("{}: {line}", program()));
    ExitCode::from(BAD_INPUT)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_start_matches("error: ")
}

/// What the user gave, of this kind.
fn given(error: &clap::Error, kind: ContextKind) -> &str {
    match error.get(kind) {
        Some(ContextValue::String(given)) => given,
        Some(ContextValue::Strings(given)) => given.first().map_or("", String::as_str),
        _ => "",
    }
}

fn unknown_command(error: &clap::Error, commands: &clap::Command) -> String {
    let name = given(error, ContextKind::InvalidSubcommand);
    let known = commands.get_subcommands().filter(|known| !known.is_hide_set()).map(clap::Command::get_name);
    let known = known.collect::<Vec<_>>().join(", ");
    format!("unknown command `{name}`; {}known: {known}", meant(name, &known))
}

fn unknown_argument(error: &clap::Error) -> String {
    let name = given(error, ContextKind::InvalidArg);
    match given(error, ContextKind::SuggestedArg) {
        "" => format!("unexpected argument `{name}`; see --help"),
        right => format!("unexpected argument `{name}`; did you mean `{right}`?"),
    }
}

/// Our readers of values say what they must be.
fn bad_value(error: &clap::Error) -> String {
    let option = given(error, ContextKind::InvalidArg).split(' ').next().unwrap_or_default();
    let right = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{option} must be {right}, not `{}`", given(error, ContextKind::InvalidValue))
}

/// What is missing is on lines of their own.
fn missing(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let missing = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(missing)) => missing.join(" and "),
        _ => first_line(&text).to_owned(),
    };
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: "));
    let command = usage.and_then(|usage| usage.split(' ').nth(1)).unwrap_or_default();
    format!("missing: {missing}; right would be, for instance: {} {}", program(), example(command))
}

/// A command in full, of which something was missing.
fn example(command: &str) -> &str {
    match command {
        "measure" => "measure --out results/mine --resume",
        "advise" => "advise --check --out results",
        "verify" => "verify --statistics",
        "run" => "run --workload join/fib --pool stealing:2",
        "trace" => "trace --workload join/fib --pool stealing:2",
        "pack" => "pack results/mine",
        "merge" => "merge amd-epyc-2c-linux.jsonl",
        "diff" => "diff results/old results/new",
        "cmp" => "cmp results/mine results/amd-epyc-2c-linux",
        "rank" => "rank results/mine",
        other => other,
    }
}
