//! What there is to say about the old and the new, an engine and a workload at a time.

use crate::numbers::stats::{self, Estimate};

/// How the new stands to the old in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Slower,
    Faster,
    WithinNoise,
    OneSample,
}

impl Verdict {
    pub(super) fn of(ratio: Estimate, noise: Option<Estimate>, samples: usize) -> Self {
        // Where the noise is not known, no difference below 10 % is one.
        let noise = noise.unwrap_or(Estimate { median: 1.0, low: 1.0 / 1.1, high: 1.1 });
        match () {
            () if samples < 2 => Verdict::OneSample,
            () if stats::is_tie(ratio, noise) => Verdict::WithinNoise,
            () if ratio.median > 1.0 => Verdict::Slower,
            () => Verdict::Faster,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Verdict::Slower => "SLOWER",
            Verdict::Faster => "faster",
            Verdict::WithinNoise => "within noise",
            Verdict::OneSample => "n=1",
        }
    }
}

/// What there is to say about one engine in one place.
pub(super) struct Line {
    pub(super) place: String,
    pub(super) engine: String,
    pub(super) ratio: Estimate,
    pub(super) verdict: Verdict,
}
