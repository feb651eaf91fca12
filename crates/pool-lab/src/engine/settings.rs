//! `key=value` settings: the options of an engine, the parameters of a workload.
//!
//! Both are declared as [`Rule`]s in a table, checked as soon as they are read, and looked up by type
//! afterwards, so that a value that got past [`Settings::set`] can no longer be wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::names::meant;

/// One setting that an engine or a workload knows.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The key.
    pub name: &'static str,
    /// The value that holds when the user gives none; empty when there is no such value.
    pub default: &'static str,
    /// The value that tests use, where it has to be smaller than the default.
    pub quick: &'static str,
    /// Which values are allowed.
    pub allowed: Allowed,
    /// What the setting does.
    pub about: &'static str,
}

impl Rule {
    /// A setting whose default is fit for tests too.
    pub const fn new(
        name: &'static str,
        allowed: Allowed,
        default: &'static str,
        about: &'static str,
    ) -> Self {
        Rule { name, default, quick: default, allowed, about }
    }

    /// The same with another value for tests.
    pub const fn quick(self, quick: &'static str) -> Self {
        Rule { quick, ..self }
    }

    /// Whether tests use a smaller value than this one.
    fn is_too_slow(&self, value: &str) -> bool {
        let has_own = self.quick != self.default;
        has_own && self.allowed.size(value).is_some_and(|size| Some(size) > self.allowed.size(self.quick))
    }
}

/// The most places of a queue whose memory is taken at once: some hundred megabytes.
pub const MOST_PLACES: u64 = 1 << 22;

/// The values that a [`Rule`] allows.
#[derive(Debug, Clone, Copy)]
pub enum Allowed {
    /// A whole number in a range, both ends included.
    Number {
        /// The least value.
        min: u64,
        /// The greatest value.
        max: u64,
    },
    /// A power of two, at least 1.
    PowerOfTwo {
        /// The greatest value.
        max: u64,
    },
    /// A length of time: `0`, `200us`, `5ms`, `1s`.
    Duration {
        /// The longest.
        most: Duration,
    },
    /// One of these words. A word that ends in `-` is followed by a length of time up to [`Allowed::LONGEST`]: `timeout-5ms`.
    Choice(&'static [&'static str]),
    /// Anything, such as the path of a directory.
    Text,
}

impl Allowed {
    /// How many jobs, numbers or nodes there are. Each takes memory, in every engine that is measured: some hundred bytes
    /// where it is a queued job.
    pub const COUNT: Allowed = Allowed::Number { min: 1, max: 10_000_000 };

    /// Places in a queue whose memory is taken at once.
    pub const CAPACITY: Allowed = Allowed::Number { min: 1, max: MOST_PLACES };

    /// What a generator of random numbers starts from.
    pub const SEED: Allowed = Allowed::Number { min: 0, max: u32::MAX as u64 };

    /// How long something waits. A measurement gives up on jobs of which none ends for 30 seconds.
    pub const WAIT: Allowed = Allowed::Duration { most: Allowed::LONGEST };

    /// How long a job computes: no longer than its number of steps can say.
    pub const EFFORT: Allowed = Allowed::Duration { most: Duration::from_secs(2) };

    /// The longest time that any setting may have.
    pub const LONGEST: Duration = Duration::from_secs(20);

    /// What values are ordered by, where they are.
    fn size(self, value: &str) -> Option<u128> {
        match self {
            Allowed::Number { .. } | Allowed::PowerOfTwo { .. } => value.parse().ok(),
            Allowed::Duration { .. } => parse_duration(value).map(|time| time.as_nanos()),
            Allowed::Choice(_) | Allowed::Text => None,
        }
    }

    fn allows(self, value: &str) -> bool {
        match self {
            Allowed::Number { min, max } => value.parse().is_ok_and(|n: u64| (min..=max).contains(&n)),
            Allowed::PowerOfTwo { max } => value.parse().is_ok_and(|n: u64| n.is_power_of_two() && n <= max),
            Allowed::Duration { most } => parse_duration(value).is_some_and(|time| time <= most),
            Allowed::Choice(words) => words.iter().any(|word| match word.strip_suffix('-') {
                Some(_) => value.strip_prefix(word).is_some_and(|time| Allowed::WAIT.allows(time)),
                None => value == *word,
            }),
            Allowed::Text => true,
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowed::Number { min, max } => write!(f, "a whole number from {min} to {max}"),
            Allowed::PowerOfTwo { max } => write!(f, "a power of two up to {max}"),
            Allowed::Duration { most } => {
                write!(f, "a time such as 200us, 5ms or 1s, of at most {}s", most.as_secs())
            }
            Allowed::Choice(words) => {
                let show = |word: &&str| match word.strip_suffix('-') {
                    Some(word) => format!("{word}-<time up to {}s>", Allowed::LONGEST.as_secs()),
                    None => (*word).to_owned(),
                };
                write!(f, "one of {}", words.iter().map(show).collect::<Vec<_>>().join(", "))
            }
            Allowed::Text => write!(f, "any text"),
        }
    }
}

