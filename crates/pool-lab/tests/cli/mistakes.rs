//! What a mistake is answered with.

use super::*;

#[test]
fn mistakes_are_answered_in_one_line_that_names_what_is_right() {
    let cases = [
        (
            "measure -p rayn",
            &*format!(
                "unknown engine `rayn`; did you mean `rayon`? `pool-lab list` shows all {}",
                engines::rows().len()
            ),
        ),
        (
            "measure -w spwan",
            &*format!(
                "unknown workload `spwan`; did you mean `spawn`? `pool-lab list` shows all {}",
                workloads::rows().len()
            ),
        ),
        ("measure -w join/fbi", "did you mean `join/fib`? `pool-lab list` shows all "),
        ("measure -w nonsense -p mpsc", "unknown workload `nonsense`; `pool-lab list` shows all "),
        ("measure -w join/fib:m=3", "known: n"),
        ("measure -p rayon:0", "a whole number from 1 to 1024"),
        ("measure -p rayon -t 0", "a whole number from 1 to 1024"),
        ("measure -p rayon -t two", "a whole number from 1 to 1024"),
        ("measure -p bounded:2:capacity=0", "a whole number from 1 to 4194304"),
        (
            "measure -p bounded:2:overflow=drop",
            "block, timeout-<time up to 20s>, reject, caller-runs, drop-oldest, drop-newest, shed",
        ),
        ("measure -p mpsc:2:bach=3", "unknown option `bach`; did you mean `batch`? known: batch"),
        ("measure -p rayon:2:batch=3", "known: none"),
        ("measure -p rayon:2:x", "option=value"),
        ("measure -p rayon,,mpsc", "an engine is missing"),
        ("measure --rounds 0", "a whole number from 1 to 10000"),
        ("measure --rounds -1", "a whole number from 1 to 10000"),
        ("measure --rounds 4294967295", "a whole number from 1 to 10000"),
        ("measure --blocks 0", "a whole number from 1 to 10000"),
        ("verify", "missing: --statistics"),
        ("verify --statistics --budget 0", "--budget must be a whole number from 1 to 86400, not `0`"),
        ("measure --rounds some", "--rounds must be a whole number from 1 to 10000, not `some`"),
        ("measure --round 3", "unexpected argument `--round`; did you mean `--rounds`?"),
        ("measure -p rayon -t -1", "a whole number from 1 to 1024, not `-1`"),
        ("measure -p rayon -t 4294967295", "a whole number from 1 to 1024"),
        ("measure -p rayon:18446744073709551616", "a whole number from 1 to 1024"),
        ("measure --resume", "missing: --out <DIR>; right would be, for instance: pool-lab measure --out"),
        ("measure -p bounded:2:capacity=4294967295", "a whole number from 1 to 4194304, not `4294967295`"),
        ("measure -p channel-naive:2:capacity=4294967295", "a whole number from 0 to 4194304"),
        ("demo -p bounded:2:capacity=4294967295", "a whole number from 1 to 4194304"),
        ("demo -p bounded:2:overflow=timeout-18446744073709551615s", "timeout-<time up to 20s>"),
        ("run -w spawn/external:jobs=4294967295 -p rayon", "a whole number from 1 to 10000000"),
        ("run -w scope/flat:jobs=4294967295 -p rayon", "a whole number from 1 to 10000000"),
        ("run -w join/tree-sum:nodes=4294967295 -p rayon", "a whole number from 1 to 10000000"),
        (
            "run -w join/tree-sum:seed=99999999999 -p rayon",
            "a whole number from 0 to 4294967295, not `99999999999`",
        ),
        ("run -w join/quicksort:numbers=4294967295 -p rayon", "a whole number from 1 to 10000000"),
        ("run -w join/chain:depth=4294967295 -p rayon", "option depth must be a whole number from 1 to"),
        ("run -w latency/ping:gap=18446744073709551615s -p rayon", "of at most 20s"),
        (
            "run -w spawn/external",
            "missing: --pool <POOL>; right would be, for instance: pool-lab run --workload",
        ),
        ("run -p rayon", "missing: --workload <WORKLOAD>; right would be"),
        ("run", "missing: --workload <WORKLOAD> and --pool <POOL>; right would be"),
        ("report /nowhere/at/all", "/nowhere/at/all: here is neither results/ nor machine.json"),
        ("demo --pool chili", "these are: mpsc, bounded, priority, fair, stealing, "),
        ("demo --pool rayon:0", "a whole number from 1 to 1024"),
        ("run -w join/fib:n=10 -p threadpool:1", "no fork-join"),
        ("run -w join -p rayon:1", "full name of one workload"),
        (
            "trace -w join/fib",
            "missing: --pool <POOL>; right would be, for instance: pool-lab trace --workload",
        ),
        (
            "trace -w spwan -p stealing",
            "unknown workload `spwan`; did you mean `spawn`? `pool-lab list` shows ",
        ),
        ("trace -w join -p stealing", "full name of one workload"),
        (
            "trace -w join/fib -p go-channel",
            "`go-channel` does not tell what its threads do; these do: mpsc, bounded, priority, fair, stealing",
        ),
        (
            "trace -w spawn/handle -p tokio",
            "no trace: of pools that are not ours only workloads of these are: ",
        ),
        ("trace -w join/fib -p tokio", "no fork-join"),
        ("trace -w join/fib -p stealing -t 0", "a whole number from 1 to 1024, not `0`"),
        (
            "trace -w join/fib -p stealing --buffer 1",
            "--buffer must be a whole number from 16 to 1000000, not `1`",
        ),
        ("trace -w join/fib -p stealing -o /nowhere/at/all", "cannot write /nowhere/at/all: "),
        ("top -p rayon", "`rayon` does not tell what its threads do"),
        ("top -w spwan", "unknown workload `spwan`"),
        ("top", "`top` needs a terminal to draw on; `pool-lab demo` shows a pool at work without one"),
        ("advise -p rayon", "`rayon` does not tell what its threads do; these do: mpsc, bounded"),
        ("advise -w spwan", "unknown workload `spwan`; did you mean `spawn`?"),
        ("advise -w spawn/external --at 50", "cannot be used with"),
        ("advise --share-of-sleep 101", "--share-of-sleep must be a whole number from 0 to 100, not `101`"),
        ("advise --at 0", "--at must be a whole number from 1 to 200, not `0`"),
        ("advise --job 2h", "--job must be a time from 10us to 1s, such as 500us, not `2h`"),
        ("advise --seconds 0", "--seconds must be a whole number from 1 to 3600, not `0`"),
        ("advise --check -w spawn/external", "cannot be used with"),
        ("advise --budget 10", "missing: --check"),
        ("advise --check --out /dev/null", "cannot use the folder of --out: "),
        (
            "claims --only thread-cots",
            "unknown claim `thread-cots`; did you mean `thread-cost`? known: thread-cost, ",
        ),
        ("measur", "unknown command `measur`; did you mean `measure`? known: demo, list, measure, "),
        ("frobnicate", "unknown command `frobnicate`; known: demo, "),
        ("--frobnicate", "unexpected argument `--frobnicate`; see --help"),
    ];
    for (arguments, expected) in cases {
        let message = mistake(arguments);
        assert!(message.contains(expected), "{arguments}: {message}");
    }
}

