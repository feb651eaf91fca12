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

/// Names that are less alike than this are no slip of the finger.
const ALIKE: f64 = 0.6;

/// That a name is not among the known ones, and which it was probably meant to be.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let typed = name.to_lowercase();
    let rated = known.iter().map(|known| (strsim::normalized_damerau_levenshtein(&typed, known), known));
    let nearest = rated.max_by(|(a, _), (b, _)| a.total_cmp(b)).filter(|(alike, _)| *alike >= ALIKE);
    let meant = nearest.map_or(String::new(), |(_, meant)| format!("did you mean `{meant}`? "));
    format!("{what} `{name}`; {meant}known: {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

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
