//! Tasks that a process must not lose: one that panics or ends unasked is told and begun anew.
//!
//! In:  the name of each task and how to begin it. Out: which of them are down, for whoever says whether this process is
//! ready.
//! Not here: what the tasks do. What a panic left behind is put right as after a crash: by leases and locks.

use std::time::Duration;

use tokio::{sync::watch, task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

/// Pause before a task begins anew: whatever made it fail is given time to pass.
const PAUSE: Duration = Duration::from_secs(1);
/// A task that began anew counts as down until it has worked for so long.
const STEADY: Duration = Duration::from_secs(10);

/// The names of the tasks that are down.
pub(in crate::cli) type Down = watch::Receiver<Vec<&'static str>>;

/// Keeps tasks going until `stop`.
pub(in crate::cli) struct Supervisor {
    stop: CancellationToken,
    down: watch::Sender<Vec<&'static str>>,
    pause: Duration,
    steady: Duration,
}

impl Supervisor {
    /// A supervisor of no tasks yet.
    pub(in crate::cli) fn new(stop: CancellationToken) -> Self {
        Self { stop, down: watch::Sender::new(Vec::new()), pause: PAUSE, steady: STEADY }
    }

    /// Which tasks are down, now and later.
    pub(in crate::cli) fn down(&self) -> Down {
        self.down.subscribe()
    }

    /// Keeps a task going, in the background. What is given back ends when the task has ended after `stop`.
    pub(in crate::cli) fn keep<F>(
        &self,
        name: &'static str,
        begin: impl Fn() -> F + Send + Sync + 'static,
    ) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, down, pause, steady) = (self.stop.clone(), self.down.clone(), self.pause, self.steady);
        tokio::spawn(async move {
            let mut failures = 0_u64;
            loop {
                let mut task = tokio::spawn(begin());
                let ended = tokio::select! {
                    ended = &mut task => ended,
                    () = sleep(steady), if failures > 0 => {
                        down.send_modify(|names| names.retain(|down| *down != name));
                        task.await
                    }
                };
                if stop.is_cancelled() {
                    return;
                }
                failures += 1;
                down.send_modify(|names| {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                });
                let how = if ended.is_err() { "panicked" } else { "ended without having been asked" };
                tracing::error!(task = name, failures, "the {name} {how} (failure {failures} of it) and begins anew");
                tokio::select! {
                    () = sleep(pause) => {}
                    () = stop.cancelled() => return,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    /// A supervisor in a hurry, and a task that panics at its first two beginnings.
    fn troubled(stop: &CancellationToken) -> (Down, JoinHandle<()>, Arc<AtomicU32>) {
        let quick = Duration::from_millis(5);
        let supervisor = Supervisor { pause: quick, steady: quick, ..Supervisor::new(stop.clone()) };
        let begun = Arc::new(AtomicU32::new(0));
        let kept = supervisor.keep("keeper", {
            let (begun, stop) = (Arc::clone(&begun), stop.clone());
            move || {
                let (begun, stop) = (Arc::clone(&begun), stop.clone());
                async move {
                    assert!(begun.fetch_add(1, Ordering::SeqCst) >= 2, "as this test wants it");
                    stop.cancelled().await;
                }
            }
        });
        (supervisor.down(), kept, begun)
    }

    #[tokio::test]
    async fn a_task_that_panics_is_told_as_down_and_begins_anew_until_it_works() {
        let stop = CancellationToken::new();
        let (mut down, kept, begun) = troubled(&stop);
        down.wait_for(|names| *names == ["keeper"]).await.expect("a supervisor");
        down.wait_for(Vec::is_empty).await.expect("a supervisor");
        assert_eq!(begun.load(Ordering::SeqCst), 3);
        stop.cancel();
        kept.await.expect("an end");
    }

    #[tokio::test]
    async fn a_task_that_panics_at_the_end_is_not_begun_again() {
        let stop = CancellationToken::new();
        stop.cancel();
        let (down, kept, begun) = troubled(&stop);
        kept.await.expect("an end");
        assert_eq!((begun.load(Ordering::SeqCst), down.borrow().len()), (1, 0));
    }
}
