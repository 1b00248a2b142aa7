//! `perflab exec`: the runner. Its job comes on stdin, its reports leave on stdout.

use super::{exit, logging};

pub(super) fn exec() -> anyhow::Result<u8> {
    logging::start(logging::LogFormat::Text, "warn");
    Ok(exit::ERROR)
}