/// Why a setting was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// A part of the spec is not `key=value`.
    #[error("`{0}` is not of the form option=value")]
    NotAPair(String),
    /// The key is not in the table.
    #[error("unknown option `{option}`; {}known: {known}", meant_option(.option, .known))]
    Unknown {
        /// What was given.
        option: String,
        /// What is known, in a list.
        known: String,
    },
    /// The option was given before.
    #[error("option {option} is given twice, as `{first}` and `{second}`; give it once")]
    Twice {
        /// The option.
        option: &'static str,
        /// Its value.
        first: String,
        /// The other one.
        second: String,
    },
    /// The value is not allowed.
    #[error("option {option} must be {allowed}, not `{value}`")]
    BadValue {
        /// The option.
        option: &'static str,
        /// What is allowed.
        allowed: String,
        /// What was given.
        value: String,
    },
}

/// Where no option is known, none was meant.
fn meant_option(option: &str, known: &str) -> String {
    if known == NONE { String::new() } else { meant(option, known) }
}

/// What stands in place of a list of options.
const NONE: &str = "none";

/// Checked settings: what the user gave, on top of the defaults of a table of rules.
#[derive(Debug, Clone)]
pub struct Settings {
    rules: &'static [Rule],
    quick: bool,
    given: BTreeMap<&'static str, String>,
}

impl Settings {
    /// The defaults of `rules`.
    pub fn new(rules: &'static [Rule]) -> Self {
        Settings { rules, quick: false, given: BTreeMap::new() }
    }

    /// The same with the small values that tests use: one that was not given has this value, and one that was given is
    /// no greater.
    pub fn quick(self) -> Self {
        Settings { quick: true, ..self }
    }

    /// The same where what was not given has the small value that tests use, as if that had been given.
    pub fn sized_down(mut self) -> Self {
        for rule in self.rules.iter().filter(|rule| rule.quick != rule.default) {
            self.given.entry(rule.name).or_insert_with(|| rule.quick.to_owned());
        }
        self
    }

    /// Reads one `key=value`.
    ///
    /// # Errors
    ///
    /// [`SettingError`] when it is no pair, the key is unknown, was set before, or the value is not allowed.
    pub fn set(&mut self, pair: &str) -> Result<(), SettingError> {
        let (key, value) = pair.split_once('=').ok_or_else(|| SettingError::NotAPair(pair.to_owned()))?;
        let rule = self.rules.iter().find(|rule| rule.name == key).ok_or_else(|| SettingError::Unknown {
            option: key.to_owned(),
            known: if self.rules.is_empty() {
                NONE.to_owned()
            } else {
                self.rules.iter().map(|rule| rule.name).collect::<Vec<_>>().join(", ")
            },
        })?;
        if !rule.allowed.allows(value) {
            return Err(SettingError::BadValue {
                option: rule.name,
                allowed: rule.allowed.to_string(),
                value: value.to_owned(),
            });
        }
        if let Some(first) = self.given.get(rule.name) {
            let (first, second) = (first.clone(), value.to_owned());
            return Err(SettingError::Twice { option: rule.name, first, second });
        }
        self.given.insert(rule.name, value.to_owned());
        Ok(())
    }

    /// Whether these are the small values that tests use.
    pub fn is_quick(&self) -> bool {
        self.quick
    }

    /// Every setting that is a number or a time, the latter in nanoseconds: for programs that read nothing else.
    pub fn numbers(&self) -> impl Iterator<Item = (&'static str, u128)> {
        self.rules.iter().filter_map(|rule| Some((rule.name, rule.allowed.size(self.text(rule.name))?)))
    }

