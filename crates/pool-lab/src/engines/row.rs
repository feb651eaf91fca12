//! A row of the table of engines: what is known of an engine, and the code that drives it.

use std::sync::Arc;

use pool_core::Pool;

use crate::engine::settings::{Rule, Settings};
use crate::engine::{
    Engine, Handles, IsPool, Jobs, Joins, Kind, Loops, MadeOf, Need, Program, Scopes, Spec, SpecError, Start,
    Survives, UnderRayon, adapter, any,
};
use crate::external;
use crate::workload::program;
use crate::workload::{About, Binding, Case, CaseError, Failure, Outline, Workload};
use crate::workloads;

/// Builds an engine as a `Pool`.
type BuildPool = fn(&Spec) -> Result<Arc<dyn Pool>, SpecError>;

/// An engine, and the workloads that it can do.
///
/// A row is built by calls: what it is, then what it can do and by which type, then what is to be known.
pub struct Row {
    /// What is known of the engine.
    pub engine: Engine,
    pool: Result<BuildPool, &'static str>,
    bindings: Vec<Binding>,
    /// Of an engine of another language: its program, and what the program calls it.
    remote: Option<(&'static Program, &'static str)>,
}

/// How a file in this folder describes its engine.
impl Row {
    /// One of our pools.
    pub(super) fn ours(name: &'static str, package: &'static str, about: &'static str) -> Self {
        Row::new(Kind::Ours, name, MadeOf::Package(package), about)
    }

    /// A published crate.
    pub(super) fn peer(name: &'static str, package: &'static str, about: &'static str) -> Self {
        Row::new(Kind::Peer, name, MadeOf::Package(package), about)
    }

    /// A pool as in a textbook.
    pub(super) fn baseline(name: &'static str, made_of: MadeOf, about: &'static str) -> Self {
        Row::new(Kind::Baseline, name, made_of, about)
    }

    /// It is no pool: it shows what a part of the work costs without one, and leaves out what `leaves_out` says.
    pub(super) fn no_pool(name: &'static str, about: &'static str, leaves_out: &'static str) -> Self {
        let mut row = Row::new(Kind::NoPool, name, MadeOf::Std, about);
        row.engine.leaves_out = leaves_out;
        row
    }

    /// A pool of another language, which its program knows as `engine`, and which runs detached jobs.
    pub(super) fn external(
        name: &'static str,
        program: &'static Program,
        engine: &'static str,
        about: &'static str,
    ) -> Self {
        let mut row = Row::new(Kind::External, name, MadeOf::Program(program), about);
        row.remote = Some((program, engine));
        row.engine.can.jobs = true;
        row.not_a_pool("it runs in a process of its own")
    }

    /// The external engine joins, too.
    pub(super) fn external_joins(mut self) -> Self {
        self.engine.can.joins = true;
        self
    }

    /// An engine of a crate that uses this one: a pool that takes part like a published crate's, under its own name.
    ///
    /// What it can do is said by what follows: `Row::theirs(..).jobs::<Mine>().joins::<Mine>()`. Without any of [`jobs`](Row::jobs),
    /// [`handles`](Row::handles), [`joins`](Row::joins), [`scopes`](Row::scopes) and [`loops`](Row::loops) no workload runs on it.
    /// The version is what records show, mostly `env!("CARGO_PKG_VERSION")`.
    ///
    /// | | for what |
    /// |---|---|
    /// | `jobs` and its like | the workloads that need it; all others are n/a |
    /// | [`own_pool`](Row::own_pool) | `demo`, `advise`, `top` and `trace` in full, and [`build`](crate::build): it implements [`Pool`] itself |
    /// | [`adapted`](Row::adapted) | `demo`, `advise` and [`build`](crate::build) for a pool that does not |
    /// | [`slow_jobs`](Row::slow_jobs) | not to take part by default where there are very many jobs; a fast pool goes without |
    pub fn theirs(name: &'static str, version: &'static str, about: &'static str) -> Self {
        Row::new(Kind::Brought, name, MadeOf::Version(version), about)
    }

    fn new(kind: Kind, name: &'static str, made_of: MadeOf, about: &'static str) -> Self {
        let pool = Err("its row does not say how");
        Row { engine: Engine::new(kind, name, made_of, about), pool, bindings: Vec::new(), remote: None }
    }

    /// The options that its spec takes.
    pub fn options(mut self, options: &'static [Rule]) -> Self {
        self.engine.options = options;
        self
    }