/// What is accepted in silence does something else than it says.
#[test]
fn what_means_nothing_is_refused() {
    let both = Folder::new("nothing");
    let folder = both.0.display();
    for (arguments, expected) in [
        (
            "measure -p bounded:capacity=4:capacity=5",
            "option capacity is given twice, as `4` and `5`; give it once",
        ),
        ("run -p serial -w spawn/external:jobs=5:jobs=6", "option jobs is given twice, as `5` and `6`"),
        (
            "measure -p stealing:",
            "`stealing:`: the thread count must be a whole number from 1 to 1024, not ``",
        ),
        ("measure -w burst/few:", "`burst/few:`: `` is not of the form option=value"),
        (
            "measure -w join/fib -p threadpool -t 1",
            "nothing can be measured: join/fib on threadpool:1: no fork-join",
        ),
        ("measure -w join -p threadpool,async-executor -t 1", "no fork-join; and so on for "),
        (
            "measure -w spawn/external --rounds 2 --blocks 5",
            "--blocks 5 is more than --rounds 2: a block has",
        ),
        ("measure --blocks 16", "--blocks 16 is more than --rounds 15: a block has at least one round"),
        (
            &*format!("diff {folder} {folder} -w nope"),
            "--workloads is for two programs, and these are two folders",
        ),
        (&*format!("diff {folder} {folder} --rounds 3"), "--rounds is for two programs, and these are two"),
        (&*format!("diff {folder} {folder} -p mpsc"), "--pools is for two programs"),
        (&*format!("diff {folder} {folder} -t 2"), "--threads is for two programs"),
        ("advise --budget 5", "missing: --check; right would be, for instance: pool-lab advise --check"),
        ("advise --out results", "missing: --check; right would be"),
    ] {
        let message = mistake(arguments);
        assert!(message.contains(expected), "{arguments}: {message}");
    }
}

