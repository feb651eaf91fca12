//! The arguments of `cargo bench -- ...`, as far as they are not criterion's alone.

use pool_lab::names::meant;

/// What comes before criterion's own help.
pub const HELP: &str = "\
cargo bench               measures everything (12 minutes at most) and writes results/report.html and results/README.md
cargo bench -- --resume   goes on with a measurement that was interrupted
cargo bench -- join/fib   criterion alone, as with any option below: one engine after the other, which compares nothing

";

/// What this harness adds.
const RESUME: &str = "--resume";

/// Criterion's options that have no value.
const FLAGS: [&str; 15] = [
    "--verbose",
    "--quiet",
    "--noplot",
    "--discard-baseline",
    "--list",
    "--ignored",
    "--exact",
    "--quick",
    "--test",
    "--bench",
    "--nocapture",
    "--show-output",
    "--include-ignored",
    "--version",
    "--help",
];

/// Criterion's options that have one.
const WITH_VALUE: [&str; 17] = [
    "--color",
    "--colour",
    "--save-baseline",
    "--baseline",
    "--baseline-lenient",
    "--format",
    "--profile-time",
    "--load-baseline",
    "--sample-size",
    "--warm-up-time",
    "--measurement-time",
    "--nresamples",
    "--noise-threshold",
    "--confidence-level",
    "--significance-level",
    "--plotting-backend",
    "--output-format",
];

/// Those of them that have a short form as well.
const SHORT_WITH_VALUE: [&str; 3] = ["-c", "-s", "-b"];

/// With these criterion runs no benchmark, whatever the filter is.
const RUN_NOTHING: [&str; 5] = ["--list", "--ignored", "--load-baseline", "--version", "--help"];

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Measure everything and write the reports, or what is left of that.
    Report {
        /// Whether to go on with an earlier run.
        resume: bool,
    },
    /// Criterion alone.
    Criterion {
        /// A filter of which it is a mistake that it matches nothing.
        filter: Option<String>,
        /// Whether it is only asked for its help.
        is_help: bool,
    },
}

/// Understands the arguments after the program's name.
///
/// # Errors
///
/// One line, when an option is unknown, there are two filters, or `--resume` is not alone.
pub fn understand(arguments: &[String]) -> Result<Asked, String> {
    // Cargo itself passes `--bench`.
    let is_bench = arguments.iter().any(|word| word == "--bench");
    let mut users = arguments.iter().map(String::as_str).filter(|word| *word != "--bench").peekable();
    if is_bench && users.peek().is_none() {
        return Ok(Asked::Report { resume: false });
    }
    let (mut options, mut filters) = (Vec::new(), Vec::new());
    while let Some(word) = users.next() {
        if word == "--" {
            filters.extend(users.by_ref());
        } else if word.starts_with("--") {
            let (name, value) =
                word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            check(name)?;
            if WITH_VALUE.contains(&name) && value.is_none() {
                users.next();
            }
            options.push(name);
        } else if word.starts_with('-') {
            if SHORT_WITH_VALUE.contains(&word) {
                users.next();
            }
            options.push(if word == "-h" { "--help" } else { word });
        } else {
            filters.push(word);
        }
    }
    if options.contains(&RESUME) {
        return match (options.len(), filters.len()) {
            (1, 0) => Ok(Asked::Report { resume: true }),
            _ => Err("--resume goes on with the whole measurement, and takes no other argument".to_owned()),
        };
    }
    if let [first, second, ..] = filters[..] {
        return Err(format!(
            "there are two filters, `{first}` and `{second}`; give one, which is a regular expression: `{first}|{second}`"
        ));
    }
    // Without `--bench`, as `cargo test` runs it, a filter is meant for other programs as well.
    let runs = is_bench && !options.iter().any(|option| RUN_NOTHING.contains(option));
    let filter = filters.first().filter(|_| runs).map(|filter| (*filter).to_owned());
    Ok(Asked::Criterion { filter, is_help: options.contains(&"--help") })
}

fn check(name: &str) -> Result<(), String> {
    let known = || FLAGS.iter().chain(&WITH_VALUE).chain([&RESUME]);
    if known().any(|known| *known == name) {
        return Ok(());
    }
    let known = known().copied().collect::<Vec<_>>().join(", ");
    Err(format!("unexpected argument `{name}`; {}see `cargo bench -- --help`", meant(name, &known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &str) -> Result<Asked, String> {
        understand(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn criterion(filter: Option<&str>) -> Result<Asked, String> {
        Ok(Asked::Criterion { filter: filter.map(str::to_owned), is_help: false })
    }

    #[test]
    fn the_help_says_how_long_it_takes() {
        let minutes = format!("({} minutes at most)", pool_lab::plan::curated::LIMIT.as_secs() / 60);
        assert!(HELP.contains(&minutes), "{minutes}");
    }

    #[test]
    fn without_arguments_everything_is_measured() {
        assert_eq!(asked("--bench"), Ok(Asked::Report { resume: false }));
        assert_eq!(asked("--resume --bench"), Ok(Asked::Report { resume: true }));
        // As `cargo test` runs it.
        assert_eq!(asked(""), criterion(None));
    }

    #[test]
    fn what_is_criterions_is_left_to_it() {
        for words in [
            "--test --bench",
            "--list --bench",
            "--list --format terse --bench",
            "--list nope --bench",
            "--load-baseline old join --bench",
            "--save-baseline new -n -c never --bench",
            "--sample-size=10 --noise-threshold 0.1 --bench",
            "nope",
            "nope --nocapture",
        ] {
            assert_eq!(asked(words), criterion(None), "{words}");
        }
        let help = Ok(Asked::Criterion { filter: None, is_help: true });
        assert_eq!((asked("--help --bench"), asked("-h --bench")), (help.clone(), help));
    }

    #[test]
    fn a_filter_has_to_match() {
        for words in ["nope --bench", "--exact nope --bench", "-s base nope --bench", "--bench -- nope"] {
            assert_eq!(asked(words), criterion(Some("nope")), "{words}");
        }
    }

    #[test]
    fn mistakes_name_what_is_right() {
        for (words, expected) in [
            (
                "--resum --bench",
                "unexpected argument `--resum`; did you mean `--resume`? see `cargo bench -- --help`",
            ),
            ("--tset --bench", "unexpected argument `--tset`; did you mean `--test`? see"),
            ("--frobnicate=3 --bench", "unexpected argument `--frobnicate`; see `cargo bench -- --help`"),
            ("--resume join/fib --bench", "--resume goes on with the whole measurement, and takes no other"),
            ("--resume --test --bench", "--resume goes on with the whole measurement, and takes no other"),
            ("join spawn --bench", "two filters, `join` and `spawn`; give one"),
        ] {
            let mistake = asked(words).unwrap_err();
            assert!(mistake.contains(expected) && mistake.lines().count() == 1, "{words}: {mistake}");
        }
    }
}
