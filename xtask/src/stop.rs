//! Ctrl-C and SIGTERM: heard once for the whole program, acted upon wherever it waits.
//!
//! Nothing is killed from inside the handler. Whoever waits for a child looks here, ends the child and returns; the
//! guards of everything else that was started then run on the way out.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Begins to listen.
pub(crate) fn listen() -> Result<()> {
    ctrlc::set_handler(|| ASKED.store(true, Ordering::Relaxed)).context("cannot listen for Ctrl-C")
}

/// Whether someone asked us to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
