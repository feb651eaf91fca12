//! Running the cases: as a test target, or from a program.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::cases::ending;
use crate::tools::{hush_expected_panics, payload_text};
use crate::{Case, Subject};

/// A case that takes longer than this hangs. Each takes well under a second; the rest is for slow machines and
/// for sanitizers.
const DEADLINE: Duration = Duration::from_secs(60);

/// The same, where the [races](ending) are to have many rounds.
const LONG_DEADLINE: Duration = Duration::from_secs(3600);

/// The `main` of a test target without a harness: runs every case on every subject, as the command line says.
pub fn main(subjects: impl IntoIterator<Item = Subject>) -> ExitCode {
    hush_expected_panics();
    let trials = subjects.into_iter().flat_map(trials_of).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trials_of(subject: Subject) -> Vec<Trial> {
    let trial = |case: Case| {
        let subject = subject.clone();
        let name = format!("{}::{}", subject.name(), case.name());
        Trial::ignorable_test(name, move || match case.missing(&subject) {
            Some(why) => Ok(Completion::ignored_with(why)),
            None => watch(&case, &subject).map(|()| Completion::Completed).map_err(Failed::from),
        })
    };
    subject.cases().into_iter().map(trial).collect()
}

/// Runs every case that this subject claims, one after the other, and returns the names of those that were not run,
/// with the reason.
///
/// # Errors
///
/// The names of the cases that failed, each with how.
pub fn run(subject: &Subject) -> Result<Vec<String>, Vec<String>> {
    hush_expected_panics();
    let (mut skipped, mut failed) = (Vec::new(), Vec::new());
    for case in subject.cases() {
        match case.missing(subject) {
            Some(why) => skipped.push(format!("{}: {why}", case.name())),
            None => failed.extend(watch(&case, subject).err().map(|how| format!("{}: {how}", case.name()))),
        }
    }
    if failed.is_empty() { Ok(skipped) } else { Err(failed) }
}

/// Runs a case on a thread of its own and does not wait for it for ever.
fn watch(case: &Case, subject: &Subject) -> Result<(), String> {
    if case.needs_pool() {
        subject.check_rules().map_err(|broken| format!("not run: {broken}"))?;
    }
    let (send, receive) = sync_channel(1);
    let (watched, subject) = (case.clone(), subject.clone());
    let thread = thread::Builder::new()
        .name(case.name().to_owned())
        .spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| watched.run(&subject)));
            // The receiver is gone when the case came too late.
            let _ = send.send(outcome.map_err(text_of));
        })
        .map_err(|error| format!("no thread to run the case on: {error}"))?;
    let deadline = if ending::rounds_are_set() { LONG_DEADLINE } else { DEADLINE };
    match receive.recv_timeout(deadline) {
        Ok(outcome) => {
            let _ = thread.join();
            outcome
        }
        // Its threads are left behind; there is no way to stop them.
        Err(RecvTimeoutError::Timeout) => Err(format!("it hangs: it has run for {deadline:?}")),
        Err(RecvTimeoutError::Disconnected) => Err("its thread has died".to_owned()),
    }
}

pub(crate) fn text_of(payload: Box<dyn Any + Send>) -> String {
    payload_text(&*payload).unwrap_or("it panicked with a payload that is no text").to_owned()
}
