//! The example that asserts its own outcome, run.

#[path = "../examples/production.rs"]
mod production;

#[test]
fn a_pool_as_in_production_serves_what_it_should() {
    production::main().unwrap();
}
