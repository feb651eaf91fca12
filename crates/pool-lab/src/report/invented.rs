//! Small invented results for tests.

use crate::metric::Metric;
use crate::metrics;
use crate::numbers::stats::Estimate;
use crate::record::machine::Machine;
use crate::record::results::Run;
use crate::record::{Record, Subject};

/// One invented record, on two threads unless said otherwise.
#[derive(Clone)]
pub(crate) struct Sample(Record);

impl Sample {
    fn subject(workload: &str, engine: &str) -> Subject {
        Subject::new(workload, "", engine, "1.2.3", 2)
    }

    /// A time that is known to 1 %.
    pub(crate) fn time(workload: &str, engine: &str, time: f64) -> Self {
        let estimate = Estimate { median: time, low: time * 0.99, high: time * 1.01 };
        Sample(Sample::subject(workload, engine).record(&metrics::TIME_PER_OP, estimate, 15))
    }

    pub(crate) fn metric(workload: &str, engine: &str, metric: &'static Metric, value: f64) -> Self {
        Sample(Sample::subject(workload, engine).record(metric, Estimate::exact(value), 15))
    }

    pub(crate) fn spread(workload: &str, engine: &str, low: f64, median: f64, high: f64) -> Self {
        let estimate = Estimate { median, low, high };
        Sample(Sample::subject(workload, engine).record(&metrics::SPREAD, estimate, 15))
    }

    pub(crate) fn relative(workload: &str, engine: &str, ratio: f64, reference: &str) -> Self {
        let estimate = Estimate { median: ratio, low: ratio * 0.99, high: ratio * 1.01 };
        Sample(Sample::subject(workload, engine).relative(estimate, 15, reference))
    }

    /// Noise up to this factor.
    pub(crate) fn noise(workload: &str, engine: &str, factor: f64) -> Self {
        let estimate = Estimate { median: 1.0, low: 1.0 / factor, high: factor };
        Sample(Sample::subject(workload, engine).record(&metrics::NOISE, estimate, 15))
    }

    pub(crate) fn error(workload: &str, engine: &str, what: &str) -> Self {
        Sample(Sample::subject(workload, engine).error(what))
    }

    pub(crate) fn unsupported(workload: &str, engine: &str) -> Self {
        Sample(Sample::subject(workload, engine).unsupported("it has no such thing"))
    }

    /// The same with this interval.
    pub(crate) fn between(mut self, low: f64, high: f64) -> Self {
        (self.0.low, self.0.high) = (low, high);
        self
    }

    /// The same from one sample.
    pub(crate) fn once(mut self) -> Self {
        self.0.samples = 1;
        self
    }

    pub(crate) fn threads(mut self, threads: usize) -> Self {
        self.0.threads = threads;
        self
    }

    pub(crate) fn variant(mut self, variant: &str) -> Self {
        self.0.variant = variant.to_owned();
        self
    }
}

pub(crate) fn records(samples: &[Sample]) -> Vec<Record> {
    samples.iter().map(|sample| sample.0.clone()).collect()
}

pub(crate) fn machine(name: &str) -> Machine {
    Machine {
        name: name.to_owned(),
        cpu: Some("Example <CPU> & Co".to_owned()),
        architecture: "x86_64".to_owned(),
        cores: 2,
        memory: Some(8 << 30),
        virtual_machine: Some(true),
        os: Some("Example OS 1".to_owned()),
        kernel: None,
        rustc: Some("1.95.0".to_owned()),
        optimised: true,
        allocator: "system".to_owned(),
        revision: "0123456789ab".to_owned(),
        dirty: Some(false),
        date: "2026-01-02 03:04 UTC".to_owned(),
    }
}

pub(crate) fn run(name: &str, is_reference: bool, samples: &[Sample]) -> Run {
    Run {
        folder: name.to_owned(),
        path: name.to_owned(),
        is_reference,
        is_own: false,
        unfinished: None,
        machine: machine(name),
        records: records(samples),
    }
}
