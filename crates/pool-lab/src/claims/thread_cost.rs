//! What it takes to create a thread.

use std::thread;
use std::time::Instant;

use crate::claim::{Claim, Figures, Found, nanoseconds};
use crate::metrics::TIME_PER_OP;
use crate::workload::CaseError;

pub(super) static CLAIM: Claim =
    Claim { name: "thread-cost", says: "Creating a thread takes 1 to 2 ms.", measure, sentence };

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    let (mut spawn, mut start, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..figures.size(1_000, 20) {
        let begin = Instant::now();
        let thread = thread::spawn(Instant::now);
        spawn.push(nanoseconds(begin.elapsed()));
        let started = thread.join().expect("it only reads the clock");
        whole.push(nanoseconds(begin.elapsed()));
        start.push(nanoseconds(started.saturating_duration_since(begin)));
    }
    for (what, samples) in
        [("spawn returns", spawn), ("its first instruction", start), ("spawn and join", whole)]
    {
        figures.add("std::thread", what, 1, &TIME_PER_OP, &samples);
    }
    Ok(())
}

fn sentence(found: &Found) -> Option<String> {
    let [spawn, start, whole] = ["spawn returns", "its first instruction", "spawn and join"]
        .map(|what| found.text("std::thread", what));
    let (spawn, start, whole) = (spawn?, start?, whole?);
    let factor = 1e6 / found.value("std::thread", "spawn and join")?.max(1.0);
    let verdict = if factor > 1.0 {
        format!("a {factor:.0}th of the millisecond that is claimed")
    } else {
        "as long as is claimed".to_owned()
    };
    Some(format!(
        "`spawn` returns after {spawn}, the thread runs after {start}, and is created and joined in {whole}: {verdict}."
    ))
}
