//! What is shown to the one who sits in front: lines on standard error, and how wide a line may be.

use std::fmt;
use std::io::{self, Write};

use crate::system::os;

/// Narrower than this nothing can be laid out; a terminal that says less does not know.
const NARROWEST: usize = 20;

/// Shows a line on standard error. Where it cannot be written (standard error is closed, or a file on a full disk) the program goes on without.
pub fn say(line: impl fmt::Display) {
    let line = format!("{line}\n");
    let _ = io::stderr().write_all(line.as_bytes());
}

/// How many characters a line on standard output may have: what `COLUMNS` says, else as many as the terminal has. `None`
/// where neither says so, as in a pipe: then lines are as long as they need to be.
pub(crate) fn width() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.or_else(os::terminal_columns).filter(|columns| *columns > 0).map(|columns| columns.max(NARROWEST))
}

/// The words of `text` in lines of at most `width` characters, the first after `first` and all others after `others`. A
/// longer word has a line of its own.
pub(crate) fn wrap(text: &str, width: Option<usize>, first: &str, others: &str) -> String {
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
        assert_eq!(wrap("extraordinary one", Some(6), "  ", "    "), "  extraordinary\n    one\n");
        assert_eq!(wrap("", Some(6), "  ", "    "), "\n");
    }
}
