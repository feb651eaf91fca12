//! More threads than cores, for jobs that compute.

use crate::claim::{Claim, Figures, Found, written};
use crate::numbers::units;
use crate::workload::CaseError;

pub(super) static CLAIM: Claim = Claim {
    name: "too-many-threads",
    says: "Too many threads slow computing down: context switches.",
    measure,
    sentence,
};

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    let cores = num_cpus::get();
    for factor in [1, 4, figures.size(32, 8)] {
        figures.time(&format!("mpsc:{}", factor * cores), "app/mandelbrot")?;
    }
    Ok(())
}

fn sentence(found: &Found) -> Option<String> {
    let all = found.by_threads("time per");
    let (few, many) = (all.first()?, all.last()?);
    let ratio = units::ratio(many.median / few.median);
    Some(format!(
        "Jobs that compute take {} a pixel on {} threads and {} on {}: {ratio} the time. The price of more threads is \
         memory and latency before it is throughput.",
        written(few),
        few.threads,
        written(many),
        many.threads
    ))
}
