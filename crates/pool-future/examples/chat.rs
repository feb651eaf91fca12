//! A chat server on a pool: each line that a client sends goes to all others. Two workers, any number of clients.
//!
//! It starts the server, talks to it with three clients, checks what they hear, and stops it. With an address as argument it serves there:
//! `cargo run -p pool-future --example chat -- 127.0.0.1:7777`, and then `nc 127.0.0.1 7777`.

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, BufRead, BufReader as BlockingReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use async_channel::{Receiver, Sender, bounded};
use async_io::Async;
use futures_lite::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use futures_lite::{StreamExt, stream};
use pool_bounded::{Bounded, BoundedPool};
use pool_core::Pool;
use pool_future::{FutureHandle, spawn_future};

/// How many lines wait for a client that does not read. Then it misses some.
const LINES: usize = 64;

/// The clients that are there.
#[derive(Clone, Default)]
struct Room(Arc<Mutex<HashMap<SocketAddr, Sender<String>>>>);

impl Room {
    fn enter(&self, client: SocketAddr) -> Receiver<String> {
        let (send, lines) = bounded(LINES);
        self.0.lock().unwrap().insert(client, send);
        lines
    }

    /// The client's queue of lines ends.
    fn leave(&self, client: SocketAddr) {
        self.0.lock().unwrap().remove(&client);
    }

    fn tell_others(&self, from: SocketAddr, line: &str) {
        let clients: Vec<_> =
            self.0.lock().unwrap().iter().map(|(client, send)| (*client, send.clone())).collect();
        for (_, send) in clients.iter().filter(|(client, _)| *client != from) {
            // One that is full or gone misses it.
            let _ = send.try_send(format!("{line}\n"));
        }
    }
}

/// Reads from the client until it goes.
async fn listen(socket: Arc<Async<TcpStream>>, client: SocketAddr, room: Room) {
    let mut lines = BufReader::new(&*socket).lines();
    while let Some(Ok(line)) = lines.next().await {
        room.tell_others(client, &line);
    }
    room.leave(client);
}

/// Writes to the client what the others say, until the client goes.
async fn speak(socket: Arc<Async<TcpStream>>, lines: Receiver<String>) -> io::Result<()> {
    while let Ok(line) = lines.recv().await {
        (&*socket).write_all(line.as_bytes()).await?;
    }
    Ok(())
}

/// Takes clients for as long as the pool takes futures.
async fn accept(pool: Arc<dyn Pool>, listener: Async<TcpListener>, room: Room) -> io::Result<()> {
    let mut clients = Box::pin(stream::try_unfold(&listener, async |listener| {
        Ok::<_, io::Error>(Some((listener.accept().await?, listener)))
    }));
    while let Some((socket, client)) = clients.try_next().await? {
        let (socket, lines) = (Arc::new(socket), room.enter(client));
        (&*socket).write_all(b"welcome\n").await?;
        let listens = spawn_future(&pool, listen(socket.clone(), client, room.clone()));
        let speaks = spawn_future(&pool, speak(socket, lines));
        match (listens, speaks) {
            (Ok(listens), Ok(speaks)) => {
                listens.detach();
                speaks.detach();
            }
            // The pool is shut down, or too busy: this client is sent away.
            _ => room.leave(client),
        }
    }
    Ok(())
}

/// What accepts clients, until it fails or the pool ends.
type Accepting = FutureHandle<io::Result<()>>;

fn serve(pool: &Arc<dyn Pool>, address: &str) -> Result<(SocketAddr, Accepting), Box<dyn Error>> {
    let listener = Async::<TcpListener>::bind(address.parse::<SocketAddr>()?)?;
    let address = listener.get_ref().local_addr()?;
    Ok((address, spawn_future(pool, accept(pool.clone(), listener, Room::default()))?))
}

/// A client that blocks.
struct Client {
    socket: TcpStream,
    lines: io::Lines<BlockingReader<TcpStream>>,
}

impl Client {
    fn enter(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        let lines = BlockingReader::new(socket.try_clone()?).lines();
        let mut client = Client { socket, lines };
        assert_eq!(client.hear()?, "welcome");
        Ok(client)
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.socket, "{line}")
    }

    fn hear(&mut self) -> io::Result<String> {
        self.lines.next().ok_or(io::ErrorKind::UnexpectedEof)?
    }
}

fn check(address: SocketAddr) -> io::Result<()> {
    let mut clients = [Client::enter(address)?, Client::enter(address)?, Client::enter(address)?];
    for round in 0..10 {
        for from in 0..clients.len() {
            let line = format!("{from} says {round}");
            clients[from].say(&line)?;
            for to in (0..clients.len()).filter(|to| *to != from) {
                assert_eq!(clients[to].hear()?, line);
            }
        }
    }
    Ok(())
}

/// Serves, or checks itself.
pub fn main() -> Result<(), Box<dyn Error>> {
    let pool: Arc<dyn Pool> =
        Arc::new(BoundedPool::with(Bounded::new(1024)).threads(2).name("chat").build()?);
    let address = std::env::args().nth(1).filter(|argument| argument.contains(':'));
    let (local, accepting) = serve(&pool, address.as_deref().unwrap_or("127.0.0.1:0"))?;
    if address.is_some() {
        println!("listening at {local}");
        return Ok(accepting.join()??);
    }
    check(local)?;
    // Ends the futures, and so closes the sockets.
    let _ = pool.shutdown();
    assert!(accepting.join().is_err());
    assert!(TcpStream::connect(local).is_err());
    println!("three clients have heard each other, in {} polls", pool.counts().completed);
    Ok(())
}
