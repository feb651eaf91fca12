//! Connections that are used again, and as much of HTTP as they take.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::outcome::End;

/// All to one server, with one request that they send.
pub(super) struct Connections {
    address: SocketAddr,
    request: Vec<u8>,
    resting: Mutex<Vec<TcpStream>>,
}

impl Connections {
    pub(super) fn to(address: SocketAddr, path: &str) -> Self {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes();
        Connections { address, request, resting: Mutex::default() }
    }

    /// Sends the request, on a connection that rests or on another.
    pub(super) async fn ask(&self) -> End {
        let resting = self.take_resting();
        let connected = match resting {
            Some(socket) => Ok(socket),
            None => TcpStream::connect(self.address).await,
        };
        let Ok(mut socket) = connected else { return End::Refused };
        if socket.write_all(&self.request).await.is_err() {
            return End::Unanswered;
        }
        let mut head = Vec::new();
        match read_answer(&mut socket, &mut head).await {
            Ok(Answer { status, goes_on }) => {
                if goes_on {
                    self.resting.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
                }
                End::Answered(status)
            }
            Err(_) if head.is_empty() => End::Unanswered,
            Err(_) => End::CutOff,
        }
    }

    /// The one that was used last, of those that the server has not closed.
    fn take_resting(&self) -> Option<TcpStream> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |socket: &TcpStream| {
            let read = socket.try_read(&mut [0]);
            read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
        };
        std::iter::from_fn(|| resting.pop()).find(is_open)
    }
}

struct Answer {
    status: u16,
    /// The server takes another request on the connection.
    goes_on: bool,
}

/// Reads an answer of a known length. What has come of it is in `text`.
async fn read_answer(socket: &mut TcpStream, text: &mut Vec<u8>) -> io::Result<Answer> {
    const END_OF_HEAD: &[u8] = b"\r\n\r\n";
    let ends_at = |text: &[u8]| {
        let head = text.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD)?;
        Some(head + END_OF_HEAD.len())
    };
    let head = loop {
        if let Some(head) = ends_at(text) {
            break head;
        }
        if socket.read_buf(text).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let (answer, body) = parse(&text[..head]).ok_or(io::ErrorKind::InvalidData)?;
    while text.len() < head + body {
        if socket.read_buf(text).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(answer)
}

/// What a head says, and how long the body is.
fn parse(head: &[u8]) -> Option<(Answer, usize)> {
    let head = std::str::from_utf8(head).ok()?.to_ascii_lowercase();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("http/1.1 ")?.get(..3)?.parse().ok()?;
    let (mut length, mut goes_on) = (None, true);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        match name {
            "content-length" => length = value.parse().ok(),
            "connection" => goes_on = value != "close",
            _ => {}
        }
    }
    Some((Answer { status, goes_on }, length?))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use tokio::runtime;

    use super::*;

    /// What becomes of one request to a server that answers this and closes, or closes at once.
    fn ask(answer: &'static str) -> End {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connections = Connections::to(listener.local_addr().unwrap(), "/");
        let server = std::thread::spawn(move || {
            use std::io::{Read, Write};
            let (mut socket, _) = listener.accept().unwrap();
            let mut request = [0; 1_000];
            let read = socket.read(&mut request).unwrap();
            assert!(request[..read].starts_with(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:"));
            socket.write_all(answer.as_bytes()).unwrap();
        });
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let end = runtime.block_on(connections.ask());
        server.join().unwrap();
        end
    }

    #[test]
    fn an_answer_is_told_from_a_part_of_one_and_from_none() {
        assert_eq!(ask("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n25\n"), End::Answered(200));
        assert_eq!(
            ask("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
            End::Answered(503)
        );
        assert_eq!(ask(""), End::Unanswered);
        assert_eq!(ask("HTTP/1.1 200 OK\r\nContent-Le"), End::CutOff);
        assert_eq!(ask("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n25"), End::CutOff);
        assert_eq!(ask("SSH-2.0-OpenSSH_9.6\r\n\r\n"), End::CutOff);
    }

    #[test]
    fn a_server_that_is_not_there_refuses() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(Connections::to(gone, "/").ask()), End::Refused);
    }

    #[test]
    fn a_head_says_whether_the_connection_goes_on() {
        let goes_on = |head: &str| parse(head.as_bytes()).map(|(answer, body)| (answer.goes_on, body));
        assert_eq!(goes_on("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n"), Some((true, 7)));
        assert_eq!(
            goes_on("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            Some((false, 0))
        );
        assert_eq!(goes_on("HTTP/1.1 200 OK\r\n\r\n"), None, "of unknown length");
    }
}
