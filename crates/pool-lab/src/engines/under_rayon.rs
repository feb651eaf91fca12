//! What stands under rayon in programs that use it: rayon-core as published, or one of our pools by way of the crate `rayon-core`
//! in this repository. The programs are processes of their own, so nothing is started here.

use crate::engine::{Spec, SpecError, Start, UnderRayon};

/// rayon-core from crates.io.
pub(super) struct Published {
    threads: usize,
}

impl Start for Published {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(Published { threads: spec.threads() })
    }

    fn stop(self) {}
}

impl UnderRayon for Published {
    const BUILD: &'static str = "rayon-core";

    fn variable(&self) -> (&'static str, String) {
        ("RAYON_NUM_THREADS", self.threads.to_string())
    }
}

/// One of our pools.
pub(super) struct Ours {
    pool: String,
}

/// The one option of an engine that `RAYON_POOL` knows as well.
const CAPACITY: &str = "capacity";

impl Start for Ours {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let (rules, options) = (spec.engine().options, spec.options());
        if let Some(rule) = rules.iter().find(|rule| rule.name != CAPACITY && options.is_given(rule.name)) {
            let reason = format!("RAYON_POOL has no option `{}`, only `{CAPACITY}`", rule.name);
            return Err(spec.build_error(reason));
        }
        let has_capacity = rules.iter().any(|rule| rule.name == CAPACITY);
        let capacity =
            if has_capacity { format!(":{CAPACITY}={}", options.text(CAPACITY)) } else { String::new() };
        Ok(Ours { pool: format!("{}:{}{capacity}", spec.engine().name, spec.threads()) })
    }

    fn stop(self) {}
}

impl UnderRayon for Ours {
    const BUILD: &'static str = "ours";

    fn variable(&self) -> (&'static str, String) {
        ("RAYON_POOL", self.pool.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_told_by_a_variable() {
        let told = |spec: &str| Ours::start(&spec.parse().unwrap()).unwrap().variable();
        assert_eq!(told("stealing:3"), ("RAYON_POOL", "stealing:3".to_owned()));
        assert_eq!(told("bounded:2:capacity=64"), ("RAYON_POOL", "bounded:2:capacity=64".to_owned()));
        let error = Ours::start(&"bounded:2:overflow=reject".parse().unwrap()).err().unwrap().to_string();
        assert!(error.ends_with("RAYON_POOL has no option `overflow`, only `capacity`"), "{error}");
        let published = Published::start(&"rayon:3".parse().unwrap()).unwrap();
        assert_eq!(published.variable(), ("RAYON_NUM_THREADS", "3".to_owned()));
    }
}
