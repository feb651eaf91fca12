//! The program, and clients that speak HTTP by hand.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// It turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// The program, until it is dropped.
pub struct Program {
    child: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

/// A connection with a request on it.
pub struct Sent(TcpStream);

impl Sent {
    /// Everything that comes until the connection ends.
    pub fn read(mut self) -> String {
        let mut answer = Vec::new();
        // A reset ends it as well.
        let _ = self.0.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Program {
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_http-server"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening at ").unwrap().parse().unwrap();
        Program { child, output, address }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    pub fn send(&self, request: &str) -> Sent {
        send(self.address, request).unwrap()
    }

    pub fn ask(&self, request: &str) -> String {
        self.send(request).read()
    }

    /// Asks for the metrics until they have this line.
    pub fn until_page_has(&self, line: &str) {
        self.until(&get("/metrics"), |page| page.contains(line));
    }

    pub fn until_answers(&self, request: &str, wanted: u16) {
        self.until(request, |answer| status(answer) == wanted);
    }

    fn until(&self, request: &str, wanted: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        loop {
            let answer = self.ask(request);
            if wanted(&answer) {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "in vain: {answer}");
        }
    }

    /// Sends SIGTERM, and returns how many requests the program has read and answered, as it says.
    pub fn signal_and_wait(&mut self) -> (u64, u64) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let mut said = String::new();
        self.output.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success());
        let mut numbers = said.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok());
        (numbers.next().unwrap(), numbers.next().unwrap())
    }

    pub fn terminate(mut self) -> (u64, u64) {
        self.signal_and_wait()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn send(address: SocketAddr, request: &str) -> io::Result<Sent> {
    let mut socket = TcpStream::connect(address)?;
    socket.write_all(request.as_bytes())?;
    Ok(Sent(socket))
}

/// The answer; empty if the connection ends without.
pub fn ask(address: SocketAddr, request: &str) -> io::Result<String> {
    Ok(send(address, request)?.read())
}

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

pub fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// The status of an answer.
pub fn status(answer: &str) -> u16 {
    let code = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    code.unwrap_or_else(|| panic!("no answer: {answer:?}")).parse().unwrap()
}
