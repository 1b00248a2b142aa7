//! A target on threads of its own, for those whose own runtime is what is being measured.
//!
//! In:  a [`Config`] and how many threads may answer. Out: a handle; dropping it stops the target and waits for that.

use std::io;
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::config::Config;
use crate::target::{Target, TargetError};

/// A target that shares no runtime with whoever started it.
#[derive(Debug)]
pub struct BackgroundTarget {
    // Taken together when the target stops.
    running: Option<(Runtime, Target)>,
}

impl BackgroundTarget {
    /// Starts a target with so many worker threads and blocks until it answers. May be called from async code too, whose
    /// thread it then holds up for that moment.
    ///
    /// # Errors
    /// As [`Target::start`], or when threads cannot be started.
    pub fn start(config: Config, workers: usize) -> Result<Self, TargetError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers.max(1))
            .thread_name("mita")
            .enable_all()
            .build()
            .map_err(TargetError::Thread)?;
        // On a plain thread, because a runtime cannot be waited for from within another.
        let started = thread::spawn(move || runtime.block_on(Target::start(config)).map(|target| (runtime, target)));
        let panicked = |_| TargetError::Thread(io::Error::other("the start of the target panicked"));
        Ok(Self { running: Some(started.join().map_err(panicked)??) })
    }

    /// The target: its address, faults and counts.
    pub fn target(&self) -> &Target {
        let (_, target) = self.running.as_ref().expect("only dropping takes it");
        target
    }
}

impl Drop for BackgroundTarget {
    fn drop(&mut self) {
        if let Some((runtime, target)) = self.running.take() {
            let stopping = thread::spawn(move || runtime.block_on(target.stop()));
            if stopping.join().is_err() {
                tracing::error!("the reference target panicked while it stopped");
            }
        }
    }
}
