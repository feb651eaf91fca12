//! A process that speaks the protocol: one line for a request, one for its answer, and never a hang.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The version of the protocol.
const VERSION: &str = "1";

/// How long a process may take to end when it was told to.
const FAREWELL: Duration = Duration::from_secs(5);

/// A process of another language.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// `None` once it was told to end.
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    last_words: Arc<Mutex<String>>,
    patience: Duration,
}

/// What went wrong with a process. One line.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It did not start.
    #[error("cannot be started: {0}")]
    Start(#[source] io::Error),
    /// It ended.
    #[error("its process ended early, after `{request}`{said}")]
    Ended {
        /// The request that it left unanswered.
        request: String,
        /// What it said last on standard error, in front of which there is a colon.
        said: String,
    },
    /// It did not answer.
    #[error("its process gave no answer to `{request}` for {} seconds, and was ended", patience.as_secs_f64())]
    Silent {
        /// The request.
        request: String,
        /// How long it was waited for.
        patience: Duration,
    },
    /// It says that it cannot do what it was asked for.
    #[error("{0}")]
    Unable(String),
    /// It says that it failed.
    #[error("it failed: {0}")]
    Failed(String),
    /// It does not speak the protocol.
    #[error("`{answer}` is no answer to `{request}`; right would be `{expected}`")]
    Protocol {
        /// The request.
        request: String,
        /// What it answered.
        answer: String,
        /// What it should have answered.
        expected: &'static str,
    },
}

/// What a process has measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The answer of the workload.
    pub answer: u64,
    /// The time that the measured part took.
    pub elapsed: Duration,
    /// The processor time of the process meanwhile.
    pub cpu: Duration,
    /// Latencies, of a workload that has them.
    pub latencies: Vec<Duration>,
}