    /// Whether the user gave this one.
    pub fn is_given(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The value as text; empty when none was given and there is no default.
    ///
    /// # Panics
    ///
    /// When the table has no such rule: a slip in this crate.
    pub fn text(&self, name: &str) -> &str {
        let rule = self.rules.iter().find(|rule| rule.name == name);
        let rule = rule.unwrap_or_else(|| panic!("no rule named {name}"));
        match self.given.get(name) {
            Some(given) if self.quick && rule.is_too_slow(given) => rule.quick,
            Some(given) => given,
            None if self.quick => rule.quick,
            None => rule.default,
        }
    }

    /// The value as a number.
    pub fn number(&self, name: &str) -> usize {
        self.text(name).parse().expect("the rule admits whole numbers only")
    }

    /// The value as a length of time.
    pub fn duration(&self, name: &str) -> Duration {
        parse_duration(self.text(name)).expect("the rule admits lengths of time only")
    }
}

/// What was given, as `key=value` parts between colons; nothing when all are defaults.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (key, value)) in self.given.iter().enumerate() {
            write!(f, "{}{key}={value}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

/// Reads `0`, `200us`, `5ms`, `1s`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ns" => Some(Duration::from_nanos(number)),
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &[Rule] = &[
        Rule::new("capacity", Allowed::COUNT, "1024", "places in the queue"),
        Rule::new("overflow", Allowed::Choice(&["block", "timeout-", "reject"]), "block", "when full"),
        Rule::new("gap", Allowed::WAIT, "200us", "a pause").quick("1us"),
        Rule::new("size", Allowed::PowerOfTwo { max: 64 }, "16", "a side"),
    ];

    #[test]
    fn defaults_hold_until_set() {
        let mut settings = Settings::new(RULES);
        assert_eq!((settings.number("capacity"), settings.text("overflow")), (1024, "block"));
        settings.set("capacity=7").unwrap();
        settings.set("gap=2ms").unwrap();
        assert_eq!((settings.number("capacity"), settings.duration("gap")), (7, Duration::from_millis(2)));
        assert_eq!(settings.to_string(), "capacity=7:gap=2ms");
    }

    #[test]
    fn quick_values_are_the_small_ones() {
        let mut settings = Settings::new(RULES).quick();
        assert_eq!(settings.duration("gap"), Duration::from_micros(1));
        assert_eq!(settings.number("capacity"), 1024);
        let given = |pair| {
            let mut settings = Settings::new(RULES).quick();
            settings.set(pair).unwrap();
            settings
        };
        assert_eq!(given("gap=0").duration("gap"), Duration::ZERO);
        assert_eq!(given("gap=5ms").duration("gap"), Duration::from_micros(1));
        settings.set("capacity=2000").unwrap();
        assert_eq!(settings.number("capacity"), 2000);
    }

    #[test]
    fn what_is_sized_down_is_as_if_it_had_been_given() {
        let mut settings = Settings::new(RULES);
        settings.set("capacity=7").unwrap();
        assert_eq!(settings.clone().sized_down().to_string(), "capacity=7:gap=1us");
        settings.set("gap=2ms").unwrap();
        assert_eq!(settings.sized_down().to_string(), "capacity=7:gap=2ms");
    }

    #[test]
    fn errors_name_what_is_allowed() {
        let error = |pair: &str| Settings::new(RULES).set(pair).unwrap_err().to_string();
        assert_eq!(error("batch=3"), "unknown option `batch`; known: capacity, overflow, gap, size");
        assert_eq!(
            error("capacitiy=3"),
            "unknown option `capacitiy`; did you mean `capacity`? known: capacity, overflow, gap, size"
        );
        let none = Settings::new(&[]).set("one=3").unwrap_err().to_string();
        assert_eq!(none, "unknown option `one`; known: none");
        assert_eq!(error("capacity=0"), "option capacity must be a whole number from 1 to 10000000, not `0`");
        assert_eq!(
            error("overflow=drop"),
            "option overflow must be one of block, timeout-<time up to 20s>, reject, not `drop`"
        );
        assert_eq!(
            error("overflow=timeout-"),
            "option overflow must be one of block, timeout-<time up to 20s>, reject, not `timeout-`"
        );
        assert_eq!(
            error("gap=3"),
            "option gap must be a time such as 200us, 5ms or 1s, of at most 20s, not `3`"
        );
        for long in ["gap=21s", "gap=18446744073709551615s", "overflow=timeout-1000000s"] {
            assert!(error(long).contains("20s"), "{long}");
        }
        for absurd in
            ["capacity=10000001", "capacity=4294967295", "capacity=99999999999999999999", "capacity=-1"]
        {
            assert!(error(absurd).contains("a whole number from 1 to 10000000, not `"), "{absurd}");
        }
        for bad in ["size=0", "size=3", "size=128"] {
            assert!(error(bad).starts_with("option size must be a power of two up to 64, not"), "{bad}");
        }
        assert_eq!(error("gap"), "`gap` is not of the form option=value");
        let mut settings = Settings::new(RULES);
        settings.set("capacity=4").unwrap();
        let twice = settings.set("capacity=5").unwrap_err().to_string();
        assert_eq!(twice, "option capacity is given twice, as `4` and `5`; give it once");
        assert_eq!(settings.number("capacity"), 4);
    }

    #[test]
    fn a_choice_may_carry_a_time() {
        let mut settings = Settings::new(RULES);
        settings.set("overflow=timeout-5ms").unwrap();
        assert_eq!(settings.text("overflow"), "timeout-5ms");
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("0"), Some(Duration::ZERO));
        assert_eq!(parse_duration("15ns"), Some(Duration::from_nanos(15)));
        assert_eq!(parse_duration("3s"), Some(Duration::from_secs(3)));
        for bad in ["", "3", "ms", "-1ms", "1.5ms", "1 ms", "99999999999999999999s"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
