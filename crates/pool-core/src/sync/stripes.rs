//! Which stripe a thread counts on in pools of which it is no worker.
//!
//! The first few threads of the process have a stripe of their own each, in every pool, and count on it without locked
//! instructions, as a worker does on its own. When such a thread ends, the next one that submits gets the stripe. All
//! others take turns over stripes that they share.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use crate::sync::gate::{OUTSIDE_STRIPES, OWN_STRIPES};

/// One bit for each stripe that a living thread owns.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    // Without a destructor, so that it can be read while other thread-local values are being dropped.
    static STRIPE: Cell<usize> = const { Cell::new(usize::MAX) };
    static CLAIM: Claim = Claim::new();
}

/// The stripe of the gate that this thread uses from outside: its own, or one that it shares.
#[inline]
pub(crate) fn outside_stripe() -> usize {
    match STRIPE.get() {
        usize::MAX => {
            let stripe = choose();
            STRIPE.set(stripe);
            stripe
        }
        stripe => stripe,
    }
}

/// Whether no other thread uses this stripe, which is the calling thread's.
#[inline]
pub(crate) fn is_own_stripe(stripe: usize) -> bool {
    stripe < OWN_STRIPES
}

/// Has this thread use another stripe from here on.
pub(crate) fn set_outside_stripe(stripe: usize) {
    STRIPE.set(stripe);
}

/// A thread's claim to a stripe, while it lives.
struct Claim(usize);

/// A stripe for the calling thread: its own, if there is one left.
#[cold]
fn choose() -> usize {
    // A thread that is about to end has no claim any more.
    CLAIM.try_with(|claim| claim.0).unwrap_or_else(|_| shared())
}

fn shared() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    OWN_STRIPES + NEXT.fetch_add(1, Relaxed) % (OUTSIDE_STRIPES - OWN_STRIPES)
}

impl Claim {
    fn new() -> Self {
        // With the stripe come the counters as its last owner left them.
        let own = (0..OWN_STRIPES).find(|stripe| TAKEN.fetch_or(1 << stripe, Acquire) & 1 << stripe == 0);
        Claim(own.unwrap_or_else(shared))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.0 < OWN_STRIPES {
            // First, because other destructors of this thread may still submit.
            set_outside_stripe(shared());
            TAKEN.fetch_and(!(1 << self.0), Release);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn no_two_living_threads_own_the_same_stripe() {
        const THREADS: usize = 2 * OWN_STRIPES;
        for _ in 0..20 {
            let all = Barrier::new(THREADS);
            let stripes: Vec<usize> = thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS)
                    .map(|_| {
                        scope.spawn(|| {
                            let stripe = outside_stripe();
                            all.wait();
                            assert_eq!(outside_stripe(), stripe, "a thread keeps its stripe");
                            stripe
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let own: Vec<_> = stripes.iter().filter(|&&stripe| stripe < OWN_STRIPES).collect();
            assert_eq!(own.iter().collect::<BTreeSet<_>>().len(), own.len());
            assert!(stripes.iter().all(|&stripe| stripe < OUTSIDE_STRIPES));
        }
    }

    #[test]
    fn a_thread_that_has_given_up_its_stripe_uses_another() {
        thread::spawn(|| {
            let own = Claim::new();
            let before = own.0;
            drop(own);
            assert!(before >= OWN_STRIPES || outside_stripe() >= OWN_STRIPES);
        })
        .join()
        .unwrap();
    }
}
