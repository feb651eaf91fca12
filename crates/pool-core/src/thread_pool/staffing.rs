//! How workers come and go while the pool runs: whoever looks up applies the rule of `roster`.

use std::sync::atomic::{Ordering::SeqCst, fence};
use std::time::{Duration, Instant};

use super::attention::{Matter, Seen};
use super::core::Core;
use super::cpu_limit::Follower;
use super::roster::Roster;
use super::worker;
use crate::book::Desk;
use crate::job::{Job, Task};
use crate::workforce::Workforce;
use crate::{Idle, Ledger, Outlet, PoolState, Reason, ResizeError, Strategy};

/// What a worker does next.
pub(super) enum Next {
    /// It asks the channel for a job, and waits until then if there is none.
    Pop(Option<Instant>),
    /// It leaves its seat.
    Leave,
}

/// A thread was refused when the last worker had gone: the pool is to [end](Core::end_with).
#[derive(Debug)]
pub(super) struct LastIsGone;

impl<S: Strategy> Core<S> {
    /// What a worker does between two jobs when something is the matter.
    #[cold]
    pub(super) fn attend(
        &self,
        index: usize,
        outlet: &mut S::Outlet,
        idle: &mut Idle<'_>,
        seen: Seen,
    ) -> Next {
        if seen.has(Matter::GIVES_BACK) {
            self.set_aside_queued();
        }
        if seen.has(Matter::PAUSED) {
            // Whatever is in the mailbox waits for the end of the pause as well.
            outlet.turn_away();
            let _ = idle.begin();
            let leaves = self.life.sit_out_pause(index, &self.mail, outlet.may_leave());
            idle.end();
            if leaves {
                return Next::Leave;
            }
        }
        if seen.has(Matter::MAIL) {
            outlet.turn_away();
            self.read_mail(index);
        }
        // After the mail: nobody leaves while there is some, and a letter may say that somebody is to leave.
        if self.life.attention.now().has(Matter::STAFF) {
            if outlet.may_leave() && self.life.leave(index, &self.mail) {
                // The stop hook comes first, and may take long.
                outlet.turn_away();
                return Next::Leave;
            }
            self.hire();
        }
        // Those who wait when the pool is as small as it may be wait for ever: it may grow, and shrink, without them.
        let may_be_too_many = self.settings.scales && self.life.can_shrink() && outlet.may_leave();
        Next::Pop(may_be_too_many.then(|| Instant::now().checked_add(self.settings.keep_alive)).flatten())
    }

    /// Starts workers while some are wanted and seats are free. One that cannot be started is counted, and nobody
    /// tries again for a while; the others go on without.
    ///
    /// If the pool has lost its last worker by then, it ends here. So the caller is not inside the gate.
    pub(super) fn hire(&self) {
        self.end_if_last(self.try_hire());
    }

    /// As [`hire`](Core::hire), for a caller that may be inside the gate: on an error it leaves the gate and then
    /// [ends](Core::end_with) the pool.
    fn try_hire(&self) -> Result<(), LastIsGone> {
        while let Some(index) = self.life.hire() {
            let core = self.me.upgrade().expect("whoever looks up holds the core");
            if worker::start(&core, index).is_err() {
                self.life.direct(|roster| roster.start_failed(index));
                return if self.life.forget() { Err(LastIsGone) } else { Ok(()) };
            }
        }
        Ok(())
    }

    fn end_if_last(&self, hired: Result<(), LastIsGone>) {
        if hired.is_err() {
            self.end_with(0);
        }
    }

    /// A worker that has left its seat is about to end. Whoever is wanted in the meantime may sit there now; and what
    /// it held privately lies where only a pop finds it.
    pub(super) fn seat_is_free(&self, index: usize) {
        self.life.direct(|roster| roster.vacate(index));
        self.hire();
        if self.settings.scales {
            // A submitter may have found this one idle, and left its job to it.
            self.see_to_the_rest();
        }
        self.nudge();
    }

    pub(super) fn resize(&self, threads: usize) -> Result<(), ResizeError> {
        if self.state() != PoolState::Running {
            return Err(ResizeError::ShutDown);
        }
        let bounds = self.life.bounds();
        if !bounds.contains(&threads) {
            return Err(ResizeError::OutOfBounds {
                asked: threads,
                least: *bounds.start(),
                most: *bounds.end(),
            });
        }
        self.apply(|roster| roster.aim(threads));
        Ok(())
    }

    /// Changes how many workers are wanted, and sees to it.
    fn apply(&self, change: impl FnOnce(&mut Roster)) {
        let surplus = self.life.direct(change);
        self.hire();
        self.find_leavers(surplus);
    }

    /// Has so many workers look up that wait, and may leave; busy ones look up by themselves.
    fn find_leavers(&self, surplus: usize) {
        if self.all_serve_all() {
            (0..surplus).for_each(|_| self.nudge());
        } else if surplus > 0 {
            // Whoever must stay takes nudges as well. So all others get a letter, and those who leave first are the ones.
            let seats = self.mail.open_seats().filter(|seat| self.serves_all(*seat));
            seats.for_each(|seat| self.write_to(seat));
        }
    }

