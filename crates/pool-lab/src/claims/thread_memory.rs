//! What memory a thread takes, reserved and resident.

use std::sync::Barrier;
use std::thread;

use crate::claim::{Claim, Figures, Found};
use crate::metrics::BYTES;
use crate::system::os;
use crate::workload::CaseError;

pub(super) static CLAIM: Claim =
    Claim { name: "thread-memory", says: "Each thread uses 2 MB of memory.", measure, sentence };

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    let count = figures.size(500, 20);
    let (ready, end) = (Barrier::new(count + 1), Barrier::new(count + 1));
    let (before, during) = thread::scope(|scope| {
        let before = os::memory_of("self");
        for _ in 0..count {
            scope.spawn(|| {
                ready.wait();
                end.wait();
            });
        }
        ready.wait();
        let during = os::memory_of("self");
        end.wait();
        (before, during)
    });
    // Systems that do not tell have no such figures.
    if let (Some(before), Some(during)) = (before, during) {
        let each = |before: u64, during: u64| during.saturating_sub(before) as f64 / count as f64;
        figures.one("std::thread", "reserved", count, &BYTES, each(before.reserved, during.reserved));
        figures.one("std::thread", "resident", count, &BYTES, each(before.resident, during.resident));
    }
    Ok(())
}

fn sentence(found: &Found) -> Option<String> {
    let (reserved, resident) =
        (found.text("std::thread", "reserved")?, found.text("std::thread", "resident")?);
    Some(format!(
        "A thread that waits has {reserved} of addresses reserved for it, which cost nothing, and {resident} of memory in use."
    ))
}
