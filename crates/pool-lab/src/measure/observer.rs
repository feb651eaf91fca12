//! Who is told how a measurement goes on.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::plan::Group;
use crate::record::Record;

/// Told how a measurement goes on, and asked whether it should.
pub trait Observer {
    /// Something to be known before it begins.
    fn note(&mut self, _what: &str) {}

    /// It begins, and takes about so long. Told where that is settled; a run that is gone on with takes what the earlier ones have left.
    fn limit(&mut self, _left: Duration) {}

    /// A group begins: the how-manieth of how many.
    fn begin(&mut self, number: usize, of: usize, group: &Group);

    /// Of the group that has begun so many blocks are over, of as many as it has at first.
    fn block(&self, _done: usize, _of: usize) {}

    /// From now on this engine is built, run or stopped, by the name that records have for it. Told before anything that may
    /// hang, or end the process.
    fn runs(&self, _group: &Group, _engine: &str) {}

    /// Why an engine is not to be tried in this group, if it is not: what its record says then.
    fn known_failure(&self, _group: &Group, _engine: &str) -> Option<String> {
        None
    }

    /// A group whose verdicts are open is measured further, having had so many blocks.
    fn again(&mut self, _group: &Group, _blocks: usize) {}

    /// A group has ended, with these records; after [`Observer::again`] they take the place of its earlier ones. `Break` ends the measurement.
    fn end(&mut self, group: &Group, records: &[Record]) -> ControlFlow<()>;

    /// Asked between two samples: whether to leave the group, unfinished and without records, and end the measurement.
    fn is_stopped(&self) -> bool {
        false
    }
}
