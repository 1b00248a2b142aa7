//! Ctrl-C and SIGTERM: heard once for the whole program, acted upon wherever it waits.
//!
//! Nothing is killed from inside the handler. Whoever waits for a child looks here, ends the child and returns; the
//! guards of everything else that was started then run on the way out. Who asks twice is not willing to wait for that.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

static ASKED: AtomicU32 = AtomicU32::new(0);

/// Begins to listen.
pub(crate) fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        ASKED.fetch_add(1, Ordering::Relaxed);
    })
    .context("cannot listen for Ctrl-C")
}

/// Whether someone asked us to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed) > 0
}

/// Whether someone asked more than once.
pub(crate) fn insisted() -> bool {
    ASKED.load(Ordering::Relaxed) > 1
}
