//! Names in messages: what a mistyped one was meant to be, lists of those that are known, and the name of this program.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::OnceLock;

/// Names that are less alike than this are no slip of the finger: one letter in three may be wrong.
const ALIKE: f64 = 0.6;

/// A message has no longer list than this.
const FEW: usize = 8;

static PROGRAM: OnceLock<String> = OnceLock::new();

/// The name of this program, for the commands in messages: `pool-lab`, or that of a crate with a `main` of its own.
pub(crate) fn program() -> &'static str {
    PROGRAM.get().map_or("pool-lab", String::as_str)
}

/// The program was started by this path. The first one counts.
pub(crate) fn started_as(path: &OsStr) {
    let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    if let Some(name) = name {
        PROGRAM.get_or_init(|| name.trim_end_matches(std::env::consts::EXE_SUFFIX).to_owned());
    }
}

/// `did you mean `rayon`? ` where one of the `known` names is much like `name`, otherwise nothing. The names stand in a list
/// with commas, as messages show it.
///
/// Of a name in two parts, `family/name`, each part is a name as well: `fib` was meant to be `join/fib`, and `spwan` the family
/// `spawn`.
///
/// ```
/// use pool_lab::names::meant;
///
/// assert_eq!(meant("rayn", "mpsc, rayon, tokio"), "did you mean `rayon`? ");
/// assert_eq!(meant("spwan", "spawn/external, join/fib"), "did you mean `spawn`? ");
/// assert_eq!(meant("fib", "spawn/external, join/fib"), "did you mean `join/fib`? ");
/// assert_eq!(meant("zzz", "mpsc, rayon, tokio"), "");
/// ```
pub fn meant(name: &str, known: &str) -> String {
    let known = known.split(", ").filter(|known| !known.is_empty());
    // What is compared, and what is meant by it. A name that is alike as a whole comes before one of which a part is.
    let candidates = known.flat_map(|known| match known.split_once('/') {
        Some((family, rest)) => vec![(known, known), (family, family), (rest, known)],
        None => vec![(known, known)],
    });
    let rated = candidates.map(|(part, meant)| (strsim::normalized_damerau_levenshtein(name, part), meant));
    let best = rated.fold((0.0, ""), |best, one| if one.0 > best.0 { one } else { best });
    if best.0 >= ALIKE { format!("did you mean `{}`? ", best.1) } else { String::new() }
}

/// The beginning of a list of names, and what shows the others.
pub(crate) fn few(known: &str) -> String {
    let names: Vec<&str> = known.split(", ").collect();
    if names.len() <= FEW {
        return known.to_owned();
    }
    let (first, others) = names.split_at(FEW);
    format!("{} and {} more, which `{} list` shows", first.join(", "), others.len(), program())
}

/// What shows all names of a list.
pub(crate) fn all(known: &str) -> String {
    format!("`{} list` shows all {}", program(), known.split(", ").count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_understood() {
        let engines = "mpsc, bounded, priority, stealing, rayon, tokio, tokio-blocking";
        for (typed, wanted) in [
            ("mspc", "mpsc"),
            ("bouned", "bounded"),
            ("stealin", "stealing"),
            ("Rayon", "rayon"),
            ("tokyo", "tokio"),
            ("work-stealing", "stealing"),
        ] {
            assert_eq!(meant(typed, engines), format!("did you mean `{wanted}`? "), "{typed}");
        }
        for typed in ["", "x", "crossbeam", "none"] {
            assert_eq!(meant(typed, engines), "", "{typed}");
        }
        assert_eq!(meant("rayon", ""), "");
    }

    #[test]
    fn a_workload_is_understood_by_either_part_of_its_name() {
        let workloads = "spawn/external, spawn/nested, join/fib, latency/ping";
        for (typed, wanted) in [
            ("spawn/extrenal", "spawn/external"),
            ("external", "spawn/external"),
            ("latnecy", "latency"),
            ("joinn/fib", "join/fib"),
        ] {
            assert_eq!(meant(typed, workloads), format!("did you mean `{wanted}`? "), "{typed}");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(few("a, b, c"), "a, b, c");
        let cut = "a, b, c, d, e, f, g, h and 2 more, which `pool-lab list` shows";
        assert_eq!(few("a, b, c, d, e, f, g, h, i, j"), cut);
        assert_eq!(all("a, b, c"), "`pool-lab list` shows all 3");
    }
}
