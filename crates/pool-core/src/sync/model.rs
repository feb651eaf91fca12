//! The machine as loom's models see it: atomics, and a system that interrupts threads.
//!
//! Both modes are for one model at a time, and for all its threads, which run on one thread of the system.
//!
//! # Tracked
//!
//! loom 0.7 remembers the last access of each atomic only, and looks for another order of two accesses if one is the other's
//! last. A load of one's own before one's write thus hides the write from others' earlier loads. Under [`tracked`] each access
//! begins with a store to a second atomic, which is never read: all such stores depend on each other, so that loom tries other
//! orders of any two accesses, up to the bound on switches. That takes many times longer.
//!
//! # Asymmetric
//!
//! Otherwise light fences are full ones in a model, and a heavy one is not needed. Under [`asymmetric`] a light fence is
//! nothing, and the heavy fence interrupts the other threads. For that each thread has a word of its own, which it changes
//! after each access of an atomic, with acquire and release; and the heavy fence changes all of them, between two fences. So
//! all that a thread did before that moment comes before what follows the heavy fence, and all that came before
//! the heavy fence comes before what the thread does afterwards: as if it had issued a fence.

use std::cell::Cell;

use loom::sync::atomic::{
    AtomicUsize as Word,
    Ordering::{self, AcqRel, Acquire, Relaxed, Release},
};

/// As many as loom has.
const THREADS: usize = 5;

thread_local! {
    static TRACKED: Cell<bool> = const { Cell::new(false) };
    static ASYMMETRIC: Cell<bool> = const { Cell::new(false) };
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

loom::lazy_static! {
    static ref INTERRUPTS: Interrupts = Interrupts::default();
}

loom::thread_local! {
    static INDEX: usize = INTERRUPTS.enlist();
}

/// The words of the threads.
#[derive(Default)]
struct Interrupts {
    words: [Word; THREADS],
    threads: std::sync::atomic::AtomicUsize,
}

impl Interrupts {
    fn enlist(&self) -> usize {
        self.threads.fetch_add(1, Relaxed)
    }
}

/// Checks a model whose atomics are tracked.
pub fn tracked(check: impl FnOnce()) {
    switch(&TRACKED, check);
}

/// Checks a model with light fences and heavy ones.
pub fn asymmetric(check: impl FnOnce()) {
    switch(&ASYMMETRIC, check);
}

fn switch(mode: &'static std::thread::LocalKey<Cell<bool>>, check: impl FnOnce()) {
    struct Off(&'static std::thread::LocalKey<Cell<bool>>);
    impl Drop for Off {
        fn drop(&mut self) {
            self.0.set(false);
        }
    }
    mode.set(true);
    let _off = Off(mode);
    check();
}

/// Whether every heavy fence fails from now on, and light ones are nothing. For a model to say when it begins or on its way, and
/// at its end.
pub fn refuse_fences(refused: bool) {
    REFUSED.set(refused);
}

pub(crate) fn are_fences_refused() -> bool {
    REFUSED.get()
}

pub(crate) fn is_asymmetric() -> bool {
    ASYMMETRIC.get()
}

/// A thread can be interrupted here.
#[track_caller]
fn interruptible() {
    if is_asymmetric() {
        let index = INDEX.with(|index| *index);
        INTERRUPTS.words[index].fetch_add(0, AcqRel);
    }
}

/// Interrupts all other threads, also those that have not accessed an atomic yet. Returns whether it does.
pub(crate) fn interrupt_all() -> bool {
    if is_asymmetric() && !are_fences_refused() {
        let me = INDEX.with(|index| *index);
        (0..THREADS).filter(|thread| *thread != me).for_each(|thread| {
            INTERRUPTS.words[thread].fetch_add(0, AcqRel);
        });
    }
    !are_fences_refused()
}

macro_rules! atomic {
    ($name:ident $(<$parameter:ident>)?, $value:ty) => {
        pub struct $name $(<$parameter>)? {
            word: loom::sync::atomic::$name $(<$parameter>)?,
            order: loom::sync::atomic::AtomicBool,
        }

        impl $(<$parameter>)? $name $(<$parameter>)? {
            #[track_caller]
            pub fn new(value: $value) -> Self {
                $name { word: loom::sync::atomic::$name::new(value), order: loom::sync::atomic::AtomicBool::new(false) }
            }

            #[track_caller]
            fn access<R>(&self, access: impl FnOnce(&loom::sync::atomic::$name $(<$parameter>)?) -> R) -> R {
                if TRACKED.get() {
                    self.order.store(false, Relaxed);
                }
                let result = access(&self.word);
                interruptible();
                result
            }

            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                self.access(|word| word.load(order))
            }

            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                self.access(|word| word.store(value, order));
            }

            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                self.access(|word| word.swap(value, order))
            }

            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.access(|word| word.compare_exchange(current, new, success, failure))
            }

            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }
        }
    };
}

macro_rules! number {
    ($name:ident, $value:ty) => {
        atomic!($name, $value);

        impl Default for $name {
            #[track_caller]
            fn default() -> Self {
                $name::new(0)
            }
        }

        impl $name {
            /// By the only one who has it.
            #[track_caller]
            pub fn with_mut<R>(&mut self, f: impl FnOnce(&mut $value) -> R) -> R {
                self.word.with_mut(f)
            }

            #[track_caller]
            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                self.access(|word| word.fetch_add(value, order))
            }

            #[track_caller]
            pub fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                self.access(|word| word.fetch_sub(value, order))
            }

            #[track_caller]
            pub fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                self.access(|word| word.fetch_or(value, order))
            }

            #[track_caller]
            pub fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                self.access(|word| word.fetch_and(value, order))
            }

            #[track_caller]
            pub fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                mut f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut seen = self.load(failure);
                while let Some(new) = f(seen) {
                    match self.compare_exchange(seen, new, success, failure) {
                        Ok(seen) => return Ok(seen),
                        Err(now) => seen = now,
                    }
                }
                Err(seen)
            }
        }
    };
}

atomic!(AtomicBool, bool);
atomic!(AtomicPtr<T>, *mut T);
number!(AtomicU8, u8);
number!(AtomicU32, u32);
number!(AtomicU64, u64);
number!(AtomicUsize, usize);

/// Explores a model up to this many involuntary switches; with three threads, all of them take minutes.
pub fn bounded(switches: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(model);
}

/// A queue, as far as a protocol is concerned: a number of jobs.
#[derive(Default)]
pub struct Jobs(AtomicUsize);

impl Jobs {
    /// Adds one.
    pub fn push(&self) {
        self.0.fetch_add(1, Release);
    }

    /// Takes one, if there is one.
    pub fn take(&self) -> bool {
        self.0.fetch_update(AcqRel, Acquire, |jobs| jobs.checked_sub(1)).is_ok()
    }

    /// Whether there is one.
    pub fn is_visible(&self) -> bool {
        self.0.load(Acquire) > 0
    }
}
