//! A consumer as a program: see README.md.

use std::error::Error;
use std::process::ExitCode;
use std::thread;

use pool_bounded::{Bounded, BoundedPool};
use pool_core::CancelToken;
use postgres::{Client, NoTls};
use postgres_consumer::{Queue, Settings, consume};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

const USAGE: &str = "usage: postgres-consumer URL init          creates the table
       postgres-consumer URL put TEXT...   adds a job for each text
       postgres-consumer URL work          does jobs until SIGTERM or SIGINT
URL is such as postgres://user@localhost/database, or host=/var/run/postgresql user=me";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [url, "init"] => connect(url).and_then(|mut queue| Ok(queue.create()?)),
        [url, "put", ref texts @ ..] => put(url, texts),
        [url, "work"] => work(url),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn connect(url: &str) -> Result<Queue, Box<dyn Error>> {
    Ok(Queue::new(Client::connect(url, NoTls)?))
}

fn put(url: &str, texts: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut queue = connect(url)?;
    for text in texts {
        queue.put(text)?;
    }
    Ok(())
}

fn work(url: &str) -> Result<(), Box<dyn Error>> {
    let mut queue = connect(url)?;
    let workers = thread::available_parallelism()?.get();
    let places = 4 * workers;
    let pool = BoundedPool::with(Bounded::new(places)).threads(workers).name("jobs").build()?;
    let stop = CancelToken::new();
    let (mut signals, told) = (Signals::new([SIGTERM, SIGINT])?, stop.clone());
    thread::spawn(move || signals.forever().next().map(|_| told.cancel()));

    let tally = consume(&mut queue, &pool, Settings::with_places(places), &stop, |text| {
        println!("{} words: {text}", text.split_whitespace().count());
        Ok(())
    })?;
    eprintln!("{tally:?}");
    Ok(())
}