    /// Settings of the options with which tests run it besides the defaults.
    pub fn variants(mut self, variants: &'static [&'static str]) -> Self {
        self.engine.variants = variants;
        self
    }

    /// It runs detached jobs; `E` is how.
    pub fn jobs<E: Jobs>(mut self) -> Self {
        self.engine.can.jobs = true;
        self.engine.starts.push(any::jobs::<E>());
        self.bindings.extend(workloads::for_jobs::<E>());
        self
    }

    /// It runs detached jobs, which may panic; `E` is how.
    pub fn survives<E: Survives>(mut self) -> Self {
        self.engine.can.panics = true;
        self.bindings.extend(workloads::for_panics::<E>());
        self
    }

    /// It runs jobs with results; `E` is how.
    pub fn handles<E: Handles>(mut self) -> Self {
        self.engine.can.handles = true;
        self.bindings.extend(workloads::for_handles::<E>());
        self
    }

    /// It joins; `E` is how.
    pub fn joins<E: Joins>(mut self) -> Self {
        self.engine.can.joins = true;
        self.engine.starts.push(any::joins::<E>());
        self.bindings.extend(workloads::for_joins::<E>());
        self
    }

    /// It runs detached jobs and joins, on the same threads; `E` is how.
    pub fn jobs_and_joins<E: Jobs + Joins>(mut self) -> Self {
        self.bindings.extend(workloads::for_jobs_and_joins::<E>());
        self.jobs::<E>().joins::<E>()
    }

    /// It has scopes; `E` is how.
    pub fn scopes<E: Scopes>(mut self) -> Self {
        self.engine.can.scopes = true;
        self.engine.starts.push(any::scopes::<E>());
        self.bindings.extend(workloads::for_scopes::<E>());
        self
    }

    /// It runs loops, and divides them itself; `E` is how.
    pub fn loops<E: Loops>(mut self) -> Self {
        self.engine.can.loops = true;
        self.bindings.extend(workloads::for_loops::<E>());
        self
    }

    /// It does this workload, for which it may need nothing that the others have; `E` is how.
    pub fn does<E: Start, W: Workload<E>>(mut self) -> Self {
        self.bindings.push(Binding::new::<E, W>());
        self
    }

    /// It takes rayon-core's place under programs that use rayon; `E` is how.
    pub fn under_rayon<E: UnderRayon>(mut self) -> Self {
        self.engine.can.under_rayon = true;
        self.bindings.extend(workloads::for_programs::<E>());
        self
    }

    /// It is a `Pool` of its own, whose threads tell what they do; `E` is how.
    pub fn own_pool<E: IsPool>(mut self) -> Self {
        self.engine.can.is_pool = true;
        self.pool = Ok(E::build);
        self.bindings.extend(workloads::for_pools::<E>());
        self
    }

    /// It is no `Pool`, and can stand behind that trait through an adapter, which runs its jobs by `E`.
    pub fn adapted<E: Jobs>(mut self) -> Self {
        self.pool = Ok(adapter::build::<E>);
        self
    }

    /// It cannot stand behind the `Pool` trait, for this reason.
    pub fn not_a_pool(mut self, why: &'static str) -> Self {
        self.pool = Err(why);
        self
    }

    /// What is to be known about it in single workloads, by their names.
    pub fn remarks(mut self, remarks: &'static [(&'static str, &'static str)]) -> Self {
        self.engine.remarks = remarks;
        self
    }

    /// It serves urgent jobs first.
    pub fn priorities(mut self) -> Self {
        self.engine.can.priorities = true;
        self
    }

    /// Some of its options let it lose jobs.
    pub fn may_lose_jobs(mut self) -> Self {
        self.engine.can.may_lose_jobs = true;
        self
    }

    /// It needs so long for each job that by default it is measured with workloads of few jobs only.
    pub fn slow_jobs(mut self) -> Self {
        self.engine.has_slow_jobs = true;
        self
    }

    /// Its joins go through its queue.
    pub fn slow_joins(mut self) -> Self {
        self.engine.has_slow_joins = true;
        self
    }

    /// `benches/instructions.sh` counts what it executes.
    pub(super) fn counted(mut self) -> Self {
        self.engine.is_counted = true;
        self
    }

    /// Jobs from one thread start in the order in which they were submitted.
    pub fn fifo(mut self) -> Self {
        self.engine.is_fifo = true;
        self
    }

    /// A job that a worker submits may wait for this worker while others have nothing to do.
    pub fn may_hold_jobs_back(mut self) -> Self {
        self.engine.may_hold_jobs_back = true;
        self
    }
}

