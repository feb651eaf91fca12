//! Settings, and the order in which a pool takes jobs of different urgency.

use std::sync::mpsc::channel;

use pool_core::{Priority, Submit};
use pool_priority::{Levels, PriorityPool};

/// The order in which one worker takes a job of each of these steps, submitted in this order.
fn order(levels: Levels, steps: &[u8]) -> Vec<u8> {
    let pool = PriorityPool::with(levels).threads(1).build().unwrap();
    let (release, released) = channel::<()>();
    let (started, running) = channel();
    pool.execute(move || {
        started.send(()).unwrap();
        released.recv().unwrap();
    })
    .unwrap();
    running.recv().unwrap();
    let (say, said) = channel();
    for &step in steps {
        let say = say.clone();
        let submit = Submit::default().priority(Priority::new(step).unwrap());
        pool.execute_with(submit, move || say.send(step).unwrap()).unwrap();
    }
    release.send(()).unwrap();
    let _ = pool.shutdown();
    drop(say);
    said.iter().collect()
}

#[test]
fn sixty_four_levels_keep_all_steps_apart() {
    assert_eq!(order(Levels::default().strict(), &[63, 1, 0, 32, 33, 31]), [0, 1, 31, 32, 33, 63]);
}

#[test]
fn fewer_levels_share_the_steps_evenly() {
    // Two levels: steps 0 to 31, and 32 to 63.
    assert_eq!(order(Levels::new(2), &[40, 31, 63, 0]), [31, 0, 40, 63]);
    assert_eq!(order(Levels::new(1), &[63, 0, 32]), [63, 0, 32]);
}

#[test]
fn aging_lets_a_low_job_through() {
    let mut steps = vec![63];
    steps.extend([0; 100]);
    let place = |levels| order(levels, &steps).iter().position(|&step| step == 63).unwrap();
    assert_eq!(place(Levels::new(64).strict()), 100);
    assert!(place(Levels::new(2).aging(10)) <= 10);
}

#[test]
fn senseless_settings_are_refused_with_what_would_be_right() {
    let error = |levels| PriorityPool::with(levels).build().unwrap_err().to_string();
    assert_eq!(error(Levels::new(0)), "a priority pool has 1 to 64 levels, not 0");
    assert_eq!(error(Levels::new(65)), "a priority pool has 1 to 64 levels, not 65");
    assert_eq!(
        error(Levels::new(usize::MAX)),
        format!("a priority pool has 1 to 64 levels, not {}", usize::MAX)
    );
    assert!(PriorityPool::with(Levels::new(64).aging(u64::MAX)).build().is_ok());
    assert_eq!(error(Levels::new(8).aging(7)), "aging over 8 levels needs at least 8 pops, not 7");
}
