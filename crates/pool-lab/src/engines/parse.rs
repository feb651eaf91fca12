//! Reading specs, for which one has to know the engines.

use std::str::FromStr;

use crate::engine::{MAX_THREADS, Spec, SpecError};

impl Spec {
    /// Reads a list of specs separated by commas.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first one that is not understood.
    pub fn parse_list(list: &str) -> Result<Vec<Spec>, SpecError> {
        list.split(',').map(str::parse).collect()
    }
}

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SpecError::Empty { known: super::names() });
        }
        if text.contains(',') {
            let such_as = Spec::parse_list(text)?.remove(0).to_string();
            return Err(SpecError::Several { list: text.to_owned(), such_as });
        }
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let unknown = || SpecError::UnknownEngine { name: name.to_owned(), known: super::names() };
        let mut spec = Spec::new(&super::find(name).ok_or_else(unknown)?.engine);
        let mut options = parts.peekable();
        if let Some(part) = options.next_if(|part| !part.contains('='))
            && let Some(threads) = parse_threads(text, part, options.peek().is_none())?
        {
            spec = spec.with_threads(threads);
        }
        for option in options {
            spec.set_option(option).map_err(|source| SpecError::Option { spec: text.to_owned(), source })?;
        }
        Ok(spec)
    }
}

/// Reads the second part of a spec, where nothing means that threads come from elsewhere, unless it is the last part.
fn parse_threads(spec: &str, part: &str, is_last: bool) -> Result<Option<usize>, SpecError> {
    if part.is_empty() && !is_last {
        return Ok(None);
    }
    match part.parse() {
        Ok(threads @ 1..=MAX_THREADS) => Ok(Some(threads)),
        _ => Err(SpecError::Threads { spec: spec.to_owned(), threads: part.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(spec: &str) -> String {
        spec.parse::<Spec>().unwrap_err().to_string()
    }

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in [
            "stealing",
            "rayon:2",
            "bounded:2:capacity=64:overflow=reject",
            "priority::levels=8",
            "mpsc:2:batch=32",
        ] {
            assert_eq!(text.parse::<Spec>().unwrap().to_string(), text);
        }
        let spec: Spec = "bounded:capacity=64".parse().unwrap();
        assert_eq!(spec.to_string(), "bounded::capacity=64");
        assert_eq!(spec.label(), "bounded:capacity=64");
        assert_eq!(spec.with_threads(3).to_string(), "bounded:3:capacity=64");
        assert_eq!(spec.threads(), num_cpus::get());
    }

    #[test]
    fn a_list_is_separated_by_commas() {
        let specs = Spec::parse_list("stealing, bounded:2:capacity=64,rayon").unwrap();
        let specs: Vec<String> = specs.iter().map(Spec::to_string).collect();
        assert_eq!(specs, ["stealing", "bounded:2:capacity=64", "rayon"]);
        assert!(matches!(Spec::parse_list("stealing,,rayon"), Err(SpecError::Empty { .. })));
        assert!(matches!(Spec::parse_list(""), Err(SpecError::Empty { .. })));
    }

    #[test]
    fn errors_name_what_is_known_or_allowed() {
        let many = super::super::rows().len();
        let expected =
            format!("unknown engine `rayn`; did you mean `rayon`? `pool-lab list` shows all {many}");
        assert_eq!(error("rayn"), expected);
        assert_eq!(
            error("stealing,rayon:2"),
            "`stealing,rayon:2`: one engine is wanted here, such as `stealing`"
        );
        assert!(error("stealing,rayn").starts_with("unknown engine `rayn`"));
        assert_eq!(
            error("rayon:"),
            "`rayon:`: the thread count must be a whole number from 1 to 1024, not ``"
        );
        let twice =
            "`bounded:2:capacity=4:capacity=5`: option capacity is given twice, as `4` and `5`; give it once";
        assert_eq!(error("bounded:2:capacity=4:capacity=5"), twice);
        assert_eq!(
            error("rayon:0"),
            "`rayon:0`: the thread count must be a whole number from 1 to 1024, not `0`"
        );
        assert_eq!(
            error("rayon:two"),
            "`rayon:two`: the thread count must be a whole number from 1 to 1024, not `two`"
        );
        assert_eq!(error("rayon:2:3"), "`rayon:2:3`: `3` is not of the form option=value");
        assert_eq!(error("rayon:2:batch=3"), "`rayon:2:batch=3`: unknown option `batch`; known: none");
        assert_eq!(
            error("mpsc:2:bach=3"),
            "`mpsc:2:bach=3`: unknown option `bach`; did you mean `batch`? known: batch, pin"
        );
        assert_eq!(
            error("bounded:2:capacity=0"),
            "`bounded:2:capacity=0`: option capacity must be a whole number from 1 to 4194304, not `0`"
        );
        assert!(
            error("bounded:2:overflow=drop")
                .contains("must be one of block, timeout-<time up to 20s>, reject, caller-runs")
        );
        for spec in ["", "rayn", "rayon:0", "bounded:2:capacity=0", "bounded:2:overflow=drop"] {
            assert_eq!(error(spec).lines().count(), 1, "{spec}");
        }
    }
}
