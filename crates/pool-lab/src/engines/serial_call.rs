//! No pool and no thread, and every half of a join is a call: the recursion itself, which the compiler may not inline.
//!
//! Plain calls ([`super::serial`]) let the compiler unroll a recursion a few levels deep, which no pool can have, since
//! a half that may run elsewhere needs an address. So this is the least that a join can cost.

use super::row::Row;
use crate::engine::{Joins, Spec, SpecError, Start};

pub(super) fn row() -> Row {
    Row::no_pool(
        "serial-call",
        "no pool: each half of a join is a call, never inlined",
        "stealing, and panics that must wait for the other half",
    )
    .joins::<SerialCall>()
    .counted()
    .not_a_pool("it runs jobs on the thread that submits them")
}

pub(crate) struct SerialCall;

impl Start for SerialCall {
    /// The number of threads has no meaning here.
    fn start(_: &Spec) -> Result<Self, SpecError> {
        Ok(SerialCall)
    }

    fn stop(self) {}
}

impl Joins for SerialCall {
    type Context<'c> = ();

    fn enter<R: Send>(&self, root: impl FnOnce(&mut ()) -> R + Send) -> R {
        root(&mut ())
    }

    #[inline]
    fn join<A, B, RA, RB>(context: &mut (), a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut ()) -> RA + Send,
        B: FnOnce(&mut ()) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        (call(a, context), call(b, context))
    }
}

#[inline(never)]
fn call<R>(half: impl FnOnce(&mut ()) -> R, context: &mut ()) -> R {
    half(context)
}
