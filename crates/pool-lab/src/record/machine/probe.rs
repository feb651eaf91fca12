//! Asking the system, one question a function. `None` is "it does not say".

use std::fs;
use std::path::Path;
use std::process::Command;

pub(super) fn cpu() -> Option<String> {
    match std::env::consts::OS {
        "linux" => proc_field("/proc/cpuinfo", "model name"),
        "macos" => run("sysctl", &["-n", "machdep.cpu.brand_string"]),
        "windows" => std::env::var("PROCESSOR_IDENTIFIER").ok(),
        _ => None,
    }
}

/// Main memory in bytes.
pub(super) fn memory() -> Option<u64> {
    match std::env::consts::OS {
        "linux" => {
            let total = proc_field("/proc/meminfo", "MemTotal")?;
            let kibibytes: u64 = total.strip_suffix("kB")?.trim().parse().ok()?;
            Some(kibibytes * 1024)
        }
        "macos" => run("sysctl", &["-n", "hw.memsize"])?.parse().ok(),
        _ => None,
    }
}

/// x86 processors have a flag for it.
pub(super) fn virtual_machine() -> Option<bool> {
    let flags = proc_field("/proc/cpuinfo", "flags")?;
    Some(flags.split_whitespace().any(|flag| flag == "hypervisor"))
}

pub(super) fn os() -> Option<String> {
    match std::env::consts::OS {
        "linux" => {
            let text = fs::read_to_string("/etc/os-release").ok()?;
            let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
            some_text(name.trim_matches('"'))
        }
        "macos" => Some(format!("macOS {}", run("sw_vers", &["-productVersion"])?)),
        "windows" => run("cmd", &["/C", "ver"]),
        other => Some(other.to_owned()),
    }
}

pub(super) fn kernel() -> Option<String> {
    match std::env::consts::OS {
        "linux" => some_text(&fs::read_to_string("/proc/sys/kernel/osrelease").ok()?),
        "windows" => None,
        _ => run("uname", &["-r"]),
    }
}

pub(super) fn revision(root: &Path) -> Option<String> {
    git(root, &["rev-parse", "--short=12", "HEAD"])
}

/// Whether anything but what a measurement itself generates differs from the revision.
pub(super) fn is_dirty(root: &Path) -> Option<bool> {
    let generated = [":(top)", ":(top,exclude)results", ":(top,exclude)README.md"];
    let changes = output(git_command(root).args(["status", "--porcelain", "--"]).args(generated))?;
    Some(!changes.is_empty())
}

/// Whether git has anything in its index that lies in one of these folders or files of `folder`. Not so where there is no
/// repository, or no git.
pub(super) fn is_tracked(folder: &Path, names: &[&str]) -> bool {
    output(git_command(folder).args(["ls-files", "--"]).args(names)).is_some_and(|files| !files.is_empty())
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    some_text(&output(git_command(root).args(arguments))?)
}

fn git_command(root: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(root);
    command
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    some_text(&output(Command::new(program).args(arguments))?)
}

/// What a command printed, if it is there, succeeded and printed text.
fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The value of the first `name : value` line of a file.
fn proc_field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = fields.into_iter().find(|(key, _)| key.trim() == name)?;
    some_text(value)
}

fn some_text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
