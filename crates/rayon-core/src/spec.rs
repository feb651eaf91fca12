//! Which pool: the text of `RAYON_POOL`.

use std::fmt;
use std::str::FromStr;

use pool_bounded::Bounded;
use pool_core::Helping;

use crate::spec_error::{SpecError, unknown};

/// The variable that says which pool it is.
const VARIABLE: &str = "RAYON_POOL";

/// The most threads that a specification may ask for. It catches a slip of the finger before it starts a million of them.
const MOST_THREADS: usize = 1024;

/// The queue of `bounded`, unless something else is said.
const CAPACITY: usize = 1024;

/// Which pool to run on: `name[:threads][:key=value]...`, as in the variable `RAYON_POOL`.
///
/// | | |
/// |---|---|
/// | `stealing` (the default), `bounded`, `mpsc`, `priority`, `fair` | the strategy |
/// | `4` | how many workers, from 1 to 1,024; a program that is to have more says so by `num_threads` or `RAYON_NUM_THREADS` |
/// | `help=no` | a worker that waits runs what it waits for and nothing else; by default it runs anything, as rayon's do |
/// | `capacity=64` | of `bounded`: the length of the queue (1,024 by default); outside threads wait for room |
///
/// What the strategies can be told elsewhere has no use here: jobs of a program that uses rayon have no priority and name no
/// queue, so `priority` and `fair` run them in order; and as the program waits for its jobs, none may be refused or dropped.
///
/// `Display` writes it as it is read, without what is the default.
///
/// ```
/// let spec: rayon_core::PoolSpec = "bounded:4:capacity=64".parse()?;
/// assert_eq!(spec.to_string(), "bounded:4:capacity=64");
/// let pool = rayon_core::ThreadPoolBuilder::new().pool(spec).build()?;
/// assert_eq!(pool.install(|| rayon_core::join(|| 1, || 2)), (1, 2));
///
/// let error = "stealling:4".parse::<rayon_core::PoolSpec>().unwrap_err().to_string();
/// assert!(error.starts_with("`stealling:4`: unknown pool `stealling`; did you mean `stealing`?"));
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
    Fair,
}

const STRATEGIES: [(&str, Strategy); 5] = [
    ("stealing", Strategy::Stealing),
    ("bounded", Strategy::Bounded),
    ("mpsc", Strategy::Mpsc),
    ("priority", Strategy::Priority),
    ("fair", Strategy::Fair),
];

impl Strategy {
    fn name(self) -> &'static str {
        STRATEGIES.iter().find(|(_, strategy)| *strategy == self).map_or("", |(name, _)| name)
    }

    /// The options that it has.
    fn options(self) -> &'static [&'static str] {
        if self == Strategy::Bounded { &["help", "capacity"] } else { &["help"] }
    }
}

impl Default for PoolSpec {
    fn default() -> Self {
        PoolSpec { strategy: Strategy::Stealing, threads: None, helping: Helping::Any, capacity: CAPACITY }
    }
}

impl PoolSpec {
    /// That of `RAYON_POOL`, or the default if the variable is not set or empty.
    ///
    /// # Errors
    ///
    /// Where it means nothing. The error names the variable.
    pub fn from_env() -> Result<Self, SpecError> {
        match std::env::var_os(VARIABLE) {
            Some(text) if !text.is_empty() => {
                PoolSpec::from_str(&text.to_string_lossy()).map_err(|error| error.of_variable(VARIABLE))
            }
            _ => Ok(PoolSpec::default()),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let found = STRATEGIES.iter().find(|(known, _)| *known == name);
        let (_, strategy) =
            found.ok_or_else(|| unknown("unknown pool", name, &STRATEGIES.map(|(known, _)| known)))?;
        let mut spec = PoolSpec { strategy: *strategy, ..PoolSpec::default() };
        parts.try_for_each(|part| spec.apply(part))?;
        Ok(spec)
    }

    fn apply(&mut self, part: &str) -> Result<(), String> {
        match part.split_once('=') {
            None => self.threads = Some(number("the thread count", part, MOST_THREADS)?),
            Some(("help", "yes")) => self.helping = Helping::Any,
            Some(("help", "no")) => self.helping = Helping::Own,
            Some(("help", other)) => return Err(format!("help must be yes or no, not `{other}`")),
            Some(("capacity", places)) if self.strategy == Strategy::Bounded => {
                self.capacity = number("capacity", places, Bounded::MOST_CAPACITY)?;
            }
            Some((option, _)) => return Err(self.no_option(option)),
        }
        Ok(())
    }

    fn no_option(&self, option: &str) -> String {
        let name = self.strategy.name();
        let has_not = format!("`{name}` has no option `{option}`");
        match option {
            "capacity" => format!("{has_not}: its queue has no limit; `bounded` has one"),
            "overflow" | "target" | "interval" => format!(
                "{has_not} here: a program that uses rayon waits for its jobs, so none may be refused or dropped; \
                 with a full queue of `bounded` outside threads wait"
            ),
            "levels" | "aging" | "express" | "top" => {
                format!("{has_not} here: jobs of a program that uses rayon have no priority")
            }
            "queues" | "quantum" => {
                format!("{has_not} here: jobs of a program that uses rayon name no queue")
            }
            _ => unknown(&format!("`{name}` has no option"), option, self.strategy.options()),
        }
    }
}

fn number(what: &str, text: &str, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number: &usize| (1..=most).contains(number));
    number.ok_or_else(|| format!("{what} must be a whole number from 1 to {most}, not `{text}`"))
}

