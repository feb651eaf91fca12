//! Scopes of this crate around those of pool-core.

use pool_core::SharedScope;

/// A place to spawn tasks that may borrow, the newest first.
#[repr(transparent)]
pub struct Scope<'scope>(SharedScope<'scope>);

/// A place to spawn tasks that may borrow, the oldest first.
#[repr(transparent)]
pub struct ScopeFifo<'scope>(SharedScope<'scope>);

/// A wrapper around a shared scope.
pub(crate) trait Wrapped<'scope>: Sync {
    fn of<'a>(scope: &'a SharedScope<'scope>) -> &'a Self;

    fn inner(&self) -> &SharedScope<'scope>;
}

macro_rules! wrapped {
    ($($name:ident)*) => {$(
        impl<'scope> Wrapped<'scope> for $name<'scope> {
            fn of<'a>(scope: &'a SharedScope<'scope>) -> &'a Self {
                let scope: *const SharedScope<'scope> = scope;
                // SAFETY: the wrapper has the layout of what it wraps (`repr(transparent)`), and the reference lives as long.
                unsafe { &*scope.cast::<Self>() }
            }

            fn inner(&self) -> &SharedScope<'scope> {
                &self.0
            }
        }
    )*};
}

wrapped!(Scope ScopeFifo);
