//! The end of a lab or a worker: how it is asked for, and how long it may take.
//!
//! In:  Ctrl-C and SIGTERM, and what is under way. Out: all of it has ended, or its time is up.
//! Promise: the process ends within 30 s of the first signal, or 20 s more than a run may take to its end (`--drain`), and at
//! once at the second, whatever the database or a runner does. No signal is missed from the moment that [`Signals`] are made.

use std::time::Duration;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::cli::exit;

/// Longest time for requests and runs under way, beyond what a run may take to its end by itself: an aborted run is over
/// within 15 s.
const DRAIN: Duration = Duration::from_secs(15);
/// Longest time for the database to be closed: it waits for every connection that is still in use.
const CLOSE: Duration = Duration::from_secs(4);
/// Longest time for what cannot be interrupted, such as a name that is being looked up.
const BLOCKED: Duration = Duration::from_secs(1);

/// Ctrl-C and SIGTERM. Made once, before anything begins: a listener that is made anew for each signal misses what comes
/// between two of them, and until the first one the system ends the process without asking it.
pub(in crate::cli) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to listen.
    pub(in crate::cli) fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Comes back at the next of them, at once if there was one since the last.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// What a beginning leads to; `None` when the process was asked to end meanwhile. A database that does not answer
    /// would else hold a process that nobody wants any more.
    pub(in crate::cli) async fn unless_asked<T>(&mut self, beginning: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            begun = beginning => Some(begun),
            () = self.next() => None,
        }
    }
}

/// Longest times at the end.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Patience {
    drain: Duration,
    close: Duration,
}

impl Patience {
    /// For a process whose runs may take that long to their end.
    pub(in crate::cli) fn draining(drain: Duration) -> Self {
        Self { drain: drain + DRAIN, close: CLOSE }
    }

    /// Waits until everything under way has ended, by itself or because the first signal cancels `closing`; then closes
    /// the database.
    pub(in crate::cli) async fn drain(
        self,
        mut signals: Signals,
        closing: CancellationToken,
        under_way: impl Future<Output = anyhow::Result<()>>,
        close: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let late = {
            let closing = closing.clone();
            async move {
                closing.cancelled().await;
                tokio::time::sleep(self.drain).await;
            }
        };
        let listening = tokio::spawn(async move {
            signals.next().await;
            tracing::info!("asked to end: no new runs, streams close, a run under way ends soon or is aborted");
            closing.cancel();
            signals.next().await;
            tracing::warn!("asked again: ends at once");
            std::process::exit(i32::from(exit::ERROR));
        });
        let ended = tokio::select! {
            ended = under_way => ended,
            () = late => {
                tracing::warn!("not everything ended within {} s", self.drain.as_secs());
                Ok(())
            }
        };
        if timeout(self.close, close).await.is_err() {
            tracing::warn!(
                "the database was still in use after {} s: what was being written there is undone",
                self.close.as_secs()
            );
        }
        // Last: until here a second signal must be heard.
        listening.abort();
        ended
    }
}

/// Carries out a command on a runtime of its own, which is not waited for long when the command is done.
pub(in crate::cli) fn block_on(command: impl Future<Output = anyhow::Result<u8>>) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(command);
    runtime.shutdown_timeout(BLOCKED);
    code
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use nix::sys::signal::Signal as Asked;

    use super::*;

    const SHORT: Patience = Patience { drain: Duration::from_millis(50), close: Duration::from_millis(50) };

    #[tokio::test]
    async fn a_beginning_is_given_up_when_the_process_is_asked_to_end_before_or_while_it_is_waited_for() {
        let mut signals = Signals::listen().expect("signals");
        for asked in [Asked::SIGTERM, Asked::SIGINT] {
            nix::sys::signal::raise(asked).expect("a signal");
            assert!(signals.unless_asked(pending::<()>()).await.is_none());
        }
        assert_eq!(signals.unless_asked(async { 7 }).await, Some(7));
    }

    #[tokio::test]
    async fn what_never_ends_and_a_database_that_never_lets_go_do_not_keep_the_process() {
        let closing = CancellationToken::new();
        closing.cancel();
        let signals = Signals::listen().expect("signals");
        SHORT.drain(signals, closing, pending(), pending()).await.expect("an end all the same");
    }

    #[tokio::test]
    async fn what_ends_by_itself_ends_the_process_with_its_error() {
        let signals = Signals::listen().expect("signals");
        let under_way = async { anyhow::bail!("the port is gone") };
        let ended = SHORT.drain(signals, CancellationToken::new(), under_way, async {}).await;
        assert_eq!(ended.expect_err("its error").to_string(), "the port is gone");
    }
}
