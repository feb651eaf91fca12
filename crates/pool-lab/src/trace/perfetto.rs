//! A recording as a file in [Perfetto's format](https://perfetto.dev/docs/reference/synthetic-track-event): a list of packets, each
//! of which describes a track or is an event on one.

use std::io::{self, Write};
use std::process;

use super::proto::Message;
use super::recording::{Mark, Recording, Track};

/// The fields of the messages, by the names that they have in `protos/perfetto/trace` of Perfetto.
mod field {
    /// `Trace`.
    pub mod trace {
        pub const PACKET: u32 = 1;
    }

    /// `TracePacket`.
    pub mod packet {
        pub const TIMESTAMP: u32 = 8;
        pub const TRUSTED_PACKET_SEQUENCE_ID: u32 = 10;
        pub const TRACK_EVENT: u32 = 11;
        pub const TRACK_DESCRIPTOR: u32 = 60;
    }

    /// `TrackDescriptor`.
    pub mod track {
        pub const UUID: u32 = 1;
        pub const NAME: u32 = 2;
        pub const PROCESS: u32 = 3;
        pub const THREAD: u32 = 4;
        pub const PARENT_UUID: u32 = 5;
        pub const COUNTER: u32 = 8;
    }

    /// `ProcessDescriptor`.
    pub mod process {
        pub const PID: u32 = 1;
        pub const PROCESS_NAME: u32 = 6;
    }

    /// `ThreadDescriptor`.
    pub mod thread {
        pub const PID: u32 = 1;
        pub const TID: u32 = 2;
        pub const THREAD_NAME: u32 = 5;
    }

    /// `CounterDescriptor`.
    pub mod counter {
        pub const UNIT: u32 = 3;
        pub const UNIT_COUNT: u64 = 2;
    }

    /// `TrackEvent`.
    pub mod event {
        pub const DEBUG_ANNOTATIONS: u32 = 4;
        pub const TYPE: u32 = 9;
        pub const TRACK_UUID: u32 = 11;
        pub const NAME: u32 = 23;
        pub const COUNTER_VALUE: u32 = 30;
        pub const FLOW_IDS: u32 = 47;
        pub const TERMINATING_FLOW_IDS: u32 = 48;

        pub const TYPE_SLICE_BEGIN: u64 = 1;
        pub const TYPE_SLICE_END: u64 = 2;
        pub const TYPE_INSTANT: u64 = 3;
        pub const TYPE_COUNTER: u64 = 4;
    }

    /// `DebugAnnotation`.
    pub mod annotation {
        pub const UINT_VALUE: u32 = 3;
        pub const STRING_VALUE: u32 = 6;
        pub const NAME: u32 = 10;
    }
}

use field::{annotation, counter, event, packet, thread, trace, track};

/// All packets are of one sequence.
const SEQUENCE: u64 = 1;

/// The tracks that every trace has, and the first of those of its threads.
const PROCESS: u64 = 1;
const QUEUE: u64 = 2;
const FIRST_THREAD: u64 = 3;

/// Writes the recording. Its title is shown as the name of the process.
///
/// # Errors
///
/// What `out` says.
pub fn write(recording: &Recording, title: &str, out: &mut impl Write) -> io::Result<()> {
    let pid = u64::from(process::id());
    let process = Message::new().number(field::process::PID, pid).text(field::process::PROCESS_NAME, title);
    describe(Message::new().number(track::UUID, PROCESS).message(track::PROCESS, process), out)?;
    write_queue(recording, out)?;
    for (uuid, of) in (FIRST_THREAD..).zip(recording.tracks()) {
        // The ids of the threads are of no use, but for the order in which they are shown.
        let thread = Message::new()
            .number(thread::PID, pid)
            .number(thread::TID, pid + uuid)
            .text(thread::THREAD_NAME, &of.name);
        let descriptor = Message::new().number(track::UUID, uuid).number(track::PARENT_UUID, PROCESS);
        describe(descriptor.message(track::THREAD, thread), out)?;
        write_marks(uuid, &of, out)?;
    }
    out.flush()
}

fn write_queue(recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    let unit = Message::new().number(counter::UNIT, counter::UNIT_COUNT);
    let descriptor = Message::new().number(track::UUID, QUEUE).number(track::PARENT_UUID, PROCESS);
    describe(descriptor.text(track::NAME, "queued jobs").message(track::COUNTER, unit), out)?;
    recording.queue().into_iter().try_for_each(|(at, jobs)| {
        let value = on_track(QUEUE, event::TYPE_COUNTER).number(event::COUNTER_VALUE, u64::from(jobs));
        write_event(at, value, out)
    })
}

fn write_marks(uuid: u64, of: &Track, out: &mut impl Write) -> io::Result<()> {
    let instant = |name: &str| on_track(uuid, event::TYPE_INSTANT).text(event::NAME, name);
    of.marks.iter().try_for_each(|(at, mark)| {
        let message = match mark {
            Mark::Begin(name) => on_track(uuid, event::TYPE_SLICE_BEGIN).text(event::NAME, name),
            Mark::End { panicked: false } => on_track(uuid, event::TYPE_SLICE_END),
            Mark::End { panicked: true } => on_track(uuid, event::TYPE_SLICE_END).message(
                event::DEBUG_ANNOTATIONS,
                annotation("outcome").text(annotation::STRING_VALUE, "panicked"),
            ),
            Mark::Steal(jobs) => {
                instant("steal").message(event::DEBUG_ANNOTATIONS, amount("jobs", u64::from(*jobs)))
            }
            Mark::Wake(worker, flow) => {
                let wake = instant(&format!("wakes worker {worker}"));
                flow.iter().fold(wake, |wake, flow| wake.fixed(event::FLOW_IDS, *flow))
            }
            Mark::Woken(flow) => instant("woken").fixed(event::TERMINATING_FLOW_IDS, *flow),
            Mark::Dropped(events) => instant("the buffer is full")
                .message(event::DEBUG_ANNOTATIONS, amount("dropped events", *events)),
        };
        write_event(*at, message, out)
    })
}

fn annotation(name: &str) -> Message {
    Message::new().text(annotation::NAME, name)
}

fn amount(name: &str, value: u64) -> Message {
    annotation(name).number(annotation::UINT_VALUE, value)
}

fn on_track(uuid: u64, kind: u64) -> Message {
    Message::new().number(event::TYPE, kind).number(event::TRACK_UUID, uuid)
}

fn describe(descriptor: Message, out: &mut impl Write) -> io::Result<()> {
    write_packet(Message::new().message(packet::TRACK_DESCRIPTOR, descriptor), out)
}

fn write_event(at: u64, message: Message, out: &mut impl Write) -> io::Result<()> {
    write_packet(Message::new().number(packet::TIMESTAMP, at).message(packet::TRACK_EVENT, message), out)
}

fn write_packet(packet: Message, out: &mut impl Write) -> io::Result<()> {
    let packet = packet.number(packet::TRUSTED_PACKET_SEQUENCE_ID, SEQUENCE);
    out.write_all(&Message::new().message(trace::PACKET, packet).into_bytes())
}
