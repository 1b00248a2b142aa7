//! `perflab exec`: the runner. Its job comes on stdin, its reports leave on stdout.

use std::process::ExitCode;

use super::logging;

pub(super) fn exec() -> ExitCode {
    logging::start(logging::LogFormat::Text, "warn");
    end_with_the_worker();
    perflab_engine::run_child()
}

/// Asks the system to end this process with the one that started it. A worker that is killed takes its runner along even
/// if that cannot listen just then; where the system knows no such thing, or the worker has died before, the end of stdin
/// says the same.
fn end_with_the_worker() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL) {
        tracing::warn!(%error, "this runner would outlive a worker that is killed until it notices by itself");
    }
}
