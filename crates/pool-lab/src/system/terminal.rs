//! What is shown to the one who sits in front: lines on standard error, and how wide a line may be.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::stderr;
use crate::system::os::{self, Stream};

pub(super) use super::stderr::ERASE;

/// Narrower than this nothing can be laid out; a terminal that says less does not know.
const NARROWEST: usize = 20;

/// The line at the bottom of the terminal that says how far a command is; empty where there is none.
static STATUS: Mutex<String> = Mutex::new(String::new());

fn status() -> MutexGuard<'static, String> {
    STATUS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is a bottom line: standard error is a terminal that can take away what stands in a line.
pub(crate) fn has_status() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !is_dumb
}

/// Shows this at the bottom of the terminal, as far as its width allows, in the place of what is there. Not to be called where
/// there is no bottom line ([`has_status`]), but with nothing.
pub(crate) fn show_status(text: &str) {
    let mut shown = status();
    if shown.is_empty() && text.is_empty() {
        return;
    }
    // A line that is full to the last character may break.
    let room = columns(Stream::Error).map_or(usize::MAX, |width| width - 1);
    let text: String = text.chars().take(room).collect();
    *shown = if stderr::write(true, "", &text) { text } else { String::new() };
}

/// Takes the line at the bottom away, and returns it.
pub(crate) fn take_status() -> String {
    let shown = status().clone();
    show_status("");
    shown
}

/// Shows a line on standard error, above the line at the bottom, and on a terminal in as many lines as its width asks for. Where it cannot be written (standard error is closed, or a file on a full disk) the program goes on without.
pub fn say(line: impl fmt::Display) {
    // A path that is longer can still be copied.
    let width = columns(Stream::Error).filter(|_| has_status());
    say_lines(&lay_out(&line.to_string(), width, "", "  ", usize::MAX));
}

/// Shows a command in a line of its own, which is never broken, so that it can be copied.
pub fn say_command(command: &str) {
    say_lines(&format!("  {command}\n"));
}

fn say_lines(lines: &str) {
    let mut status = status();
    if !stderr::write(!status.is_empty(), lines, &status) {
        status.clear();
    }
}

/// How many characters a line on standard output may have: what `COLUMNS` says, else as many as the terminal has. `None`
/// where neither says so, as in a pipe: then lines are as long as they need to be.
pub(crate) fn width() -> Option<usize> {
    columns(Stream::Output)
}

fn columns(stream: Stream) -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let columns = said.or_else(|| os::terminal_columns(stream)).filter(|columns| *columns > 0);
    columns.map(|columns| columns.max(NARROWEST))
}

/// The words of `text` in lines of at most `width` characters, the first after `first` and all others after `others`. A
/// longer word goes on in the next line.
pub(crate) fn wrap(text: &str, width: Option<usize>, first: &str, others: &str) -> String {
    lay_out(text, width, first, others, width.unwrap_or(usize::MAX))
}

/// The same, where only what is longer than `longest` is broken within a word.
fn lay_out(text: &str, width: Option<usize>, first: &str, others: &str, longest: usize) -> String {
    let (mut lines, mut line, mut is_empty) = (String::new(), first.to_owned(), true);
    for word in text.split(' ') {
        let wanted = line.chars().count() + usize::from(!is_empty) + word.chars().count();
        if !is_empty && width.is_some_and(|width| wanted > width) {
            lines.push_str(line.trim_end());
            lines.push('\n');
            (line, is_empty) = (others.to_owned(), true);
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
        // No line is broken where there is no room for what is left of it.
        while line.chars().count() > longest && longest > others.len() {
            let rest: String = line.chars().skip(longest).collect();
            lines.extend(line.chars().take(longest));
            lines.push('\n');
            line = format!("{others}{rest}");
        }
    }
    lines.push_str(line.trim_end());
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_indented() {
        assert_eq!(wrap("one two three", None, "- ", "  "), "- one two three\n");
        assert_eq!(wrap("one two three", Some(9), "- ", "  "), "- one two\n  three\n");
        assert_eq!(wrap("one two", Some(5), "- ", "  "), "- one\n  two\n");
        assert_eq!(wrap("extraordinary one", Some(9), "  ", "    "), "  extraor\n    dinar\n    y one\n");
        assert_eq!(wrap("go extraordinary", Some(9), "  ", "    "), "  go\n    extra\n    ordin\n    ary\n");
        assert_eq!(wrap("extraordinary", Some(4), "", "    "), "extraordinary\n", "there is no room");
        assert_eq!(wrap("", Some(6), "  ", "    "), "\n");
        assert_eq!(
            lay_out("see /a/long/path now", Some(8), "", "  ", usize::MAX),
            "see\n  /a/long/path\n  now\n"
        );
    }
}
