//! Observable instruments for OpenTelemetry.

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};
use pool_core::stats::Distribution;

use crate::buckets::between;
use crate::families::{FAMILIES, Family, Kind, SPREADS, Sample, Spread, Value};
use crate::pools::{Pools, Reading};

impl Pools {
    /// Makes observable instruments for all that is exported, for as long as the meter's provider lives. Pools may be added later.
    ///
    /// In one collection all instruments see each pool at one moment. For more than one reader, make one list of pools for each.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use opentelemetry::metrics::MeterProvider;
    /// use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
    /// use pool_bounded::BoundedPool;
    /// use pool_metrics::Pools;
    ///
    /// let pool = Arc::new(BoundedPool::builder().threads(1).build()?);
    /// let pools = Pools::new();
    /// pools.add(&pool)?;
    /// let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build(); // yours sends them somewhere
    /// let provider = SdkMeterProvider::builder().with_reader(reader).build();
    /// pools.observe(&provider.meter("pools"));
    /// # provider.shutdown()?;
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn observe(&self, meter: &Meter) {
        let round = Arc::new(Round { pools: self.clone(), state: Mutex::default() });
        let mut numbers = 0..;
        let mut place = || Place { round: round.clone(), number: numbers.next().expect("there is no end") };
        for family in FAMILIES {
            observe_family(meter, family, place());
        }
        for spread in SPREADS {
            observe_spread(meter, spread, [place(), place(), place()]);
        }
    }
}

/// The readings of one collection, which the callbacks of all instruments share.
struct Round {
    pools: Pools,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    readings: Arc<Vec<Reading>>,
    /// A bit for each instrument that has not seen them.
    fresh: u64,
}

/// An instrument's place in the rounds.
struct Place {
    round: Arc<Round>,
    number: u32,
}

impl Place {
    /// The readings of this round; of the next one, for an instrument that has seen these.
    fn read(&self) -> Arc<Vec<Reading>> {
        let mut state = self.round.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bit = 1 << self.number;
        if state.fresh & bit == 0 {
            state.readings = Arc::new(self.round.pools.read());
            state.fresh = u64::MAX;
        }
        state.fresh &= !bit;
        state.readings.clone()
    }
}

// Each instrument has a bit.
const _: () = assert!(FAMILIES.len() + 3 * SPREADS.len() <= 64);

fn observe_family(meter: &Meter, family: &'static Family, place: Place) {
    let name = format!("pool.{}", family.name);
    if family.is_in_seconds() {
        let counter = meter.f64_observable_counter(name).with_description(family.help).with_unit("s");
        counter.with_callback(move |observer| place.observe(family, observer)).build();
        return;
    }
    let observe = move |observer: &dyn AsyncInstrument<u64>| place.observe(family, observer);
    match family.kind {
        Kind::Counter => {
            let counter = meter.u64_observable_counter(name).with_description(family.help);
            counter.with_callback(observe).build();
        }
        Kind::Gauge => {
            let gauge = meter.u64_observable_gauge(name).with_description(family.help);
            gauge.with_callback(observe).build();
        }
    }
}

/// What an instrument takes of a value: all of a family are numbers, or all are seconds.
trait Measure: Sized {
    fn of(value: Value) -> Option<Self>;
}

impl Measure for u64 {
    fn of(value: Value) -> Option<u64> {
        if let Value::Number(number) = value { Some(number) } else { None }
    }
}

impl Measure for f64 {
    fn of(value: Value) -> Option<f64> {
        if let Value::Seconds(seconds) = value { Some(seconds) } else { None }
    }
}

impl Place {
    fn observe<M: Measure>(&self, family: &Family, observer: &dyn AsyncInstrument<M>) {
        for Reading { name, stats, .. } in self.read().iter() {
            for Sample { label, value } in family.samples(stats) {
                let mut attributes = vec![KeyValue::new("pool", name.clone())];
                attributes.extend(label.map(|(key, value)| KeyValue::new(key, value)));
                if let Some(value) = M::of(value) {
                    observer.observe(value, &attributes);
                }
            }
        }
    }

    /// Each pool that times its jobs.
    fn each_timed(&self, spread: &Spread, mut observe: impl FnMut(&Distribution, KeyValue)) {
        for Reading { name, timings, .. } in self.read().iter() {
            if let Some(timings) = timings {
                observe((spread.read)(timings), KeyValue::new("pool", name.clone()));
            }
        }
    }

    fn observe_buckets(&self, spread: &Spread, observer: &dyn AsyncInstrument<u64>) {
        let bounds = self.round.pools.bounds();
        self.each_timed(spread, |durations, pool| {
            let mut jobs = 0;
            for (index, count) in between(bounds, durations).into_iter().enumerate() {
                jobs += count;
                let le = bounds.get(index).map_or("+Inf".to_owned(), |bound| bound.as_secs_f64().to_string());
                observer.observe(jobs, &[pool.clone(), KeyValue::new("le", le)]);
            }
        });
    }
}

/// The three parts of a histogram.
fn observe_spread(meter: &Meter, spread: &'static Spread, places: [Place; 3]) {
    let name = |part: &str| format!("pool.{}.{part}", spread.name);
    let [buckets, count, sum] = places;
    meter
        .u64_observable_counter(name("bucket"))
        .with_description(format!("{}: how many took no longer than `le` seconds", spread.help))
        .with_callback(move |observer| buckets.observe_buckets(spread, observer))
        .build();
    meter
        .u64_observable_counter(name("count"))
        .with_description(format!("{}: how many", spread.help))
        .with_callback(move |observer| {
            count.each_timed(spread, |durations, pool| observer.observe(durations.count(), &[pool]));
        })
        .build();
    meter
        .f64_observable_counter(name("sum"))
        .with_description(format!("{}: the sum", spread.help))
        .with_unit("s")
        .with_callback(move |observer| {
            sum.each_timed(spread, |durations, pool| {
                observer.observe(durations.sum().as_secs_f64(), &[pool]);
            });
        })
        .build();
}
