//! Choosing workloads by their names, for which one has to know them.

use std::str::FromStr;

use crate::workload::{About, Task, TaskError};

impl Task {
    /// All tasks that a list chooses: names (`spawn/external`), families (`spawn`) or other beginnings,
    /// separated by commas. A full name may be followed by parameters: `join/fib:n=25`. Without parameters each
    /// workload comes in all its variants. `kernels` are the four of tzcnt/runtime-benchmarks at its sizes.
    ///
    /// # Errors
    ///
    /// [`TaskError`] for the first choice that is not understood.
    pub fn parse_list(list: &str) -> Result<Vec<Task>, TaskError> {
        let chosen: Result<Vec<_>, _> = list.split(',').map(|choice| tasks_of(choice.trim())).collect();
        Ok(chosen?.into_iter().flatten().collect())
    }

    /// Every workload in all its variants.
    pub fn all() -> Vec<Task> {
        super::rows().iter().flat_map(|row| Task::variants(row.about)).collect()
    }
}

/// The four kernels of tzcnt/runtime-benchmarks at its sizes, by one name. They take seconds on a pool that is slow at joins, so
/// they are variants of no workload.
const KERNELS: (&str, [&str; 4]) = (
    "kernels",
    ["join/fib:n=39", "join/skynet:depth=8", "join/nqueens:alone=0:n=14", "join/matmul:leaf=32:size=2048"],
);

fn tasks_of(choice: &str) -> Result<Vec<Task>, TaskError> {
    if choice == KERNELS.0 {
        return KERNELS.1.iter().map(|task| task.parse()).collect();
    }
    let (name, parameters) = choice.split_once(':').map_or((choice, None), |(name, rest)| (name, Some(rest)));
    let all = || super::rows().iter().map(|row| row.about);
    let exact: Vec<&About> = all().filter(|about| about.name == name).collect();
    let chosen = if exact.is_empty() {
        all().filter(|about| !name.is_empty() && about.name.starts_with(name)).collect()
    } else {
        exact
    };
    match (chosen.as_slice(), parameters) {
        ([], _) => Err(TaskError::Unknown { name: name.to_owned(), known: super::names() }),
        ([about], Some(parameters)) => Ok(vec![
            Task::new(about, parameters)
                .map_err(|source| TaskError::Parameter { task: choice.to_owned(), source })?,
        ]),
        ([about, ..], Some(_)) => {
            Err(TaskError::Ambiguous { task: choice.to_owned(), such_as: about.name.to_owned() })
        }
        (several, None) => Ok(several.iter().flat_map(|about| Task::variants(about)).collect()),
    }
}

/// The task that is written in full; [`Task::parse_list`] reads lists and beginnings.
impl FromStr for Task {
    type Err = TaskError;

    fn from_str(text: &str) -> Result<Self, TaskError> {
        // A comma may be in a value, as in a path.
        let is_list = text.split(':').next().is_some_and(|name| name.contains(','));
        let mut tasks = if is_list { Task::parse_list(text)? } else { tasks_of(text)? };
        match tasks.len() {
            1 => Ok(tasks.remove(0)),
            _ => Err(TaskError::Ambiguous { task: text.to_owned(), such_as: tasks[0].to_string() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(list: &str) -> Vec<String> {
        Task::parse_list(list).unwrap().iter().map(Task::to_string).collect()
    }

    #[test]
    fn names_families_and_beginnings_choose() {
        assert_eq!(chosen("spawn/external"), ["spawn/external"]);
        assert_eq!(chosen("spawn/external,join/fib:n=20"), ["spawn/external", "join/fib:n=20"]);
        let all = Task::all();
        let of_family: Vec<String> =
            all.iter().filter(|task| task.about.family().name == "join").map(Task::to_string).collect();
        assert_eq!(chosen("join"), of_family);
        assert!(of_family.len() > 5);
        assert_eq!(
            chosen("latency/ping"),
            ["latency/ping:gap=0", "latency/ping:gap=200us", "latency/ping:gap=2ms"]
        );
        assert_eq!(chosen("kernels"), KERNELS.1);
        assert_eq!(chosen("latency/ping:gap=1ms"), ["latency/ping:gap=1ms"]);
    }

    #[test]
    fn errors_name_what_is_known_or_allowed() {
        let error = |list: &str| Task::parse_list(list).unwrap_err().to_string();
        let all = format!("`pool-lab list` shows all {}", crate::workloads::rows().len());
        assert_eq!(error("spwan"), format!("unknown workload `spwan`; did you mean `spawn`? {all}"));
        assert_eq!(error(""), format!("unknown workload ``; {all}"));
        let one = "join/fib,join/dyn".parse::<Task>().unwrap_err().to_string();
        assert_eq!(one, "`join/fib,join/dyn`: this needs the full name of one workload, such as join/fib");
        assert!(error("join/fib:n=3:n=4").ends_with("option n is given twice, as `3` and `4`; give it once"));
        assert_eq!(error("join/fib:m=3"), "`join/fib:m=3`: unknown option `m`; known: n");
        assert_eq!(
            error("join:n=3"),
            "`join:n=3`: this needs the full name of one workload, such as join/fib"
        );
    }
}
