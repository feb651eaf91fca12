use std::time::Duration;

use super::Scheduler;
use crate::Queue;

const QUANTUM: Duration = Duration::from_millis(1);

fn micros(time: u64) -> Duration {
    Duration::from_micros(time)
}

fn scheduler(queues: impl IntoIterator<Item = Queue>) -> Scheduler<usize> {
    Scheduler::new(&queues.into_iter().collect::<Vec<_>>(), QUANTUM)
}

/// Starts and ends jobs one after another, each with the cost of its queue, and returns the run time that each queue has got.
fn run(scheduler: &mut Scheduler<usize>, jobs: usize, costs: &[u64]) -> Vec<u64> {
    let mut time = vec![0; costs.len()];
    for _ in 0..jobs {
        let (started, queue) = scheduler.pop().expect("there are jobs");
        time[queue] += costs[queue];
        scheduler.end(started, micros(costs[queue]));
    }
    time
}

fn fill(scheduler: &mut Scheduler<usize>, queue: usize, jobs: usize) {
    (0..jobs).for_each(|_| scheduler.push(queue, queue));
}

#[test]
fn a_queue_is_first_in_first_out() {
    let mut scheduler = scheduler([Queue::new("a")]);
    (0..5).for_each(|item| scheduler.push(0, item));
    let order: Vec<_> = std::iter::from_fn(|| scheduler.pop().map(|(_, item)| item)).collect();
    assert_eq!(order, [0, 1, 2, 3, 4]);
    assert!(!scheduler.has_next());
}

#[test]
fn queues_share_the_run_time_by_weight_whatever_their_jobs_cost() {
    for costs in [[100, 100, 100], [10, 1_000, 50], [5_000, 20, 300], [300, 20_000, 7]] {
        let mut scheduler =
            scheduler([Queue::new("a").weight(1), Queue::new("b").weight(2), Queue::new("c").weight(5)]);
        // A horizon of 200 turns of 8 ms each, and jobs for more.
        for (queue, cost) in costs.iter().enumerate() {
            fill(&mut scheduler, queue, 2_000_000 / *cost as usize);
        }
        let (mut time, mut total) = (vec![0; 3], 0);
        while total < 1_600_000 {
            let more = run(&mut scheduler, 1, &costs);
            (0..3).for_each(|queue| time[queue] += more[queue]);
            total = time.iter().sum();
        }
        for (queue, weight) in [1, 2, 5].into_iter().enumerate() {
            let share = total * weight / 8;
            // A turn of its own and a job; another's last job is in the total.
            let slack = 1_000 * weight + 2 * costs.iter().max().unwrap();
            assert!(time[queue].abs_diff(share) <= slack, "{costs:?}: {time:?} of {total}");
        }
    }
}

#[test]
fn a_burst_delays_another_queue_by_no_more_than_a_turn() {
    let mut scheduler = scheduler([Queue::new("burst"), Queue::new("other")]);
    fill(&mut scheduler, 0, 100_000);
    run(&mut scheduler, 5_000, &[100, 100]);
    fill(&mut scheduler, 1, 1);
    let before = (0..).find(|_| run(&mut scheduler, 1, &[100, 100])[1] > 0).unwrap();
    assert!(before <= 11, "{before} jobs of 100 us in a turn of 1 ms");
}

#[test]
fn one_that_was_idle_has_no_credit_from_that_time() {
    let mut scheduler = scheduler([Queue::new("a"), Queue::new("b")]);
    fill(&mut scheduler, 0, 10_000);
    run(&mut scheduler, 5_000, &[100, 100]);
    fill(&mut scheduler, 1, 10_000);
    let time = run(&mut scheduler, 1_000, &[100, 100]);
    assert!(time[0].abs_diff(time[1]) <= 2_200, "{time:?}");
}

