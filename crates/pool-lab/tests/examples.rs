//! The examples, which assert their own outcomes, run. One that forks has a file of its own: `example_process.rs`.

#[path = "../examples/overload.rs"]
mod overload;
#[path = "../examples/production.rs"]
mod production;
#[path = "../examples/urgency.rs"]
mod urgency;

#[test]
fn a_pool_as_in_production_serves_what_it_should() {
    production::main().unwrap();
}

#[test]
fn under_overload_every_job_has_one_end() {
    overload::main().unwrap();
}

#[test]
fn what_is_urgent_goes_first() {
    urgency::main().unwrap();
}
