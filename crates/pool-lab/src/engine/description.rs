//! What is known of an engine, apart from the code that drives it.

use std::any::Any;

use super::program::Program;
use super::settings::Rule;
use super::version;

/// What an engine is to the reader of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One of this workspace's strategies.
    Ours,
    /// A published crate.
    Peer,
    /// A pool from a crate that uses this one, or of which nothing is known but its records.
    Brought,
    /// A pool as one writes it in a textbook, to compare with.
    Baseline,
    /// A pool of another language, in a process of its own. It shows what others reach, and takes no rank.
    External,
    /// No pool at all. It shows the price of the work itself, and takes no rank.
    NoPool,
}

impl Kind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ours => "ours",
            Kind::Peer => "peer",
            Kind::Brought => "brought",
            Kind::Baseline => "baseline",
            Kind::External => "external",
            Kind::NoPool => "no pool",
        }
    }

    /// On which side it is where one side is compared with another: what was brought is on that of the peers.
    pub fn side(self) -> Kind {
        if self == Kind::Brought { Kind::Peer } else { self }
    }

    /// Whether it takes part in the order of pools. What runs in another language, or is no pool, is shown beside them.
    pub fn takes_rank(self) -> bool {
        !matches!(self, Kind::External | Kind::NoPool)
    }
}

/// What a workload needs of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// [`Jobs`](super::Jobs).
    Jobs,
    /// [`Survives`](super::Survives).
    Panics,
    /// [`Handles`](super::Handles).
    Handles,
    /// [`Joins`](super::Joins).
    Joins,
    /// [`Jobs`](super::Jobs) and [`Joins`](super::Joins), on the same threads.
    JobsAndJoins,
    /// [`Scopes`](super::Scopes).
    Scopes,
    /// [`Loops`](super::Loops).
    Loops,
    /// [`IsPool`](super::IsPool).
    IsPool,
    /// [`UnderRayon`](super::UnderRayon).
    UnderRayon,
}

impl Need {
    /// What it is, as a record says that it is missing.
    pub fn name(self) -> &'static str {
        match self {
            Need::Jobs => "detached jobs",
            Need::Panics => "jobs that may panic",
            Need::Handles => "jobs with results",
            Need::Joins => "fork-join",
            Need::JobsAndJoins => "detached jobs and fork-join",
            Need::Scopes => "scopes",
            Need::Loops => "parallel loops",
            Need::IsPool => "`Pool` adapter",
            Need::UnderRayon => "build under rayon",
        }
    }

    /// Whether an engine that can do this has it.
    pub fn is_met_by(self, can: &Capabilities) -> bool {
        match self {
            Need::Jobs => can.jobs,
            Need::Panics => can.panics,
            Need::Handles => can.handles,
            Need::Joins => can.joins,
            Need::JobsAndJoins => can.jobs && can.joins,
            Need::Scopes => can.scopes,
            Need::Loops => can.loops,
            Need::IsPool => can.is_pool,
            Need::UnderRayon => can.under_rayon,
        }
    }
}

/// What an engine can do, as `list` shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Detached jobs.
    pub jobs: bool,
    /// Detached jobs that may panic.
    pub panics: bool,
    /// Jobs with a result.
    pub handles: bool,
    /// Fork-join.
    pub joins: bool,
    /// Jobs that borrow.
    pub scopes: bool,
    /// Loops that it divides itself.
    pub loops: bool,
    /// Urgent jobs before others.
    pub priorities: bool,
    /// Some of its options let it lose jobs.
    pub may_lose_jobs: bool,
    /// It is a `Pool` of its own, not through an adapter.
    pub is_pool: bool,
    /// Programs that use rayon.
    pub under_rayon: bool,
}

impl Capabilities {
    /// Each capability that lists show, with its name.
    pub fn named(self) -> [(&'static str, bool); 9] {
        [
            ("jobs", self.jobs),
            ("panics", self.panics),
            ("handles", self.handles),
            ("joins", self.joins),
            ("scopes", self.scopes),
            ("loops", self.loops),
            ("priorities", self.priorities),
            ("may lose jobs", self.may_lose_jobs),
            ("programs of rayon", self.under_rayon),
        ]
    }
}

/// What an engine is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeOf {
    /// This package, and its version is that of the package.
    Package(&'static str),
    /// This program of another language, and its version is that of the toolchain.
    Program(&'static Program),
    /// The standard library, and its version is the compiler's.
    Std,
    /// What its author says, and so is its version: an engine of a crate that uses this one.
    Version(&'static str),
}

/// An engine as tables, lists and reports know it.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The name, as specs use it.
    pub name: &'static str,
    /// What it is made of.
    pub made_of: MadeOf,
    /// What it is, in a few words.
    pub about: &'static str,
    /// What it is to the reader of a report.
    pub kind: Kind,
    /// The options that its spec takes.
    pub options: &'static [Rule],
    /// Settings of the options, as specs write them, with which tests run it besides the defaults.
    pub variants: &'static [&'static str],
    /// What it can do.
    pub can: Capabilities,
    /// Of what is no pool: what it leaves out that a pool has to do.
    pub leaves_out: &'static str,
    /// A workload's name, and what is to be known about the engine in it.
    pub remarks: &'static [(&'static str, &'static str)],
    /// Whether it needs so long for each job that only workloads of few jobs are worth its time.
    pub has_slow_jobs: bool,
    /// Whether a join goes through its queue, so that a million of them take seconds.
    pub has_slow_joins: bool,
    /// Whether `benches/instructions.sh` counts what it executes.
    pub is_counted: bool,
    /// Whether jobs from one thread start in the order in which they were submitted.
    pub is_fifo: bool,
    /// Whether a job that a worker submits may wait for this worker while others have nothing to do.
    pub may_hold_jobs_back: bool,
    /// How workloads that do not know its type start it: functions, which `any` puts there and finds by their types.
    pub(crate) starts: Vec<&'static (dyn Any + Send + Sync)>,
}

impl Engine {
    /// An engine of which no more is known.
    pub(crate) fn new(kind: Kind, name: &'static str, made_of: MadeOf, about: &'static str) -> Self {
        Engine {
            name,
            made_of,
            about,
            kind,
            options: &[],
            variants: &[],
            can: Capabilities::default(),
            leaves_out: "",
            remarks: &[],
            has_slow_jobs: false,
            has_slow_joins: false,
            is_counted: false,
            is_fifo: false,
            may_hold_jobs_back: false,
            starts: Vec::new(),
        }
    }

    /// The version, exact.
    pub fn version(&self) -> &'static str {
        match self.made_of {
            MadeOf::Package(package) => version::of_package(package),
            MadeOf::Program(program) => program.version(),
            MadeOf::Std => version::of_rust(),
            MadeOf::Version(version) => version,
        }
    }

    /// Whether others are compared with it when it is the fastest. Not so when it does nothing in parallel, or
    /// runs in another language.
    pub fn is_reference(&self) -> bool {
        self.kind.takes_rank()
    }

    /// What is to be known about it in this workload: a difference from the others that the number does not show. Mostly
    /// nothing.
    pub fn remark(&self, workload: &str) -> &'static str {
        self.remarks.iter().find(|(name, _)| *name == workload).map_or("", |(_, remark)| remark)
    }
}
