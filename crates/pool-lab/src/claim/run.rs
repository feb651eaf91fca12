//! Measuring a claim on a thread of its own, so that one whose engine hangs or panics ends alone.

use std::io;
use std::time::Duration;

use super::{Claim, Figures};
use crate::system::apart::Apart;
use crate::workload::CaseError;

/// Why a claim has no figures.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// An engine cannot be built, or gave a wrong answer.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// It hung or panicked; what it was at is said as well.
    #[error("{0}")]
    Gone(String),
    /// There is no thread to measure on.
    #[error("the system has no thread to measure on: {0}")]
    NoThread(#[source] io::Error),
}

/// Measures a claim, with small inputs if `quick`. No step of it ([`Figures::step`]) takes longer than `patience`, unless it
/// hangs; then it is left behind with all of its threads, and what it has found by then is lost.
///
/// # Errors
///
/// [`ClaimError`], in one line.
pub fn measure(claim: &Claim, quick: bool, patience: Duration) -> Result<Figures, ClaimError> {
    let apart: Apart<()> = Apart::start("claim", patience).map_err(ClaimError::NoThread)?;
    let (name, experiment) = (claim.name, claim.measure);
    let outcome = apart.ask_in_steps(move |(), steps| {
        let mut figures = Figures { steps, ..Figures::new(name, quick) };
        experiment(&mut figures).map(|()| figures)
    });
    match outcome {
        Ok(outcome) => {
            apart.end();
            Ok(outcome?)
        }
        Err((gone, step)) => {
            apart.leave_behind();
            let at = if step.is_empty() { String::new() } else { format!(": {step}") };
            Err(ClaimError::Gone(format!("{gone}{at}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(experiment: fn(&mut Figures) -> Result<(), CaseError>, patience: Duration) -> String {
        let claim = Claim { name: "invented", says: "Nothing.", measure: experiment, sentence: |_| None };
        match measure(&claim, true, patience) {
            Ok(figures) => format!("{} skipped", figures.skipped.len()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_claim_that_hangs_or_panics_is_an_error_that_names_its_last_step() {
        let hangs = |figures: &mut Figures| {
            figures.step("the first");
            figures.step("the second");
            loop {
                std::thread::park();
            }
        };
        // Long enough for the second step to begin, on a machine that is busy.
        assert_eq!(outcome(hangs, Duration::from_secs(2)), "hung after 2 s: the second");
        let long = Duration::from_secs(100);
        assert_eq!(outcome(|_| panic!("as it should"), long), "panicked");
        let wrong = |figures: &mut Figures| figures.time("chili:1", "spawn/external:jobs=5");
        assert_eq!(outcome(wrong, long), "no detached jobs");
        let right = |figures: &mut Figures| {
            figures.skipped.push("nothing to measure".to_owned());
            Ok(())
        };
        assert_eq!(outcome(right, long), "1 skipped");
    }
}