/// A program that is not built, or not for this engine, cannot be measured.
#[test]
fn programs_that_are_not_built_are_told_before_anything_is_measured() {
    // They are looked for beside the program's target folder, and `run` says so of one.
    let output = pool_lab("run -w real/b3sum:megabytes=1 -p stealing:1");
    if output.status.success() {
        return;
    }
    let message = mistake("measure -w real -p stealing -t 1");
    assert!(message.contains("nothing can be measured: real/"), "{message}");
    assert!(message.contains("crates/rayon-core/tests/real.sh builds it; and so on for "), "{message}");
}

#[test]
fn messages_say_what_would_be_right() {
    for (arguments, expected) in [
        ("measure --patience -1", "--patience must be a whole number from 1 to 86400, not `-1`"),
        ("measure --patience 0.5", "--patience must be a whole number from 1 to 86400, not `0.5`"),
        ("measure --patience 0", "--patience must be a whole number from 1 to 86400, not `0`"),
        (
            "trace -w join/fib -p mpsc --buffer -1",
            "--buffer must be a whole number from 16 to 1000000, not `-1`",
        ),
        ("advise --seconds -1", "--seconds must be a whole number from 1 to 3600, not `-1`"),
        ("advise --at -1", "--at must be a whole number from 1 to 200, not `-1`"),
        ("verify --statistics --budget -1", "--budget must be a whole number from 1 to 86400, not `-1`"),
        ("diff a b --rounds 1", "--rounds must be a whole number from 2 to 10000, not `1`"),
        ("diff a b -t two", "--threads must be a whole number from 1 to 1024, not `two`"),
        ("measure --rounds x", "--rounds must be a whole number from 1 to 10000, not `x`"),
        ("rank", "missing: <FOLDER>; right would be, for instance: pool-lab rank results/mine"),
        ("pack", "missing: <FOLDER>; right would be, for instance: pool-lab pack results/mine"),
        (
            "trace",
            "missing: --workload <WORKLOAD> and --pool <POOL>; right would be, for instance: pool-lab trace ",
        ),
        ("rank /nope", "/nope: here is no run, of which machine.json would tell; name a folder in results/"),
        ("pack /nope", "/nope: here is no run, of which machine.json would tell; name a folder in results/"),
        ("cmp /nope", "/nope: here is no run, of which machine.json would tell; name a folder in results/"),
        (
            "claims --out /dev/null",
            "cannot use the folder of --out: /dev/null: this is a file, and not a folder",
        ),
        (
            "run -w spawn/external -p thread-per-job,stealing",
            "`thread-per-job,stealing`: one engine is wanted here",
        ),
        (
            "run -w join/fib,join/dyn -p stealing",
            "`join/fib,join/dyn`: this needs the full name of one workload",
        ),
        ("demo -p mpsc,rayon", "`mpsc,rayon`: one engine is wanted here, such as `mpsc`"),
    ] {
        let message = mistake(arguments);
        assert!(message.contains(expected), "{arguments}: {message}");
    }
}

/// A list of names that fills the screen helps nobody.
#[test]
fn no_message_has_a_long_list() {
    for arguments in [
        "measure -p x",
        "measure -p ,",
        "measure -w x",
        "trace -w join/fib -p go-channel",
        "top -p rayon",
        "demo -p chili",
        "claims --only x",
    ] {
        let message = mistake(arguments);
        assert!(message.len() < 250, "{arguments}: {message}");
    }
}

/// A program of another name says its own.
#[cfg(unix)]
#[test]
fn messages_have_the_name_of_the_program() {
    let folder = Folder::new("name");
    let program = folder.0.join("my-lab");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pool-lab"), &program).unwrap();
    for (arguments, expected) in [
        ("measure -p rayn", "my-lab: unknown engine `rayn`; did you mean `rayon`? `my-lab list` shows all"),
        ("rank", "my-lab: missing: <FOLDER>; right would be, for instance: my-lab rank results/mine"),
    ] {
        let output = Command::new(&program).args(arguments.split_whitespace()).output().unwrap();
        let message = text(&output.stderr);
        assert!(message.starts_with(expected) && !message.contains("pool-lab"), "{message}");
    }
}
