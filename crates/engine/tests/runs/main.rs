//! Short runs against small servers: what goes over the wire, what a runner tells its worker, and what never leaves.
//!
//! One binary for all of them: the engine's own code is optimised even for tests, and each further binary would optimise
//! and link it once more.

mod bad_input;
#[path = "../support/bench.rs"]
mod bench;
mod breakdown;
mod cases;
mod ended;
mod http_policy;
mod iterations;
mod log_ins;
mod operations;
mod permission;
mod process;
mod secrets;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod unsent;

/// Counts, so that what benchmark cases allocate can be told.
#[global_allocator]
static ALLOCATOR: alloc_tracker::Allocator<std::alloc::System> = alloc_tracker::Allocator::system();

#[test]
#[ignore = "not a test: the runner process of the tests here"]
fn runner_process() {
    support::be_a_runner_if_asked();
}
