//! As many threads as cores, for jobs that block.

use crate::claim::{Claim, Figures, Found, written};
use crate::numbers::units;
use crate::workload::CaseError;

pub(super) static CLAIM: Claim = Claim {
    name: "too-few-threads",
    says: "Too few threads leave the processor idle while jobs wait for I/O.",
    measure,
    sentence,
};

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    for threads in [num_cpus::get(), 8, 40] {
        figures.time(&format!("mpsc:{threads}"), "io/sleep:jobs=40:length=1ms")?;
    }
    Ok(())
}

fn sentence(found: &Found) -> Option<String> {
    let all = found.by_threads("time per");
    let (few, many) = (all.first()?, all.last()?);
    Some(format!(
        "40 jobs that block for a millisecond take {} each on {} threads and {} on {}: {} faster.",
        written(few),
        few.threads,
        written(many),
        many.threads,
        units::ratio(few.median / many.median)
    ))
}