impl FromStr for PoolSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        PoolSpec::parse(text).map_err(|reason| SpecError::new(text, reason))
    }
}

impl fmt::Display for PoolSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.strategy.name())?;
        if let Some(threads) = self.threads {
            write!(f, ":{threads}")?;
        }
        if self.helping == Helping::Own {
            f.write_str(":help=no")?;
        }
        if self.capacity != CAPACITY {
            write!(f, ":capacity={}", self.capacity)?;
        }
        Ok(())
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
        assert_eq!(spec("stealing:1024").threads, Some(MOST_THREADS));
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for text in ["stealing", "mpsc:4", "fair:2:help=no", "bounded:2:help=no:capacity=64", "priority"] {
            assert_eq!(text.parse::<PoolSpec>().unwrap().to_string(), text);
        }
        assert_eq!("bounded:help=yes:capacity=1024:3".parse::<PoolSpec>().unwrap().to_string(), "bounded:3");
    }

    #[test]
    fn what_means_nothing_is_named_with_what_would_be_right() {
        let rayons = "a program that uses rayon";
        let threads = "the thread count must be a whole number from 1 to 1024, not";
        let pools = "known: stealing, bounded, mpsc, priority, fair";
        for (text, reason) in [
            ("", format!("unknown pool ``; {pools}")),
            ("rayon:2", format!("unknown pool `rayon`; {pools}")),
            ("stealling:4", format!("unknown pool `stealling`; did you mean `stealing`? {pools}")),
            ("mpsc:0", format!("{threads} `0`")),
            ("mpsc:many", format!("{threads} `many`")),
            ("stealing:1025", format!("{threads} `1025`")),
            ("stealing:4000000000000000000000", format!("{threads} `4000000000000000000000`")),
            ("stealing:help=maybe", "help must be yes or no, not `maybe`".to_owned()),
            ("bounded:capacity=0", "capacity must be a whole number from 1 to 16777216, not `0`".to_owned()),
            (
                "mpsc:capacity=4",
                "`mpsc` has no option `capacity`: its queue has no limit; `bounded` has one".to_owned(),
            ),
            (
                "bounded:2:overflow=reject",
                format!(
                    "`bounded` has no option `overflow` here: {rayons} waits for its jobs, so none may be refused or \
                     dropped; with a full queue of `bounded` outside threads wait"
                ),
            ),
            (
                "priority:levels=3",
                format!("`priority` has no option `levels` here: jobs of {rayons} have no priority"),
            ),
            ("fair:queues=3", format!("`fair` has no option `queues` here: jobs of {rayons} name no queue")),
            (
                "bounded:capasity=4",
                "`bounded` has no option `capasity`; did you mean `capacity`? known: help, capacity"
                    .to_owned(),
            ),
            ("stealing:size=4", "`stealing` has no option `size`; known: help".to_owned()),
        ] {
            let error = text.parse::<PoolSpec>().unwrap_err();
            assert_eq!(error.to_string(), format!("`{text}`: {reason}"));
        }
    }
}