impl Row {
    /// Whether it can do this workload.
    pub fn can_do(&self, workload: &About) -> bool {
        match self.remote {
            None => self.binding(workload).is_some(),
            Some(_) => {
                let quick = Settings::new(workload.parameters).quick();
                matches!(self.outline(workload, &quick), Ok(Some(_)))
            }
        }
    }

    /// What an external engine has to answer; `None` when it cannot do it.
    fn outline(&self, about: &About, parameters: &Settings) -> Result<Option<Outline>, Failure> {
        match workloads::find(about.name).filter(|row| row.needs.is_met_by(&self.engine.can)) {
            Some(row) => (row.outline)(parameters),
            None => Ok(None),
        }
    }

    /// The program, of an engine of another language, and what the program calls it.
    pub fn remote(&self) -> Option<(&'static Program, &'static str)> {
        self.remote
    }

    /// The program, of an engine of another language.
    pub fn program(&self) -> Option<&'static Program> {
        self.remote.map(|(program, _)| program)
    }

    /// What makes the engine and this workload a case. A workload that another crate has added is bound to all engines alike.
    fn binding(&self, workload: &About) -> Option<&Binding> {
        let bound = self.bindings.iter().find(|binding| binding.is_of(workload));
        bound.or_else(|| {
            let row = workloads::find(workload.name)?;
            row.any.as_ref().filter(|_| row.needs.is_met_by(&self.engine.can))
        })
    }

    /// Whether it can be made a `Pool`.
    pub fn is_pool(&self) -> bool {
        self.pool.is_ok()
    }

    /// Whether what its threads do can be watched: our pools tell it themselves, of others jobs, joins and scopes are seen from outside.
    pub(crate) fn can_be_watched(&self) -> bool {
        self.engine.can.is_pool || !self.engine.starts.is_empty()
    }

    /// What makes a watched engine and this workload a case.
    fn watched_binding(&self, workload: &About) -> Result<&Binding, CaseError> {
        let row = workloads::find(workload.name);
        let any = row.and_then(|row| row.any.as_ref().filter(|_| row.needs.is_met_by(&self.engine.can)));
        any.ok_or_else(|| {
            let names = [Need::Jobs, Need::Joins, Need::Scopes].map(Need::name).join(", ");
            CaseError::Unsupported(format!(
                "no trace: of pools that are not ours only workloads of these are: {names}"
            ))
        })
    }

    /// What builds the `Pool`, or why there is none.
    pub(super) fn pool(&self) -> Result<BuildPool, &'static str> {
        self.pool
    }

    /// What it lacks for this workload, as far as that is known without starting it.
    pub(super) fn lacks(&self, about: &About) -> Option<String> {
        if let Some(program) = self.program().filter(|program| !program.is_installed()) {
            return Some(program.missing());
        }
        if !self.can_do(about) {
            return Some(self.unsupported(about));
        }
        let row = workloads::find(about.name).filter(|row| matches!(row.needs, Need::UnderRayon))?;
        program::missing(row.about)
    }

    /// What of a workload it cannot do.
    fn unsupported(&self, about: &About) -> String {
        match (self.remote, workloads::find(about.name)) {
            (Some(_), _) => "not in its protocol".to_owned(),
            (None, row) => format!("no {}", row.map_or("such workload", |row| row.needs.name())),
        }
    }

    /// The engine with a workload, which must be one of the table.
    pub(super) fn case(
        &self,
        spec: &Spec,
        about: &About,
        parameters: &Settings,
    ) -> Result<Box<dyn Case>, CaseError> {
        if let Some((program, engine)) = self.remote {
            let outline = self.outline(about, parameters)?;
            let outline = outline.ok_or_else(|| CaseError::Unsupported(self.unsupported(about)))?;
            return external::case(program, engine, spec, about, parameters, outline);
        }
        if spec.watcher().is_some() && !self.engine.can.is_pool && self.binding(about).is_some() {
            return self.watched_binding(about)?.make(spec, parameters);
        }
        match self.binding(about) {
            Some(binding) => binding.make(spec, parameters),
            None => Err(CaseError::Unsupported(self.unsupported(about))),
        }
    }
}
