//! The smallest server that Prometheus can scrape.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;

/// Long enough for any machine; it turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(120);

/// A page of metrics on loopback, served by a thread that is there for the rest of the process.
pub struct Page {
    port: u16,
}

/// Tells when the page is asked for.
pub struct Scrapes(Receiver<()>);

impl Page {
    pub fn serve(registry: Registry) -> (Page, Scrapes) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (say, said) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                // A client that has gone is none of ours.
                let _ = answer(connection.unwrap(), &registry, &say);
            }
        });
        (Page { port }, Scrapes(said))
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Scrapes {
    /// Waits for the next.
    pub fn wait(&self) {
        self.0.recv_timeout(DEADLINE).expect("prometheus scrapes");
    }
}

fn answer(mut connection: TcpStream, registry: &Registry, say: &Sender<()>) -> std::io::Result<()> {
    // The header ends with an empty line.
    for line in BufReader::new(connection.try_clone()?).lines() {
        if line?.is_empty() {
            break;
        }
    }
    // Who listens is gone when the test is over.
    let _ = say.send(());
    let mut page = String::new();
    prometheus_text::encode(&mut page, registry).expect("a string takes everything");
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        prometheus_text::CONTENT_TYPE,
        page.len()
    )
}
