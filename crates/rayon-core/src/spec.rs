//! Which pool: the text of `RAYON_POOL`.

use std::fmt;
use std::str::FromStr;

use pool_core::Helping;

/// Which pool to run on: `name[:threads][:key=value]...`, as in the variable `RAYON_POOL`.
///
/// | | |
/// |---|---|
/// | `stealing` (the default), `bounded`, `mpsc`, `priority` | the strategy |
/// | `4` | how many workers, unless the program says so; otherwise `RAYON_NUM_THREADS` does, or there is one for each CPU |
/// | `help=no` | a worker that waits runs what it waits for and nothing else; by default it runs anything, as rayon's do |
/// | `capacity=64` | of `bounded`: the length of the queue (1,024 by default); outside threads wait for room |
///
/// ```
/// let spec: rayon_core::PoolSpec = "bounded:4:capacity=64".parse()?;
/// let pool = rayon_core::ThreadPoolBuilder::new().pool(spec).build()?;
/// assert_eq!(pool.install(|| rayon_core::join(|| 1, || 2)), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSpec {
    pub(crate) strategy: Strategy,
    pub(crate) threads: Option<usize>,
    pub(crate) helping: Helping,
    pub(crate) capacity: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Stealing,
    Bounded,
    Mpsc,
    Priority,
}

const STRATEGIES: [(&str, Strategy); 4] = [
    ("stealing", Strategy::Stealing),
    ("bounded", Strategy::Bounded),
    ("mpsc", Strategy::Mpsc),
    ("priority", Strategy::Priority),
];

impl Default for PoolSpec {
    fn default() -> Self {
        PoolSpec { strategy: Strategy::Stealing, threads: None, helping: Helping::Any, capacity: 1024 }
    }
}

/// A part of a [`PoolSpec`] that means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    part: String,
    expected: &'static str,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in the specification of a pool; expected {}", self.part, self.expected)
    }
}

impl std::error::Error for SpecError {}

impl PoolSpec {
    /// That of `RAYON_POOL`, or the default if the variable is not set or empty.
    ///
    /// # Errors
    ///
    /// Where it means nothing.
    pub fn from_env() -> Result<Self, SpecError> {
        match std::env::var("RAYON_POOL") {
            Ok(text) if !text.is_empty() => text.parse(),
            _ => Ok(PoolSpec::default()),
        }
    }

    fn apply(&mut self, part: &str) -> Result<(), &'static str> {
        let positive = |text: &str| text.parse().ok().filter(|number: &usize| *number > 0);
        match part.split_once('=') {
            None => {
                self.threads = Some(positive(part).ok_or("a number of threads, or `help=` or `capacity=`")?);
            }
            Some(("help", "yes")) => self.helping = Helping::Any,
            Some(("help", "no")) => self.helping = Helping::Own,
            Some(("help", _)) => return Err("`help=yes` or `help=no`"),
            Some(("capacity", text)) if self.strategy == Strategy::Bounded => {
                self.capacity = positive(text).ok_or("a capacity of at least 1")?;
            }
            Some(("capacity", _)) => return Err("no capacity, which only `bounded` has"),
            Some(_) => return Err("`help=` or `capacity=`"),
        }
        Ok(())
    }
}

impl FromStr for PoolSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let error = |part: &str, expected| SpecError { part: part.to_owned(), expected };
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let strategy = STRATEGIES.iter().find(|(known, _)| *known == name).map(|(_, strategy)| *strategy);
        let strategy = strategy.ok_or_else(|| error(name, "`stealing`, `bounded`, `mpsc` or `priority`"))?;
        let mut spec = PoolSpec { strategy, ..PoolSpec::default() };
        for part in parts {
            spec.apply(part).map_err(|expected| error(part, expected))?;
        }
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_specification_says() {
        let spec = |text: &str| text.parse::<PoolSpec>().unwrap();
        assert_eq!(spec("stealing"), PoolSpec::default());
        assert_eq!(spec("mpsc:4").threads, Some(4));
        let all = spec("bounded:2:help=no:capacity=64");
        assert_eq!(
            (all.strategy, all.threads, all.helping, all.capacity),
            (Strategy::Bounded, Some(2), Helping::Own, 64)
        );
        assert_eq!(spec("priority:help=yes").helping, Helping::Any);
    }

    #[test]
    fn what_means_nothing_is_named() {
        for (text, part) in [
            ("", "``"),
            ("rayon", "`rayon`"),
            ("mpsc:0", "`0`"),
            ("mpsc:many", "`many`"),
            ("mpsc:capacity=4", "`capacity=4`"),
            ("bounded:capacity=0", "`capacity=0`"),
            ("stealing:help=maybe", "`help=maybe`"),
            ("stealing:size=4", "`size=4`"),
        ] {
            let error = text.parse::<PoolSpec>().unwrap_err().to_string();
            assert!(error.starts_with(part) && error.contains("expected"), "{text}: {error}");
        }
    }
}
