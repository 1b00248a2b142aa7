//! `perflab exec`: the runner. Its job comes on stdin, its reports leave on stdout.

use std::process::ExitCode;

use super::logging;

pub(super) fn exec() -> ExitCode {
    logging::start(logging::LogFormat::Text, "warn");
    perflab_engine::run_child()
}
