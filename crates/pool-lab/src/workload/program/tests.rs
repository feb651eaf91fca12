use super::*;
use crate::engine::{Spec, SpecError, Start};
use crate::metrics;
use crate::system::scratch::Scratch;

/// An engine whose programs are in the folder `ours`.
struct Ours;

impl Start for Ours {
    fn start(_: &Spec) -> Result<Self, SpecError> {
        Ok(Ours)
    }

    fn stop(self) {}
}

impl UnderRayon for Ours {
    const BUILD: &'static str = "ours";

    fn variable(&self) -> (&'static str, String) {
        ("RAYON_POOL", "stealing:2".to_owned())
    }
}

/// Shell scripts in place of the two builds of a program.
fn scripts(reference: &str, ours: &str) -> (Scratch, RayonProgram) {
    let scratch = Scratch::new();
    for (build, body) in [("rayon-core", reference), ("ours", ours)] {
        let path = scratch.path().join(build).join("bin/program");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_program(&path, body);
    }
    let program = RayonProgram::in_folder(scratch.path(), "program").unwrap();
    (scratch, program)
}

/// By another process: a child that another test forks here at that moment would have the file open for writing, and nobody
/// could run it until that child runs its program.
fn write_program(path: &Path, body: &str) {
    let script = format!("#!/bin/sh\n{body}\n");
    let write = ["-c", "printf %s \"$1\" >\"$0\" && chmod 755 \"$0\""];
    let status = Command::new("sh").args(write).arg(path).arg(script).status().unwrap();
    assert!(status.success(), "{status}");
}

fn run(program: &RayonProgram) -> Result<Watch, Failure> {
    let mut watch = Watch::new();
    let expected = program.expected()?;
    program.run_and_check(&Ours, &expected, &mut watch).map(|()| watch)
}

#[test]
fn the_same_output_counts_with_its_time() {
    let (_scratch, program) =
        scripts("echo answer $RAYON_NUM_THREADS $1", "echo answer ${RAYON_POOL#stealing:2}1 $1");
    let program = program.arguments(["argument"]);
    let watch = run(&program).unwrap();
    assert!(!watch.elapsed().is_zero());
    assert!(watch.count(&metrics::CPU_PER_OP).is_some());
    assert_eq!(program.run(&Ours).unwrap().output, b"answer 1 argument\n");
}

#[test]
fn another_output_is_wrong() {
    let (_scratch, program) = scripts("echo one", "echo other");
    let failure = run(&program).unwrap_err().to_string();
    assert!(failure.starts_with("wrong answer: 6 bytes with the SHA-256 "), "{failure}");
    assert!(failure.contains(" instead of 4 bytes with"), "{failure}");
}

#[test]
fn what_fails_says_its_last_line() {
    let (_scratch, program) = scripts("exit 0", "echo first >&2; echo last >&2; exit 3");
    let failure = run(&program).unwrap_err().to_string();
    assert_eq!(failure, "program failed (exit status: 3): last");
}

#[test]
fn what_is_not_built_is_told_in_one_line() {
    let (scratch, program) = scripts("exit 0", "exit 0");
    fs::remove_file(scratch.path().join("ours/bin/program")).unwrap();
    let missing = program.find::<Ours>().unwrap_err();
    assert!(matches!(missing, Failure::Missing(_)));
    assert!(missing.to_string().ends_with("ours/bin/program; crates/rayon-core/tests/real.sh builds it"));
    assert!(matches!(RayonProgram::in_folder(scratch.path(), "other"), Err(Failure::Missing(_))));
}

#[test]
fn what_does_not_end_is_ended() {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(wait(&mut child, Duration::from_millis(20)).unwrap().is_none());
    assert!(child.try_wait().unwrap().is_some_and(|status| !status.success()));
}

#[test]
fn an_input_is_written_once() {
    let scratch = Scratch::new();
    for _ in 0..2 {
        let mut times = 0;
        let path = input_in(scratch.path(), "numbers", |path| {
            times += 1;
            fs::write(path, "1 2 3")
        });
        assert_eq!(fs::read_to_string(path.unwrap()).unwrap(), "1 2 3");
    }
    let entries = fs::read_dir(scratch.path()).unwrap().count();
    assert_eq!(entries, 1);
    let failure = input_in(scratch.path(), "no", |_| Err(io::Error::other("full"))).unwrap_err().to_string();
    assert!(failure.ends_with("no: full"), "{failure}");
}