#[test]
fn one_that_submits_one_job_at_a_time_does_not_escape_its_debt() {
    let mut scheduler = scheduler([Queue::new("long"), Queue::new("short")]);
    fill(&mut scheduler, 1, 100_000);
    let mut time = [0, 0];
    let costs = [10_000, 100];
    for _ in 0..20_000 {
        if scheduler.lanes[0].items.is_empty() {
            scheduler.push(0, 0);
        }
        let more = run(&mut scheduler, 1, &costs);
        time = [time[0] + more[0], time[1] + more[1]];
    }
    assert!(time[0].abs_diff(time[1]) <= 12_000, "{time:?}");
}

#[test]
fn debt_is_charged_to_later_turns_when_jobs_start_before_others_end() {
    let mut scheduler = scheduler([Queue::new("a"), Queue::new("b")]);
    (0..2).for_each(|queue| fill(&mut scheduler, queue, 10_000));
    let mut time = [0_u64, 0];
    for _ in 0..500 {
        // Four workers at once.
        let started: Vec<_> = (0..4).map(|_| scheduler.pop().unwrap()).collect();
        for (started, queue) in started {
            time[queue] += [3_000, 500][queue];
            scheduler.end(started, micros([3_000, 500][queue]));
        }
    }
    assert!(time[0].abs_diff(time[1]) <= 2 * 4 * 3_000, "{time:?}");
}

#[test]
fn a_queue_starts_no_more_at_once_than_it_may() {
    let mut scheduler = scheduler([Queue::new("one").at_once(1), Queue::new("rest")]);
    fill(&mut scheduler, 0, 3);
    fill(&mut scheduler, 1, 1);
    let (first, queue) = scheduler.pop().unwrap();
    assert_eq!(queue, 0);
    let (rest, queue) = scheduler.pop().unwrap();
    assert_eq!(queue, 1);
    assert!(scheduler.pop().is_none() && !scheduler.has_next());
    assert!(!scheduler.end(rest, micros(1)), "nothing more may start for it");
    assert!(scheduler.end(first, micros(1)), "now the next may start");
    assert_eq!(scheduler.pop().unwrap().1, 0);
    assert_eq!(scheduler.drain().collect::<Vec<_>>(), [0]);
}

#[test]
fn the_limit_is_of_each_queue() {
    let mut scheduler = scheduler([Queue::new("two").limit(2), Queue::new("any")]);
    fill(&mut scheduler, 0, 2);
    assert!(scheduler.is_full(0) && !scheduler.is_full(1) && !scheduler.is_full(scheduler.tickets()));
    scheduler.pop();
    assert!(!scheduler.is_full(0));
}

#[test]
fn an_unknown_queue_is_the_first_and_never_that_of_tickets() {
    let scheduler = scheduler([Queue::new("a"), Queue::new("b")]);
    assert_eq!([0, 1, 2, 3].map(|index| scheduler.queue_or_first(index)), [0, 1, 0, 0]);
}

#[test]
fn a_drained_scheduler_begins_anew() {
    let mut scheduler = scheduler([Queue::new("a"), Queue::new("b")]);
    fill(&mut scheduler, 1, 2);
    fill(&mut scheduler, 0, 1);
    assert_eq!(scheduler.drain().collect::<Vec<_>>(), [0, 1, 1]);
    assert!(scheduler.pop().is_none());
    fill(&mut scheduler, 1, 1);
    assert_eq!(scheduler.pop().unwrap().1, 1);
}

#[test]
fn the_room_of_a_burst_is_given_back_when_it_was_not_needed() {
    let mut scheduler = scheduler([Queue::new("a")]);
    fill(&mut scheduler, 0, 100_000);
    assert_eq!(scheduler.needs_room(), None, "it is in use");
    run(&mut scheduler, 100_000, &[1]);
    assert_eq!(scheduler.needs_room(), Some(true));
    assert_eq!(scheduler.needs_room(), Some(false));
    assert_eq!(scheduler.take_room().len(), 1);
    assert_eq!(scheduler.needs_room(), None);
}
