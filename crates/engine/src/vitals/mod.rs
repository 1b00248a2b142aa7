//! How the generator and its host fare: what the validity of a run is judged by.
//!
//! In:  `/proc`. Out: [`Vitals`] for the time since the last look. Where `/proc` is missing (not Linux), or cannot be
//! read, the values are absent: unknown is not zero.

mod owner;
mod proc;

use std::time::{Duration, Instant};

use perflab_model::tick::Vitals;

use self::proc::{HostTimes, ProcessTable};
use crate::clock::wall_us;

/// How often the process that owns the target's port is looked for.
const OWNER_EVERY: Duration = Duration::from_secs(5);

/// The least time between two looks that can be compared.
const SHORTEST: Duration = Duration::from_millis(500);

/// Wall and monotonic clock are read one after the other; less than this is no step of the clock.
const CLOCK_NOISE_MS: i64 = 2;

/// Looks at this process, the host and, where it runs here, the target.
#[derive(Debug)]
pub(crate) struct Probe {
    cores: f64,
    ticks_per_second: f64,
    page_bytes: u64,
    /// Ports of the target on this host; empty when it runs elsewhere.
    target_ports: Vec<u16>,
    target_roots: Vec<u32>,
    owner_looked: Option<Instant>,
    last: Option<Look>,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    wall_us: i64,
    host: Option<HostTimes>,
    own: Option<u64>,
    target: u64,
}

impl Probe {
    /// `cores` is how many this process may use.
    pub(crate) fn new(cores: u32, target_ports: Vec<u16>) -> Self {
        Self {
            cores: f64::from(cores.max(1)),
            ticks_per_second: proc::ticks_per_second(),
            page_bytes: proc::page_bytes(),
            target_ports,
            target_roots: Vec::new(),
            owner_looked: None,
            last: None,
        }
    }

    /// What happened since the last call, but for gaps. The first call only begins.
    pub(crate) fn sample(&mut self) -> Vitals {
        let look = self.look();
        let memory_bytes = proc::resident_pages().map(|pages| pages * self.page_bytes);
        let Some(last) = self.last.replace(look) else {
            return Vitals { memory_bytes, ..Vitals::default() };
        };
        let elapsed = look.at.duration_since(last.at);
        if elapsed < SHORTEST {
            // The kernel counts CPU time in hundredths of a second: shares of a few of them are noise.
            return Vitals { memory_bytes, ..Vitals::default() };
        }
        let host = look.host.zip(last.host).map(|(now, then)| now.since(then));
        let own = look.own.zip(last.own).map(|(now, then)| now.saturating_sub(then));
        // A target that was restarted has used less than before.
        let target = look.target.saturating_sub(last.target);
        let seconds = elapsed.as_secs_f64().max(1e-3);
        let mono_us = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX);
        let step_ms = (look.wall_us - last.wall_us - mono_us) / 1000;
        Vitals {
            cpu: own.map(|ticks| share(ticks as f64 / self.ticks_per_second, seconds * self.cores)),
            memory_bytes,
            steal: host.map(|host| share(host.steal as f64, host.total as f64)),
            other: host.zip(own).map(|(host, own)| {
                share(host.busy.saturating_sub(own).saturating_sub(target) as f64, host.total as f64)
            }),
            clock_step_ms: Some(if step_ms.abs() <= CLOCK_NOISE_MS { 0 } else { step_ms }),
            // The ticker knows it better: it looks more often.
            gap_ms: None,
        }
    }

    fn look(&mut self) -> Look {
        let at = Instant::now();
        let wall_us = wall_us();
        let target = if self.target_ports.is_empty() { 0 } else { self.target_ticks(at) };
        Look { at, wall_us, host: proc::host_times(), own: proc::own_ticks(), target }
    }

    fn target_ticks(&mut self, now: Instant) -> u64 {
        let due = self.owner_looked.is_none_or(|at| now.duration_since(at) >= OWNER_EVERY);
        if due {
            self.owner_looked = Some(now);
            self.target_roots = owner::listeners(&self.target_ports);
            // A target inside this very process (tests do that) is counted as ours already.
            self.target_roots.retain(|pid| *pid != std::process::id());
        }
        if self.target_roots.is_empty() { 0 } else { ProcessTable::read().tree_ticks(&self.target_roots) }
    }
}

/// Resident memory of this process, now.
pub(crate) fn resident_bytes() -> Option<u64> {
    proc::resident_pages().map(|pages| pages * proc::page_bytes())
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_at_this_process_finds_memory_and_shares_between_zero_and_one() {
        let mut probe = Probe::new(2, Vec::new());
        assert_eq!(probe.sample().cpu, None, "there is nothing to compare the first look with");
        assert_eq!(probe.sample().cpu, None, "a moment is too short to be compared");
        let last = probe.last.as_mut().expect("there was a look");
        last.at -= Duration::from_secs(1);
        last.wall_us -= 1_000_000;
        let vitals = probe.sample();
        assert!(vitals.memory_bytes.is_some_and(|bytes| bytes > 100_000));
        for share in [vitals.cpu, vitals.steal, vitals.other] {
            assert!(share.is_some_and(|share| (0.0..=1.0).contains(&share)), "{vitals:?}");
        }
        assert_eq!(vitals.clock_step_ms, Some(0));
    }
}
