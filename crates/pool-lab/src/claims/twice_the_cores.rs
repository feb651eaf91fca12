//! Twice as many threads as cores, for I/O.

use crate::claim::{Claim, Figures, Found, written};
use crate::numbers::units;
use crate::workload::CaseError;

pub(super) static CLAIM: Claim = Claim {
    name: "twice-the-cores",
    says: "For I/O-bound work twice the cores is a good number of threads.",
    measure,
    sentence,
};

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    let cores = num_cpus::get();
    for factor in [1, 2, 4, 8, 16] {
        figures.time(&format!("mpsc:{}", factor * cores), "io/sleep:jobs=64:length=1ms")?;
    }
    Ok(())
}

fn sentence(found: &Found) -> Option<String> {
    let all = found.by_threads("time per");
    let twice = all.get(1)?;
    let best = all.iter().min_by(|a, b| a.median.total_cmp(&b.median))?;
    Some(format!(
        "With twice the cores ({} threads) such a job takes {}; with {} threads {}, {} faster. What counts is how long jobs block, \
         and not how many cores there are.",
        twice.threads,
        written(twice),
        best.threads,
        written(best),
        units::ratio(twice.median / best.median)
    ))
}