    /// A worker that has ended a job comes by here, so that a pool with nothing to do never looks.
    pub(super) fn follow_cpu_limit(&self) {
        let Some(cpus) = self.settings.cpu_limit.as_ref().and_then(Follower::poll) else { return };
        let limit = cpus.map(|cpus| cpus.saturating_mul(self.settings.threads_per_cpu));
        if self.settings.scales {
            self.apply(|roster| roster.cap(limit.unwrap_or(usize::MAX)));
        } else {
            let most = self.settings.threads;
            self.apply(|roster| roster.aim(limit.map_or(most, |limit| limit.min(most))));
        }
    }

    /// What a pool does about its workers for each job that comes in, once it is counted. The caller is inside the gate.
    pub(super) fn hire_for_a_job(&self) -> Result<(), LastIsGone> {
        if self.life.is_short() {
            // A thread was refused; it may be had by now.
            self.try_hire()?;
        }
        if self.settings.scales { self.see_to_one_more() } else { Ok(()) }
    }

    /// The job that is to be queued for this one in a scaling pool.
    pub(super) fn stamped_to_grow(&self, job: Job) -> Job {
        match self.settings.queue_wait {
            Some(limit) if !job.is_stamped() => {
                Job::from_task(Stamped { job, at: Instant::now(), limit, pool: self.me.clone() })
            }
            _ => job,
        }
    }

    /// Work comes in to a scaling pool. The caller is inside the gate.
    pub(super) fn see_to_one_more(&self) -> Result<(), LastIsGone> {
        if self.life.can_grow() && self.idle_workers() == 0 { self.try_grow() } else { Ok(()) }
    }

    /// A worker of a scaling pool is idle no more: it has come by a job, or has left. A burst of jobs may have found it
    /// idle before.
    pub(super) fn see_to_the_rest(&self) {
        if self.life.can_grow() {
            // Against the submitter, which counts its job and then looks who is idle: one of the two sees the other.
            fence(SeqCst);
            if self.ledger().counts().queued > self.idle_workers() as u64 {
                self.grow();
            }
        }
    }

    fn grow(&self) {
        self.end_if_last(self.try_grow());
    }

    fn try_grow(&self) -> Result<(), LastIsGone> {
        self.life.direct(|roster| roster.aim_higher());
        self.try_hire()
    }

    /// A worker has waited until then. There is one too many if it is about to wait longer.
    pub(super) fn shrink(&self, until: Instant) {
        if Instant::now() >= until {
            self.life.direct(|roster| roster.aim_lower());
        }
    }

    /// Workers that wait, and those that are on their way.
    fn idle_workers(&self) -> usize {
        let seats = self.mail.open_seats().filter(|seat| self.serves_all(*seat));
        let waiting = self.ledger().waiting(seats).count();
        self.life.coming() + waiting
    }
}

impl<S: Strategy> Workforce for Core<S> {
    fn blocked(&self, seat: usize) {
        self.life.direct(|roster| roster.block(seat));
        self.hire();
    }

    fn unblocked(&self, seat: usize) {
        let surplus = self.life.direct(|roster| roster.unblock(seat));
        self.find_leavers(surplus.min(1));
    }

    fn overrun_ended(&self, seat: usize) {
        if !self.serves_all(seat) {
            // An express worker stays, whatever it has done.
            return self.unblocked(seat);
        }
        // It looks up by itself, now that it has ended its job.
        self.life.direct(|roster| roster.retire(seat));
    }

    fn start_failed(&self) {
        self.life.direct(|roster| roster.count_failed_start());
    }

    fn run_a_part(&self, seat: usize) -> bool {
        let Some(part) = self.mail.take_part(seat, &self.life.attention) else { return false };
        let ticket = self.ledger().run_in_passing(part, self.ledger().worker_desk(seat));
        debug_assert!(ticket.is_none(), "nothing is left of a part that has run");
        true
    }
}

/// A job that knows since when it has waited.
struct Stamped<S: Strategy> {
    job: Job,
    at: Instant,
    limit: Duration,
    pool: std::sync::Weak<Core<S>>,
}

impl<S: Strategy> Task for Stamped<S> {
    const IS_STAMPED: bool = true;

    fn run(self, desk: Option<Desk<'_>>) -> std::thread::Result<Option<Job>> {
        if self.at.elapsed() > self.limit
            && let Some(pool) = self.pool.upgrade()
        {
            pool.grow();
        }
        self.job.run_at(desk)
    }

    fn discard(self, reason: Reason, ledger: Option<&Ledger>) {
        self.job.discard_at(reason, ledger);
    }

    fn release(&mut self) -> bool {
        self.job.release()
    }
}
