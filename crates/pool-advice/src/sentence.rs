//! Advice in words.

use std::fmt;

use crate::advice::{Advice, Forecast};
use crate::blocking::Blocking;
use crate::short::short;

/// In a few sentences: what was of use, how jobs spend their time, what to expect, what to do, and how sure it is.
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Of {} workers on {} {:.1} were of use on average and {} at the peak, with {:.1} jobs a second.",
            self.threads,
            plural(self.cpus, "CPU"),
            self.busy_on_average,
            self.busy_at_peak,
            self.rate(),
        )?;
        if let Some(blocking) = &self.blocking {
            write!(f, " {}", Divided(blocking, self.cpus))?;
        }
        self.write_forecasts(f)?;
        if let Some(recommended) = &self.recommended {
            write!(f, " Advice: {}", Recommended(recommended, self.cpus))?;
        }
        self.write_doubts(f)
    }
}

impl Advice {
    fn write_forecasts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((today, larger)) = self.forecasts.split_first() else { return Ok(()) };
        write!(f, " Waits to be expected (p50, p99): {}", Waits(today))?;
        if let Some(measured) = self.measured_wait {
            write!(f, " (p99 measured: {})", short(measured))?;
        }
        larger.iter().try_for_each(|forecast| write!(f, "; {}", Waits(forecast)))?;
        write!(f, ".")
    }

    fn write_doubts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.doubts[..] {
            [] => write!(f, " Nothing that was measured speaks against it."),
            doubts => {
                write!(f, " Not sure, since ")?;
                let words: Vec<String> = doubts.iter().map(ToString::to_string).collect();
                write!(f, "{}.", words.join("; and "))
            }
        }
    }
}

/// How the time of jobs divides, on so many CPUs.
struct Divided<'a>(&'a Blocking, usize);

impl fmt::Display for Divided<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divided(blocking, cpus) = self;
        write!(
            f,
            "A job is blocked for {:.0} % of its time, and {:.2} CPUs were in use; {} of such jobs keep {} busy.",
            100.0 * blocking.coefficient,
            blocking.cpus_in_use,
            plural(blocking.size, "worker"),
            plural(*cpus, "CPU"),
        )
    }
}

struct Waits<'a>(&'a Forecast);

impl fmt::Display for Waits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workers = plural(self.0.threads, "worker");
        match self.0.expected {
            Some(expected) => {
                write!(f, "{workers} {}, {}", short(expected.wait.p50), short(expected.wait.p99))
            }
            None => write!(f, "{workers} without end, for they can run {:.1} jobs a second", self.0.capacity),
        }
    }
}

/// What to do, on so many CPUs.
struct Recommended<'a>(&'a Forecast, usize);

impl fmt::Display for Recommended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workers = plural(self.0.threads, "worker");
        match self.0.expected {
            Some(expected) => write!(
                f,
                "{workers}, with which 99 of 100 jobs end within {} of their submission; no other number does much better.",
                short(expected.response.p99)
            ),
            None => write!(
                f,
                "{workers}, and fewer jobs: {} cannot run more than {:.1} a second.",
                plural(self.1, "CPU"),
                self.0.capacity
            ),
        }
    }
}

fn plural(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
