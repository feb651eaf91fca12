//! A PostgreSQL server of a test's own, on a socket in a temporary folder.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use postgres::{Client, NoTls};
use postgres_consumer::Queue;

pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
}

impl Cluster {
    /// `None`, and a line that says why, where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let Some(programs) = programs() else {
            println!("PostgreSQL is not installed (Debian: apt-get install postgresql): nothing is tested");
            return None;
        };
        let number = STARTED.fetch_add(1, Relaxed);
        let folder = std::env::temp_dir().join(format!("postgres-consumer-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        // The server refuses to be run by root.
        let owner = (id("-u", None) == 0).then(|| (id("-u", Some("postgres")), id("-g", Some("postgres"))));
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let cluster = Cluster { folder, programs, owner };
        cluster.run(
            "initdb",
            &["-D", "data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"],
        );
        let options = format!("-c listen_addresses= -c fsync=off -k {}", cluster.folder.display());
        cluster.run("pg_ctl", &["start", "-w", "-s", "-D", "data", "-l", "server.log", "-o", &options]);
        cluster.queue().create().unwrap();
        Some(cluster)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn url(&self) -> String {
        format!("host={} user=postgres dbname=postgres", self.folder.display())
    }

    pub fn connect(&self) -> Client {
        Client::connect(&self.url(), NoTls).unwrap()
    }

    pub fn queue(&self) -> Queue {
        Queue::new(self.connect())
    }

    /// Runs one of the server's programs in the folder, as its owner.
    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(&self.folder);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        // Not by pipes: the server inherits them, and they would end with it.
        let log = fs::File::create(self.folder.join(format!("{program}.log"))).unwrap();
        let done = command.stdout(log.try_clone().unwrap()).stderr(log).status().unwrap();
        let said = || fs::read_to_string(self.folder.join(format!("{program}.log"))).unwrap_or_default();
        assert!(done.success(), "{program}: {}", said());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "-w", "-s", "-m", "immediate", "-D", "data"]);
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// Where the server's programs are: Debian has them in a folder for each version, of which the last is taken.
fn programs() -> Option<PathBuf> {
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.map(|version| version.unwrap().path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has_all = |folder: &PathBuf| ["initdb", "pg_ctl"].iter().all(|name| folder.join(name).is_file());
    debian.into_iter().rev().chain(std::env::split_paths(&path)).find(has_all)
}

fn id(which: &str, user: Option<&str>) -> u32 {
    let output = Command::new("id").arg(which).args(user).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().parse().unwrap_or_else(|_| panic!("there is no user {user:?}"))
}
