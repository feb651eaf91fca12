//! Why a text does not say which pool it is to be.

use std::error::Error;
use std::fmt;

/// Why a text is no [`PoolSpec`](crate::PoolSpec): what in it is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    /// Where the text is from, if that is not the program.
    variable: Option<&'static str>,
    text: String,
    reason: String,
}

impl SpecError {
    pub(crate) fn new(text: &str, reason: String) -> Self {
        SpecError { variable: None, text: text.to_owned(), reason }
    }

    /// The text is what this variable says.
    pub(crate) fn of_variable(self, name: &'static str) -> Self {
        SpecError { variable: Some(name), ..self }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SpecError { variable, text, reason } = self;
        match variable {
            Some(name) => write!(f, "`{name}={text}`: {reason}"),
            None => write!(f, "`{text}`: {reason}"),
        }
    }
}

impl Error for SpecError {}

/// That a name is not among the known ones, and which it was probably meant to be.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let nearest = known.iter().min_by_key(|known| distance(name, known));
    let meant = nearest.filter(|known| 2 * distance(name, known) <= name.len().max(known.len()));
    let meant = meant.map_or(String::new(), |meant| format!("did you mean `{meant}`? "));
    format!("{what} `{name}`; {meant}known: {}", known.join(", "))
}

/// How many letters have to be changed, put in or left out to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in b.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_words_counts_letters() {
        let words = [("", "mpsc", 4), ("mpsc", "mpsc", 0), ("mspc", "mpsc", 2), ("Stealling", "stealing", 1)];
        for (a, b, letters) in words {
            assert_eq!(distance(a, b), letters, "{a} {b}");
        }
    }

    #[test]
    fn slips_are_understood_and_other_words_are_not() {
        let meant = |name| unknown("unknown pool", name, &["stealing", "bounded", "mpsc"]);
        for (typed, wanted) in [("mspc", "mpsc"), ("work-stealing", "stealing"), ("BOUNDED", "bounded")] {
            assert!(meant(typed).contains(&format!("`{typed}`; did you mean `{wanted}`? known")), "{typed}");
        }
        for typed in ["", "none", "rayon", "crossbeam"] {
            assert_eq!(meant(typed), format!("unknown pool `{typed}`; known: stealing, bounded, mpsc"));
        }
    }
}
