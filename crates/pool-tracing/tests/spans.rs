//! What a subscriber that records everything hears of jobs.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock, Mutex};

use pool_bounded::{Bounded, BoundedPool};
use pool_core::{Attributes, JoinError, Pool, PoolExt};
use pool_fair::FairPool;
use pool_mpsc::MpscPool;
use pool_priority::PriorityPool;
use pool_stealing::StealingPool;
use pool_tracing::traced;
use tracing::field::{Field, Visit};
use tracing::span::{self, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Spans that are closed and events, as `(name of the parent, fields)`. Tests find theirs by the name of their pool, or of their parent.
#[derive(Default)]
struct Log {
    open: HashMap<u64, Seen>,
    closed: Vec<Seen>,
    events: Vec<Seen>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    name: String,
    parent: Option<u64>,
    id: u64,
    fields: HashMap<String, String>,
}

impl Seen {
    fn number(&self, field: &str) -> u64 {
        self.fields[field].parse().unwrap()
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name().to_owned(), value.to_owned());
    }
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Log>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let parent = context.span(id).unwrap().parent().map(|parent| parent.id().into_u64());
        let mut seen = Seen {
            name: attributes.metadata().name().to_owned(),
            parent,
            id: id.into_u64(),
            ..Seen::default()
        };
        attributes.record(&mut seen);
        self.0.lock().unwrap().open.insert(id.into_u64(), seen);
    }

    fn on_record(&self, id: &Id, values: &span::Record<'_>, _: Context<'_, S>) {
        values.record(self.0.lock().unwrap().open.get_mut(&id.into_u64()).unwrap());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let parent = context.event_span(event).map(|span| span.id().into_u64());
        let mut seen = Seen { parent, ..Seen::default() };
        event.record(&mut seen);
        self.0.lock().unwrap().events.push(seen);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut log = self.0.lock().unwrap();
        let seen = log.open.remove(&id.into_u64()).unwrap();
        log.closed.push(seen);
    }
}

/// One for the process: events in a job go to the subscriber of its thread.
static RECORDER: LazyLock<Recorder> = LazyLock::new(|| {
    let recorder = Recorder::default();
    tracing::subscriber::set_global_default(Registry::default().with(recorder.clone())).unwrap();
    recorder
});

/// The closed spans of the jobs of this pool.
fn jobs_of(pool: &str) -> Vec<Seen> {
    let log = RECORDER.0.lock().unwrap();
    log.closed.iter().filter(|span| span.name == "job" && span.text("pool") == Some(pool)).cloned().collect()
}

fn id(span: &tracing::Span) -> Option<u64> {
    span.id().map(|id| id.into_u64())
}

fn pools() -> Vec<Arc<dyn Pool>> {
    vec![
        Arc::new(StealingPool::builder().threads(2).name("stealing").build().unwrap()),
        Arc::new(MpscPool::builder().threads(2).name("mpsc").build().unwrap()),
        Arc::new(PriorityPool::builder().threads(2).name("priority").build().unwrap()),
        Arc::new(FairPool::builder().threads(2).name("fair").build().unwrap()),
        Arc::new(BoundedPool::with(Bounded::new(4)).threads(2).name("bounded").build().unwrap()),
    ]
}

#[test]
fn the_span_of_a_job_is_in_that_of_its_submitter() {
    LazyLock::force(&RECORDER);
    for pool in pools() {
        let request = tracing::info_span!("request");
        let pool_name = pool.name().to_owned();
        let answer = request.in_scope(|| {
            let (pool_name, inner) = (pool_name.clone(), pool.clone());
            let job = traced(&pool, move || {
                tracing::info!(of = pool_name, "in the job");
                let nested = traced(&inner, || 41);
                inner.spawn_with(Attributes::new().name("inner"), nested).unwrap().join().unwrap() + 1
            });
            pool.spawn_with(Attributes::new().name("outer"), job).unwrap()
        });
        assert_eq!(answer.join().unwrap(), 42);
        assert!(pool.wait_idle(None));

        let jobs = jobs_of(&pool_name);
        let named = |name| jobs.iter().find(|job| job.text("name") == Some(name)).unwrap();
        let (outer, inner) = (named("outer"), named("inner"));
        assert_eq!((jobs.len(), outer.parent), (2, id(&request)));
        assert_eq!(inner.parent, Some(outer.id));
        for job in [outer, inner] {
            assert!(job.number("worker") < 2);
            assert_eq!(job.text("panicked"), None);
        }
        // The one is within the other.
        assert!(outer.number("run_ns") >= inner.number("wait_ns") + inner.number("run_ns"));

        let log = RECORDER.0.lock().unwrap();
        let event = log.events.iter().find(|event| event.text("of") == Some(&pool_name)).unwrap();
        assert_eq!(event.parent, Some(outer.id));
    }
}

#[test]
fn a_job_that_panics_says_so() {
    LazyLock::force(&RECORDER);
    let pool = StealingPool::builder().threads(1).name("panics").build().unwrap();
    let handle = pool.spawn(traced(&pool, || std::panic::panic_any("on purpose"))).unwrap();
    assert!(matches!(handle.join(), Err::<(), _>(JoinError::Panicked(_))));
    let jobs = jobs_of("panics");
    assert_eq!((jobs.len(), jobs[0].parent, jobs[0].text("panicked")), (1, None, Some("true")));
    assert!(jobs[0].fields.contains_key("run_ns"));
}

#[test]
fn a_job_that_does_not_run_has_no_worker() {
    LazyLock::force(&RECORDER);
    let pool = BoundedPool::with(Bounded::new(1)).threads(1).name("unrun").build().unwrap();
    let (release, released) = channel::<()>();
    let held = pool.spawn(move || released.recv().is_err()).unwrap();
    let cancelled = pool.spawn(traced(&pool, || ())).unwrap();
    assert!(cancelled.cancel());
    drop(release);
    assert!(held.join().unwrap());
    assert!(pool.wait_idle(None));
    let _ = pool.shutdown();
    drop(pool.execute(traced(&pool, || ())));
    let jobs = jobs_of("unrun");
    assert_eq!(jobs.len(), 2);
    assert!(jobs.iter().all(|job| job.fields.keys().eq(["pool"])), "{jobs:?}");
}

#[test]
fn jobs_that_borrow_are_traced_as_well() {
    LazyLock::force(&RECORDER);
    let pool = StealingPool::builder().threads(2).name("scoped").build().unwrap();
    let words = ["some", "words"];
    let scope_span = tracing::info_span!("scope");
    let lengths: Vec<usize> = scope_span.in_scope(|| {
        pool.scope(|scope| {
            let jobs = words.iter().map(|word| scope.spawn(traced(&pool, || word.len()))).collect::<Vec<_>>();
            jobs.into_iter().map(|job| job.join().unwrap()).collect()
        })
    });
    assert_eq!(lengths, [4, 5]);
    let jobs = jobs_of("scoped");
    assert_eq!(jobs.len(), 2);
    assert!(jobs.iter().all(|job| job.parent == id(&scope_span)));
}

#[test]
fn a_disabled_span_costs_the_job_nothing_else() {
    LazyLock::force(&RECORDER);
    let pool = StealingPool::builder().threads(1).name("disabled").build().unwrap();
    let job = tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || {
        traced(&pool, || 5)
    });
    assert_eq!(pool.spawn(job).unwrap().join().unwrap(), 5);
    assert!(jobs_of("disabled").is_empty());
}
