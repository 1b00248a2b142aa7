//! Places at which a test has this very process killed, as `kill -9` would: nothing is flushed, closed or taken back.
//!
//! In:  `PERFLAB_FAILPOINT`, read once: the name of a place, or `NAME@3` for the third time that it is reached.
//! Out: nothing, or the end of the process at exactly that place.
//! Not in release builds: there [`reached`] is empty, whatever the variable says.

/// Says that this place is reached.
#[cfg(debug_assertions)]
pub(crate) fn reached(place: &'static str) {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    };

    static WANTED: LazyLock<Option<(String, u32)>> =
        LazyLock::new(|| std::env::var("PERFLAB_FAILPOINT").ok().and_then(|wanted| parse(&wanted)));
    static TIMES: AtomicU32 = AtomicU32::new(0);

    let Some((wanted, time)) = &*WANTED else { return };
    if wanted == place && TIMES.fetch_add(1, Ordering::SeqCst) + 1 == *time {
        tracing::warn!(place, time, "killed at {place}, as this process's environment wants it");
        // A process cannot refuse this signal, so nothing comes back that could be handled.
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(crate) const fn reached(_: &'static str) {}

#[cfg(debug_assertions)]
fn parse(wanted: &str) -> Option<(String, u32)> {
    match wanted.split_once('@') {
        Some((place, time)) => Some((place.to_owned(), time.parse().ok()?)),
        None => Some((wanted.to_owned(), 1)),
    }
}
