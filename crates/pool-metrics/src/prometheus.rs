//! A collector for prometheus-client.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::buckets::between;
use crate::families::{FAMILIES, Family, Kind, SPREADS, Sample, Spread, Value};
use crate::pools::{Pools, Reading};

/// Each pool is read once for each scrape.
impl Collector for Pools {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let readings = self.read();
        if readings.is_empty() {
            return Ok(());
        }
        FAMILIES.iter().try_for_each(|family| encode_family(family, &readings, &mut encoder))?;
        SPREADS.iter().try_for_each(|spread| self.encode_spread(spread, &readings, &mut encoder))
    }
}

fn encode_family(family: &Family, readings: &[Reading], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let name = format!("pool_{}", family.name);
    let unit = family.is_in_seconds().then_some(&Unit::Seconds);
    let kind = match family.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
    };
    let mut encoder = encoder.encode_descriptor(&name, family.help, unit, kind)?;
    for Reading { name, stats, .. } in readings {
        for Sample { label, value } in family.samples(stats) {
            let mut labels = vec![("pool", name.clone())];
            labels.extend(label);
            encode_value(family.kind, value, encoder.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn encode_value(kind: Kind, value: Value, mut encoder: MetricEncoder<'_>) -> fmt::Result {
    match (kind, value) {
        (Kind::Counter, Value::Number(number)) => encoder.encode_counter::<NoLabelSet, _, f64>(&number, None),
        (Kind::Counter, Value::Seconds(seconds)) => {
            encoder.encode_counter::<NoLabelSet, _, f64>(&seconds, None)
        }
        (Kind::Gauge, Value::Number(number)) => encoder.encode_gauge(&number),
        (Kind::Gauge, Value::Seconds(seconds)) => encoder.encode_gauge(&seconds),
    }
}

impl Pools {
    fn encode_spread(
        &self,
        spread: &Spread,
        readings: &[Reading],
        encoder: &mut DescriptorEncoder<'_>,
    ) -> fmt::Result {
        let mut timed =
            readings.iter().filter_map(|reading| Some((reading, reading.timings.as_ref()?))).peekable();
        if timed.peek().is_none() {
            return Ok(());
        }
        let name = format!("pool_{}", spread.name);
        let mut encoder =
            encoder.encode_descriptor(&name, spread.help, Some(&Unit::Seconds), MetricType::Histogram)?;
        let bounds = self.bounds().iter().map(|bound| bound.as_secs_f64());
        let bounds: Vec<f64> = bounds.chain([f64::INFINITY]).collect();
        for (reading, timings) in timed {
            let durations = (spread.read)(timings);
            let counts = between(self.bounds(), durations);
            let buckets: Vec<(f64, u64)> = bounds.iter().copied().zip(counts).collect();
            let labels = [("pool", reading.name.clone())];
            let sum = durations.sum().as_secs_f64();
            let mut encoder = encoder.encode_family(&labels)?;
            encoder.encode_histogram::<NoLabelSet>(sum, durations.count(), &buckets, None)?;
        }
        Ok(())
    }
}
