//! An open loop: jobs arrive at moments drawn beforehand, whether or not those before have ended, as requests to a server do.
//!
//! A closed loop, which submits a job when an earlier one has ended, asks least of a pool just when it is slow, and so hides
//! what users of a server would have waited. Here each latency counts from the moment at which the job was to arrive.
//!
//! - *Capacity* is found first, for each pool, in a closed loop of jobs of the mean length. Jobs then arrive at a share of it,
//!   or (`of=common`) of what the cores could do if a pool cost nothing, which is the same rate for all engines.
//! - Every iteration has arrivals and lengths of its own, drawn from the seed and the numbers of block and iteration. They are the
//!   same for all engines, in mean gaps: as many jobs as would arrive at a pool with the capacity of the cores, further apart
//!   where a pool has less. So engines are compared under the same load, and not under two draws of it, and blocks have
//!   different ones (common random numbers: A. M. Law, "Simulation Modeling and Analysis", 2015, section 11.2). Lengths are stratified: one from each of as many equally likely parts of the distribution as
//!   there are jobs, in drawn order, so that no iteration has more work than another.
//! - The thread that submits (the *generator*) sleeps until shortly before a job is due, with exact timers, and polls the
//!   clock for the rest. Where there are as many workers as cores it shares the cores with them. How late it was, and how
//!   much processor time it took, is recorded.
//! - Above capacity there are no percentiles, which would only say how long the measurement lasted: instead what ended within
//!   a deadline, what was dropped, and how fast the backlog grew. The time is that for each job that ended in time.

mod draw;
mod play;

pub(crate) use draw::{Arrivals, Lengths};
pub(crate) use play::OpenLoop;
