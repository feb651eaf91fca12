//! Jobs that carry the time of their submission, so that [`CoDel`](crate::CoDel) can tell how long they have waited.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use pool_core::strategy::Pop;
use pool_core::{Job, Reason, Submit};

use crate::channel::Item;
use crate::codel::Control;

pub(crate) struct Timed {
    job: Job,
    /// `None` for a ticket, which is never given up.
    since: Option<Instant>,
}

impl Item for Timed {
    type Control = Arc<Mutex<Control>>;

    fn of(job: Job, submit: Submit) -> Self {
        Timed { job, since: (!submit.is_ticket()).then(Instant::now) }
    }

    fn into_job(self) -> Job {
        self.job
    }

    fn pop(self, control: &Self::Control) -> Pop {
        let Some(since) = self.since else { return Pop::Job(self.job) };
        let now = Instant::now();
        let waited = now.saturating_duration_since(since);
        if control.lock().unwrap_or_else(PoisonError::into_inner).sheds(waited, now) {
            Pop::Shed(self.job, Reason::Overloaded)
        } else {
            Pop::Job(self.job)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::CoDel;
    use crate::channel::Receiving;

    /// A pool that is overloaded now and will be for an hour.
    fn overloaded() -> Arc<Mutex<Control>> {
        let (hour, now) = (Duration::from_secs(3600), Instant::now());
        let mut control = Control::new(CoDel::default().interval(hour).target(Duration::from_secs(60)));
        let before = now.checked_sub(hour).unwrap_or(now);
        assert!(!control.sheds(hour, before));
        // Where the clock has not run for an hour, this one is later instead.
        assert!(!control.sheds(hour, before + hour));
        Arc::new(Mutex::new(control))
    }

    fn kinds(jobs: impl IntoIterator<Item = Timed>) -> Vec<&'static str> {
        let (sender, receiver) = crossbeam_channel::unbounded();
        jobs.into_iter().for_each(|job| sender.send(job).unwrap());
        drop(sender);
        let mut exit = Receiving { receiver, control: overloaded() };
        let next = || match exit.pop() {
            Pop::Job(_) => Some("run"),
            Pop::Shed(_, Reason::Overloaded) => Some("shed"),
            Pop::Empty => None,
            other => panic!("{other:?}"),
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn what_has_waited_too_long_is_shed_and_a_ticket_never_is() {
        let job = || Timed::of(Job::new(|| ()), Submit::default());
        let old = || Timed { since: Instant::now().checked_sub(Duration::from_secs(600)), ..job() };
        let ticket = || Timed { since: None, ..job() };
        if old().since.is_none() {
            println!("skipped: the clock has not run for ten minutes");
            return;
        }
        assert_eq!(kinds([old(), job(), ticket(), old()]), ["shed", "run", "run", "shed"]);
    }
}
