//! A thread that the system refuses slowly, just as the pool loses its last worker: whoever submits ends the pool then, and
//! does not wait for itself.
//!
//! The program's own `pthread_create` stands before that of the C library, and refuses when the test says so.

#![cfg(target_os = "linux")]

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use libc::{pthread_attr_t, pthread_t};
use pool_core::{Builder, Pool, PoolState, Reason, Rejected, Scaling, Shutdown, ThreadPool, block_in_place};

use self::deque::{Deque, End};

/// It turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long nobody asks for a thread after one was refused.
const HOLD_OFF: Duration = Duration::from_millis(101);

/// No thread is to be had.
static REFUSES: AtomicBool = AtomicBool::new(false);

/// What a slow refusal says and waits for.
static SLOW: (Mutex<Slow>, Condvar) = (Mutex::new(Slow { asked: false, may_answer: false }), Condvar::new());

struct Slow {
    asked: bool,
    may_answer: bool,
}

fn wait_for(condition: impl Fn(&Slow) -> bool) {
    let slow = SLOW.0.lock().unwrap();
    let (_slow, timeout) = SLOW.1.wait_timeout_while(slow, DEADLINE, |slow| !condition(slow)).unwrap();
    assert!(!timeout.timed_out(), "it hangs");
}

fn change(change: impl FnOnce(&mut Slow)) {
    change(&mut SLOW.0.lock().unwrap());
    SLOW.1.notify_all();
}

thread_local! {
    /// This thread's next refusal is a slow one.
    static IS_SLOW: Cell<bool> = const { Cell::new(false) };
    /// It tells when the thread is gone.
    static GONE: RefCell<Option<Gone>> = const { RefCell::new(None) };
}

struct Gone(Sender<()>);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

type Start = extern "C" fn(*mut c_void) -> *mut c_void;
type Create = unsafe extern "C" fn(*mut pthread_t, *const pthread_attr_t, Start, *mut c_void) -> c_int;

/// # Safety
///
/// As for the C library's.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    thread: *mut pthread_t,
    attributes: *const pthread_attr_t,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    if REFUSES.load(SeqCst) {
        if IS_SLOW.replace(false) {
            change(|slow| slow.asked = true);
            wait_for(|slow| slow.may_answer);
        }
        return libc::EAGAIN;
    }
    // SAFETY: the name is a string that ends with a zero.
    let next = unsafe { libc::dlsym(libc::RTLD_NEXT, c"pthread_create".as_ptr()) };
    assert!(!next.is_null());
    // SAFETY: the C library's function of this name has this type.
    let create = unsafe { transmute::<*mut c_void, Create>(next) };
    // SAFETY: passed on from the caller.
    unsafe { create(thread, attributes, start, argument) }
}

type Deques = ThreadPool<Deque>;

/// How the pool is built, and a submission for which it wants another thread. It returns why it was refused, if it was.
struct Way {
    settings: fn(Builder<Deque>) -> Builder<Deque>,
    /// The worker blocks, and somebody is to stand in for it.
    blocks: bool,
    submit: fn(&Deques) -> Option<Reason>,
}

fn scales(builder: Builder<Deque>) -> Builder<Deque> {
    builder.scaling(Scaling::between(1, 3))
}

fn has_a_spare(builder: Builder<Deque>) -> Builder<Deque> {
    builder.threads(1).spare_threads(1)
}

fn reason(submitted: Result<(), Rejected>) -> Option<Reason> {
    submitted.err().map(|rejected| rejected.reason())
}

const WAYS: [Way; 5] = [
    Way { settings: scales, blocks: false, submit: |pool| reason(pool.execute(|| ())) },
    Way { settings: scales, blocks: false, submit: |pool| reason(pool.spawn(|| ()).map(drop)) },
    Way {
        settings: scales,
        blocks: false,
        submit: |pool| pool.scope(|scope| scope.spawn(|| None).join().unwrap()),
    },
    Way { settings: scales, blocks: false, submit: |pool| pool.install(|| None) },
    // The thread that is to stand in for the blocked worker was refused before.
    Way { settings: has_a_spare, blocks: true, submit: |pool| reason(pool.execute(|| ())) },
];

#[test]
fn whoever_is_refused_the_last_thread_ends_the_pool_outside_the_gate() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload().downcast_ref::<&str>();
        if text != Some(&"on purpose") {
            eprintln!("{info}");
        }
    }));
    for (number, way) in WAYS.iter().enumerate() {
        let refused = lose_the_last_worker(way);
        // Scopes and joins run on the caller.
        let expected = if [2, 3].contains(&number) { None } else { Some(Reason::NoWorkers) };
        assert_eq!(refused, expected, "way {number}");
    }
}

fn lose_the_last_worker(way: &Way) -> Option<Reason> {
    change(|slow| *slow = Slow { asked: false, may_answer: false });
    let (gone, is_gone) = mpsc::channel();
    let gone = Mutex::new(gone);
    let broken = Arc::new(AtomicBool::new(false));
    let breaks = broken.clone();
    let builder = (way.settings)(ThreadPool::with(Deque::taking_from(End::Oldest)))
        .on_panic(|_| panic!("on purpose"))
        .on_start(move |_| {
            // The thread may start more than once.
            GONE.with_borrow_mut(|told| _ = told.get_or_insert_with(|| Gone(gone.lock().unwrap().clone())));
            if breaks.load(SeqCst) {
                panic!("on purpose");
            }
        });
    let pool = Arc::new(builder.build().unwrap());
    let (told, tell) = mpsc::channel();
    let (submit, submitter) = (way.submit, pool.clone());
    let (begin, begins) = mpsc::channel();
    thread::spawn(move || {
        begins.recv().unwrap();
        IS_SLOW.set(true);
        told.send(submit(&submitter)).unwrap();
    });
    let ender = pool.clone();
    let (ended, ending) = mpsc::channel();
    let (shut_down, shuts_down) = mpsc::channel();
    thread::spawn(move || {
        shuts_down.recv().unwrap();
        ended.send(ender.shutdown()).unwrap();
    });

    REFUSES.store(true, SeqCst);
    let doom = doom(&pool, way.blocks);
    // For this job a thread was wanted already, and refused at once. For so long nobody tries again.
    thread::sleep(HOLD_OFF);
    begin.send(()).unwrap();
    wait_for(|slow| slow.asked);
    // The worker dies, and has no successor.
    broken.store(true, SeqCst);
    doom.send(()).unwrap();
    is_gone.recv_timeout(DEADLINE).unwrap();
    assert_eq!(pool.state(), PoolState::Running, "the thread that was hired may still come");
    change(|slow| slow.may_answer = true);
    let refused = tell.recv_timeout(DEADLINE).expect("the submitter waits for itself");
    shut_down.send(()).unwrap();
    assert_eq!(ending.recv_timeout(DEADLINE), Ok(Shutdown::Terminated));
    REFUSES.store(false, SeqCst);
    let counts = pool.counts();
    assert_eq!((counts.accounted(), counts.queued), (counts.submitted, 0));
    refused
}

/// Occupies the worker until it is told to die.
fn doom(pool: &Deques, blocks: bool) -> Sender<()> {
    let (started, starts): (Sender<()>, Receiver<()>) = mpsc::channel();
    let (doom, doomed) = mpsc::channel();
    pool.execute(move || {
        let wait = || {
            started.send(()).unwrap();
            doomed.recv().unwrap();
        };
        if blocks {
            block_in_place(wait)
        } else {
            wait()
        }
        panic!("on purpose");
    })
    .unwrap();
    starts.recv_timeout(DEADLINE).unwrap();
    doom
}
