//! Names of jobs that are made when the program runs.

use pool_core::{Attributes, PoolExt, job_name};

use crate::case::{Case, case};
use crate::tools::{mailbox, panic_on_purpose};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("job_names", a_job_finds_its_own_name).submits(1),
        case!("job_names", hooks_get_the_name_of_each_job).needs(&[Claim::Hooks, Claim::WaitIdle]).submits(1),
        case!("job_names", a_pool_describes_itself),
    ]
}

fn a_job_finds_its_own_name(subject: &Subject) {
    let pool = subject.pool_of(1);
    for number in 0..100 {
        let attributes = Attributes::new().name(format!("job {number}"));
        let name = pool.spawn_with(attributes, job_name).unwrap().join().unwrap();
        assert_eq!(name.unwrap(), format!("job {number}"));
        assert!(pool.spawn(job_name).unwrap().join().unwrap().is_none());
    }
    assert!(job_name().is_none());
}

fn hooks_get_the_name_of_each_job(subject: &Subject) {
    let (say, said) = mailbox();
    let (before, panicked) = (say.clone(), say.clone());
    let setup = Setup::threads(1)
        .before_job(move |job| before.send(("before", job.name.map(str::to_owned))).unwrap())
        .on_panic(move |panic| panicked.send(("panic", panic.name.map(str::to_owned))).unwrap())
        .after_job(move |job, _| say.send(("after", job.name.map(str::to_owned))).unwrap());
    let pool = subject.build(setup);
    for number in 0..3 {
        let name = format!("job {number}");
        pool.execute_with(Attributes::new().name(name.clone()), || panic_on_purpose()).unwrap();
        let mut told: Vec<_> = said.iter().take(3).collect();
        told.sort_unstable();
        let name = Some(name);
        assert_eq!(told, [("after", name.clone()), ("before", name.clone()), ("panic", name)]);
    }
}

fn a_pool_describes_itself(subject: &Subject) {
    let pool = subject.pool_of(2);
    let description = format!("{pool:?}");
    assert!(description.contains(&format!("{:?}", pool.name())), "{description}");
    assert!(description.contains("threads: 2"), "{description}");
    assert!(description.contains(&format!("{:?}", pool.state())), "{description}");
}