impl Process {
    /// Starts a process, which gets so long for each answer, and greets it. Returns it with the version that it names.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] when it cannot be started or does not greet.
    pub fn start(mut command: Command, patience: Duration) -> Result<(Process, String), ProcessError> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(ProcessError::Start)?;
        let (sender, answers) = channel();
        let output = child.stdout.take().expect("it is a pipe");
        // Both threads end with the process's end of their pipe.
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
        });
        let last_words = Arc::new(Mutex::new(String::new()));
        let (errors, last) = (child.stderr.take().expect("it is a pipe"), Arc::clone(&last_words));
        thread::spawn(move || {
            let lines = BufReader::new(errors).lines().map_while(Result::ok);
            lines.for_each(|line| *last.lock().unwrap_or_else(PoisonError::into_inner) = line);
        });
        let input = child.stdin.take();
        let mut process = Process { child, input, answers, last_words, patience };
        let request = format!("hello {VERSION}");
        let greeting = process.ask(&request)?;
        match greeting.strip_prefix(&format!("{request} ")) {
            Some(version) => {
                let version = version.to_owned();
                Ok((process, version))
            }
            None => Err(ProcessError::Protocol { request, answer: greeting, expected: "hello 1 VERSION" }),
        }
    }

    /// The system's number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks for something that is answered with `ok`.
    ///
    /// # Errors
    ///
    /// [`ProcessError`], which is `Unable` when it cannot do it.
    pub fn command(&mut self, request: &str) -> Result<(), ProcessError> {
        match self.ask(request)? {
            answer if answer == "ok" => Ok(()),
            answer => Err(ProcessError::Protocol { request: request.to_owned(), answer, expected: "ok" }),
        }
    }

    /// Asks for something that is measured.
    ///
    /// # Errors
    ///
    /// [`ProcessError`].
    pub fn measure(&mut self, request: &str) -> Result<Done, ProcessError> {
        let answer = self.ask(request)?;
        let expected = "done ANSWER ELAPSED CPU [LATENCY,...]";
        parse(&answer).ok_or(ProcessError::Protocol { request: request.to_owned(), answer, expected })
    }

    fn ask(&mut self, request: &str) -> Result<String, ProcessError> {
        let sent = match &mut self.input {
            Some(input) => writeln!(input, "{request}").and_then(|()| input.flush()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        // A process that has ended may have said why.
        let answer = match sent {
            Ok(()) => self.answers.recv_timeout(self.patience),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        };
        let answer = answer.map_err(|error| self.broken(request, error))?;
        if let Some(why) = answer.strip_prefix("no ") {
            return Err(ProcessError::Unable(why.to_owned()));
        }
        match answer.strip_prefix("error ") {
            Some(what) => Err(ProcessError::Failed(what.to_owned())),
            None => Ok(answer),
        }
    }

    /// Ends what does not answer any more.
    fn broken(&mut self, request: &str, error: RecvTimeoutError) -> ProcessError {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
        let request = request.to_owned();
        match error {
            RecvTimeoutError::Timeout => ProcessError::Silent { request, patience: self.patience },
            RecvTimeoutError::Disconnected => {
                let last = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
                let said = if last.is_empty() { String::new() } else { format!(": {last}") };
                ProcessError::Ended { request, said }
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut input) = self.input.take() else { return };
        let _ = writeln!(input, "quit");
        drop(input);
        // Its standard output closes when it ends.
        while let Ok(_late) = self.answers.recv_timeout(FAREWELL) {}
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse(answer: &str) -> Option<Done> {
    let mut words = answer.strip_prefix("done ")?.split(' ');
    let number = |word: Option<&str>| word?.parse::<u64>().ok();
    let answer = number(words.next())?;
    let (elapsed, cpu) = (number(words.next())?, number(words.next())?);
    let latencies = words.next().unwrap_or_default().split(',').filter(|word| !word.is_empty());
    let latencies = latencies.map(|word| word.parse().ok().map(Duration::from_nanos));
    Some(Done {
        answer,
        elapsed: Duration::from_nanos(elapsed),
        cpu: Duration::from_nanos(cpu),
        latencies: latencies.collect::<Option<_>>()?,
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A shell script as a program, which reads requests into `$line`.
    fn script(body: &str) -> Result<(Process, String), ProcessError> {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("read line; echo hello 1 0.1; {body}")]);
        Process::start(shell, Duration::from_secs(20))
    }

    #[test]
    fn answers_are_read() {
        let body = "read line; echo ok; read line; echo done 7 120 80 5,6; read line; echo no joins; cat > /dev/null";
        let (mut process, version) = script(body).unwrap();
        assert_eq!(version, "0.1");
        process.command("start x 2").unwrap();
        let done = process.measure("run").unwrap();
        assert_eq!((done.answer, done.elapsed.as_nanos(), done.cpu.as_nanos()), (7, 120, 80));
        assert_eq!(done.latencies, [5, 6].map(Duration::from_nanos));
        assert!(
            matches!(process.command("prepare join/fib"), Err(ProcessError::Unable(why)) if why == "joins")
        );
    }

    #[test]
    fn an_end_is_told_with_its_last_words() {
        let (mut process, _) = script("read line; echo out of memory >&2; exit 1").unwrap();
        let error = process.measure("run").unwrap_err().to_string();
        // The two pipes are read by two threads: the words may come too late to be quoted.
        assert!(error.starts_with("its process ended early, after `run`"), "{error}");
        let again = process.measure("run").unwrap_err().to_string();
        assert!(again.starts_with("its process ended early, after `run`"), "{again}");
    }

    #[test]
    fn what_is_no_answer_is_quoted() {
        for (answer, request) in [("maybe", "run"), ("done 1 2", "run"), ("done 1 2 3 4,x", "run")] {
            let (mut process, _) = script(&format!("read line; echo {answer}; cat > /dev/null")).unwrap();
            let error = process.measure(request).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("`{answer}` is no answer to `run`; right would be")),
                "{error}"
            );
        }
        let (mut process, _) = script("read line; echo error lost a job; cat > /dev/null").unwrap();
        assert_eq!(process.measure("run").unwrap_err().to_string(), "it failed: lost a job");
    }

    #[test]
    fn silence_ends_the_process() {
        let (mut process, _) = script("cat > /dev/null").unwrap();
        process.patience = Duration::from_millis(20);
        let error = process.measure("run").unwrap_err();
        assert!(matches!(error, ProcessError::Silent { .. }), "{error}");
        assert!(error.to_string().ends_with("for 0.02 seconds, and was ended"), "{error}");
    }

    #[test]
    fn what_cannot_start_or_greet_is_an_error() {
        let missing = Process::start(Command::new("/no/such/program"), Duration::from_secs(20)).unwrap_err();
        assert!(matches!(missing, ProcessError::Start(_)), "{missing}");
        let stranger = Process::start(Command::new("true"), Duration::from_secs(20)).unwrap_err();
        assert!(matches!(stranger, ProcessError::Ended { .. }), "{stranger}");
    }
}
