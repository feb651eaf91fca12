use super::*;

fn lane(worker: Option<usize>, events: &[(u64, What)]) -> Lane {
    let events = events.iter().map(|(at, what)| Event { at: *at, what: *what }).collect();
    Lane { thread: "pool-0".to_owned(), worker, events, ..Lane::default() }
}

/// From 100 to 200.
fn recording(lanes: Vec<Lane>) -> Recording {
    Recording { begin: 100, end: 200, lanes, names: vec!["report".to_owned()], ..Recording::default() }
}

fn begin(name: &str) -> Mark {
    Mark::Begin(name.to_owned())
}

#[test]
fn slices_lie_in_each_other_and_have_names() {
    let events = [
        (110, What::JobBegins(0)),
        (120, What::JobBegins(NO_NAME)),
        (125, What::SubmitBegins),
        (130, What::SubmitEnds),
        (140, What::JobEnds { panicked: true }),
        (150, What::JobEnds { panicked: false }),
        (160, What::Steals(3)),
    ];
    let [track] = &recording(vec![lane(Some(4), &events)]).tracks()[..] else { panic!("one track") };
    assert_eq!(track.name, "worker 4 (pool-0)");
    let expected = [
        (10, begin("report")),
        (20, begin("job")),
        (25, begin("submit")),
        (30, END),
        (40, Mark::End { panicked: true }),
        (50, END),
        (60, Mark::Steal(3)),
    ];
    assert_eq!(track.marks, expected);
}

#[test]
fn a_sleep_from_before_begins_with_the_recording_and_what_is_open_ends_with_it() {
    let events = [(130, What::ParkEnds), (140, What::ForkBegins), (150, What::ParkBegins)];
    let tracks = recording(vec![lane(Some(0), &events)]).tracks();
    let expected = [
        (0, begin("parked")),
        (30, END),
        (40, begin("half of a join")),
        (50, begin("parked")),
        (100, END),
        (100, END),
    ];
    assert_eq!(tracks[0].marks, expected);
}

#[test]
fn where_events_were_dropped_the_track_ends() {
    let mut full = lane(None, &[(110, What::SubmitBegins), (120, What::Wakes(0))]);
    full.dropped = 5;
    let tracks = recording(vec![full]).tracks();
    let expected = [(10, begin("submit")), (20, Mark::Wake(0, None)), (20, Mark::Dropped(5)), (20, END)];
    assert_eq!((&*tracks[0].name, &tracks[0].marks[..]), ("pool-0", &expected[..]));
}

#[test]
fn a_sleep_is_ended_by_the_last_that_woke_meanwhile() {
    let sleeper = [
        (120, What::ParkBegins),
        (140, What::ParkEnds),
        (150, What::ParkBegins),
        // By the clock.
        (160, What::ParkEnds),
    ];
    let waker = [(110, What::Wakes(1)), (125, What::Wakes(1)), (130, What::Wakes(1)), (170, What::Wakes(1))];
    let tracks = recording(vec![lane(None, &waker), lane(Some(1), &sleeper)]).tracks();
    let flows = |track: &Track| -> Vec<Mark> {
        let marks = track.marks.iter().map(|(_, mark)| mark);
        marks.filter(|mark| matches!(mark, Mark::Wake(..) | Mark::Woken(_))).cloned().collect()
    };
    assert_eq!(flows(&tracks[0]), [Mark::Woken(1)]);
    let wakes = [None, None, Some(1), None].map(|flow| Mark::Wake(1, flow));
    assert_eq!(flows(&tracks[1]), wakes);
}

#[test]
fn workers_come_in_order_and_one_that_slept_all_the_time_has_a_track() {
    let lanes = vec![lane(None, &[]), lane(Some(2), &[]), lane(Some(0), &[])];
    let recording = Recording { workers: 3, ..recording(lanes) };
    let tracks = recording.tracks();
    let names: Vec<&str> = tracks.iter().map(|track| &*track.name).collect();
    assert_eq!(names, ["worker 0 (pool-0)", "worker 1", "worker 2 (pool-0)", "pool-0"]);
    assert_eq!(tracks[1].marks, [(0, begin("parked")), (100, END)]);
}

#[test]
fn looks_at_the_queue_are_in_the_order_of_their_times() {
    let lanes = vec![
        lane(None, &[(110, What::Queued(5)), (130, What::Queued(0))]),
        lane(Some(0), &[(120, What::Queued(3)), (90, What::Queued(1))]),
    ];
    assert_eq!(recording(lanes).queue(), [(0, 1), (10, 5), (20, 3), (30, 0)]);
}
