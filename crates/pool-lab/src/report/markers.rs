//! Generated text within a file that is otherwise written by hand.

/// Around the table of results in the repository's README.
pub const RESULTS: (&str, &str) = ("<!-- results:begin -->", "<!-- results:end -->");

/// Around the table of engines that are no pools in METHODOLOGY.md.
pub const NO_POOLS: (&str, &str) = ("<!-- no-pools:begin -->", "<!-- no-pools:end -->");

/// Why text between markers could not be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkerError {
    /// A marker is not there.
    #[error("the marker `{0}` is missing")]
    Missing(String),
    /// A marker is there more than once, so it is unclear what to replace.
    #[error("the marker `{0}` occurs more than once")]
    Repeated(String),
    /// The end comes before the beginning.
    #[error("the marker `{end}` comes before `{begin}`")]
    Reversed {
        /// The first marker.
        begin: String,
        /// The second marker.
        end: String,
    },
}

/// `text` with everything between the markers replaced by `body`, on lines of its own. The markers stay.
///
/// # Errors
///
/// [`MarkerError`] unless each marker occurs once, `begin` before `end`.
///
/// # Examples
///
/// ```
/// use pool_lab::report::markers;
///
/// let text = markers::replace("a <!-- x --> old <!-- y --> b", "<!-- x -->", "<!-- y -->", "new\n");
/// assert_eq!(text.unwrap(), "a <!-- x -->\n\nnew\n\n<!-- y --> b");
/// ```
pub fn replace(text: &str, begin: &str, end: &str, body: &str) -> Result<String, MarkerError> {
    let from = position(text, begin)? + begin.len();
    let to = position(text, end)?;
    if to < from {
        return Err(MarkerError::Reversed { begin: begin.to_owned(), end: end.to_owned() });
    }
    Ok(format!("{}\n\n{}\n\n{}", &text[..from], body.trim(), &text[to..]))
}

fn position(text: &str, marker: &str) -> Result<usize, MarkerError> {
    let mut found = text.match_indices(marker).map(|(position, _)| position);
    match (found.next(), found.next()) {
        (Some(position), None) => Ok(position),
        (Some(_), Some(_)) => Err(MarkerError::Repeated(marker.to_owned())),
        (None, _) => Err(MarkerError::Missing(marker.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = RESULTS.0;
    const END: &str = RESULTS.1;

    #[test]
    fn replacing_twice_is_replacing_once() {
        let text = format!("# Title\n{BEGIN}\n{END}\nrest\n");
        let once = replace(&text, BEGIN, END, "| a |").unwrap();
        assert_eq!(once, format!("# Title\n{BEGIN}\n\n| a |\n\n{END}\nrest\n"));
        assert_eq!(replace(&once, BEGIN, END, "| a |\n").unwrap(), once);
    }

    #[test]
    fn unclear_markers_are_errors() {
        let missing = |marker: &str| Err(MarkerError::Missing(marker.to_owned()));
        assert_eq!(replace("", BEGIN, END, "x"), missing(BEGIN));
        assert_eq!(replace(BEGIN, BEGIN, END, "x"), missing(END));
        let repeated = format!("{BEGIN}{BEGIN}{END}");
        assert_eq!(replace(&repeated, BEGIN, END, "x"), Err(MarkerError::Repeated(BEGIN.to_owned())));
        let reversed = replace(&format!("{END}{BEGIN}"), BEGIN, END, "x").unwrap_err();
        assert_eq!(reversed.to_string(), format!("the marker `{END}` comes before `{BEGIN}`"));
    }
}
