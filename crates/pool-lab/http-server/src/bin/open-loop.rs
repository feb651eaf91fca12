//! Loads servers in an open loop, and says what came of it.

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use http_server::client::{End, Load, Outcome};

/// Sends requests at moments drawn beforehand, and counts latencies from there. Ends with 1 if one was cut off, or had no answer
/// though no server was to end.
#[derive(Debug, Parser)]
struct Arguments {
    /// The servers, as NAME=ADDRESS. Each rate is tried on one after the other, with the same moments.
    #[arg(required = true, value_parser = server)]
    servers: Vec<(String, SocketAddr)>,
    /// Requests a second; may be given several times.
    #[arg(long = "rate", value_name = "RATE", required = true, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rates: Vec<u32>,
    /// How long, in seconds, at each rate.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// What to ask for.
    #[arg(long, default_value = "/primes/20000")]
    path: String,
    /// Draws the moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A server may end meanwhile, and refuse requests or close connections before it has read one.
    #[arg(long)]
    may_end: bool,
}

fn server(text: &str) -> Result<(String, SocketAddr), String> {
    let (name, address) =
        text.split_once('=').ok_or("it must be NAME=ADDRESS, such as pool=127.0.0.1:8080")?;
    let address = address.parse().map_err(|error| format!("{address}: {error}"))?;
    Ok((name.to_owned(), address))
}

impl Arguments {
    fn is_fine(&self, outcome: &Outcome) -> bool {
        let is_lost = |end| match end {
            End::Answered(_) => false,
            End::CutOff => true,
            End::Refused | End::Unanswered => !self.may_end,
        };
        outcome.count(is_lost) == 0
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let time = Duration::try_from_secs_f64(arguments.seconds)?;
    let mut out = io::stdout();
    writeln!(out, "{:<10}{:>8}{}", "", "rate", Outcome::HEADER)?;
    let mut answers = vec![0; arguments.servers.len()];
    let mut is_fine = true;
    for rate in &arguments.rates {
        for ((name, address), answers) in arguments.servers.iter().zip(&mut answers) {
            let (path, seed) = (arguments.path.clone(), arguments.seed);
            let outcome = Load { address: *address, path, rate: f64::from(*rate), time, seed }.play()?;
            writeln!(out, "{name:<10}{rate:>8}{outcome}")?;
            *answers += outcome.answers();
            is_fine &= arguments.is_fine(&outcome);
        }
    }
    for ((name, _), answers) in arguments.servers.iter().zip(&answers) {
        writeln!(out, "{name}: {answers} answers")?;
    }
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
