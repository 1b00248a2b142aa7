//! Decides about each arriving request.
//!
//! In:  the faults in force and the instant of arrival. Out: a [`Decision`].
//!
//! One short lock per request, no clock but the arrival's: held requests cost nothing while they wait.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::clock::{HoldClock, Lateness};
use super::draw::{Draw, Draws, millis};
use super::spec::{Faults, FaultsError, Stall};

/// The faults in force.
#[derive(Debug)]
pub(crate) struct Gate(Mutex<InForce>);

#[derive(Debug)]
struct InForce {
    faults: Faults,
    draws: Draws,
    /// Beginning of the first period of the stall.
    epoch: Instant,
    /// When the one-at-a-time server will be free.
    free_at: Instant,
}

/// What happens to one request.
#[derive(Debug, PartialEq)]
pub(crate) struct Decision {
    /// It goes on at this instant.
    pub(crate) due: Instant,
    /// What it gets then.
    pub(crate) outcome: Outcome,
    /// How its body is sent.
    pub(crate) body: BodyFault,
}

/// What a request gets.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Its answer.
    Serve,
    /// An error of this status.
    Error(u16),
    /// The request to stop sending.
    Stop,
    /// A reset connection.
    Reset,
    /// Nothing, ever.
    Hang,
}

/// How a body is sent.
#[derive(Debug, PartialEq)]
pub(crate) enum BodyFault {
    None,
    Truncated,
    Slow { chunk_bytes: u32, every: Duration },
}

/// What `GET /_faults` tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultsReport {
    /// The switches in force.
    pub faults: Faults,
    /// Milliseconds since the present period of the stall began; absent without a stall.
    pub phase_ms: Option<f64>,
    /// Milliseconds to the next freeze; zero during one.
    pub next_freeze_in_ms: Option<f64>,
    /// Requests held now.
    pub holding: usize,
    /// How late holds ended since the faults were set.
    pub lateness: Lateness,
}

impl FaultsReport {
    pub(crate) fn read(gate: &Gate, clock: &HoldClock) -> Self {
        let (faults, phase_ms, next_freeze_in_ms) = gate.report(Instant::now());
        Self { faults, phase_ms, next_freeze_in_ms, holding: clock.holding(), lateness: clock.lateness() }
    }
}

impl Gate {
    pub(crate) fn new(faults: Faults, now: Instant) -> Result<Self, FaultsError> {
        Ok(Self(Mutex::new(InForce::new(faults, now)?)))
    }

    /// Replaces the faults for requests that arrive from now on.
    pub(crate) fn set(&self, faults: Faults, now: Instant) -> Result<(), FaultsError> {
        let new = InForce::new(faults, now)?;
        *self.0.lock() = new;
        Ok(())
    }

    /// The fate of a request that arrives now.
    pub(crate) fn decide(&self, path: &str, now: Instant) -> Decision {
        self.0.lock().decide(path, now)
    }

    /// The faults, the phase in ms and the time to the next freeze in ms.
    pub(crate) fn report(&self, now: Instant) -> (Faults, Option<f64>, Option<f64>) {
        let in_force = self.0.lock();
        let phase = in_force.faults.stall.map(|stall| phase(stall, in_force.epoch, now));
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let next = in_force
            .faults
            .stall
            .zip(phase)
            .map(|(stall, phase)| if phase < millis(stall.freeze_ms) { 0.0 } else { stall.period_ms - ms(phase) });
        (in_force.faults.clone(), phase.map(ms), next)
    }
}

impl InForce {
    fn new(faults: Faults, now: Instant) -> Result<Self, FaultsError> {
        faults.check()?;
        let start_phase = faults.stall.map_or(Duration::ZERO, |stall| millis(stall.start_phase_ms));
        Ok(Self {
            draws: Draws::new(faults.seed),
            // A process younger than the phase cannot look back so far; then the epoch is moved on by whole periods.
            epoch: faults.stall.map_or(now, |stall| epoch(now, start_phase, millis(stall.period_ms))),
            free_at: now,
            faults,
        })
    }

    fn decide(&mut self, path: &str, now: Instant) -> Decision {
        let faults = &self.faults;
        if faults.path_prefix.as_ref().is_some_and(|prefix| !path.starts_with(prefix.as_str())) {
            return Decision { due: now, outcome: Outcome::Serve, body: BodyFault::None };
        }
        let draw = self.draws.next();
        let mut due = now;
        if let Some(stall) = faults.stall {
            due = stall_end(stall, self.epoch, due);
        }
        if let Some(server) = faults.one_at_a_time {
            due = self.free_at.max(due) + millis(server.service_ms);
            self.free_at = due;
        }
        if let Some(latency) = faults.latency {
            due += draw.latency(latency);
        }
        Decision { due, outcome: outcome(faults, &draw), body: body(faults, &draw) }
    }
}

fn outcome(faults: &Faults, draw: &Draw) -> Outcome {
    if faults.stop {
        Outcome::Stop
    } else if faults.hang.is_some_and(|hang| draw.hang < hang.rate) {
        Outcome::Hang
    } else if faults.resets.is_some_and(|resets| draw.reset < resets.rate) {
        Outcome::Reset
    } else {
        match faults.errors {
            Some(errors) if draw.error < errors.rate => Outcome::Error(errors.status),
            _ => Outcome::Serve,
        }
    }
}

fn body(faults: &Faults, draw: &Draw) -> BodyFault {
    if faults.truncated_body.is_some_and(|truncated| draw.truncate < truncated.rate) {
        return BodyFault::Truncated;
    }
    match faults.slow_body {
        Some(slow) if draw.slow < slow.rate => {
            BodyFault::Slow { chunk_bytes: slow.chunk_bytes, every: millis(slow.every_ms) }
        }
        _ => BodyFault::None,
    }
}

fn epoch(now: Instant, start_phase: Duration, period: Duration) -> Instant {
    now.checked_sub(start_phase).unwrap_or_else(|| now + (period - start_phase.min(period)))
}

/// How far into its period a stall is.
fn phase(stall: Stall, epoch: Instant, now: Instant) -> Duration {
    let period = millis(stall.period_ms).as_nanos();
    let since = match now.checked_duration_since(epoch) {
        Some(since) => since.as_nanos() % period,
        // Before an epoch that was moved on by one period.
        None => (period - epoch.duration_since(now).as_nanos() % period) % period,
    };
    Duration::from_nanos(u64::try_from(since).unwrap_or(u64::MAX))
}

/// When a request that arrives now has slept.
fn stall_end(stall: Stall, epoch: Instant, now: Instant) -> Instant {
    let thawing = millis(stall.freeze_ms).saturating_sub(phase(stall, epoch, now));
    now + thawing + millis(stall.sleep_ms)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const STALL: &str = r#"{"stall": {"sleep_ms": 100, "period_ms": 10000, "freeze_ms": 1000}}"#;

    fn gate(json: &str, now: Instant) -> Gate {
        Gate::new(json.parse().expect("faults"), now).expect("checked")
    }

    fn after(now: Instant, ms: u64) -> Instant {
        now + Duration::from_millis(ms)
    }

    // Arrival and end in ms since the beginning of a period.
    #[rstest]
    #[case(0, 1100)]
    #[case(400, 1100)]
    #[case(999, 1100)]
    #[case(1000, 1100)]
    #[case(5000, 5100)]
    #[case(9950, 10_050)] // sleeps on through the freeze
    #[case(10_000, 11_100)]
    fn a_freeze_delays_only_what_arrives_in_it(#[case] arrives: u64, #[case] ends: u64) {
        let start = Instant::now();
        let decision = gate(STALL, start).decide("/_probe", after(start, arrives));
        assert_eq!(decision.due, after(start, ends));
    }

    #[test]
    fn a_stall_can_begin_anywhere_in_its_period() {
        let json = STALL.replace("1000}", "1000, \"start_phase_ms\": 5000}");
        let start = Instant::now();
        let gate = gate(&json, start);
        let (_, phase, next) = gate.report(start);
        assert_eq!((phase, next), (Some(5000.0), Some(5000.0)));
        assert_eq!(gate.decide("/", after(start, 5500)).due, after(start, 6100));
        assert_eq!(gate.report(after(start, 5500)).2, Some(0.0));
    }

    #[test]
    fn a_phase_before_the_beginning_of_time_is_found_in_the_next_period() {
        let later = Instant::now() + Duration::from_secs(3);
        let stall = Stall { sleep_ms: 0.0, period_ms: 10_000.0, freeze_ms: 0.0, start_phase_ms: 0.0 };
        assert_eq!(phase(stall, later, later - Duration::from_secs(3)), Duration::from_secs(7));
    }

    #[test]
    fn one_at_a_time_serves_in_the_order_of_arrival() {
        let start = Instant::now();
        let gate = gate(r#"{"one_at_a_time": {"service_ms": 10}}"#, start);
        let due: Vec<_> = [0, 0, 5, 100].into_iter().map(|ms| gate.decide("/", after(start, ms)).due).collect();
        assert_eq!(due, [10, 20, 30, 110].map(|ms| after(start, ms)));
    }

    #[test]
    fn a_share_of_requests_fails_and_the_same_ones_for_the_same_seed() {
        let start = Instant::now();
        let fates = || {
            let gate = gate(r#"{"seed": 3, "errors": {"rate": 0.25, "status": 502}}"#, start);
            (0..4000).map(|_| gate.decide("/", start).outcome == Outcome::Error(502)).collect::<Vec<_>>()
        };
        let failed = fates().into_iter().filter(|failed| *failed).count();
        assert!((900..1100).contains(&failed), "{failed} of 4000");
        assert_eq!(fates(), fates());
    }

    #[test]
    fn faults_can_be_kept_to_some_paths() {
        let start = Instant::now();
        let gate = gate(r#"{"path_prefix": "/api/budget", "hang": {"rate": 1}}"#, start);
        assert_eq!(gate.decide("/api/budget/current", start).outcome, Outcome::Hang);
        assert_eq!(gate.decide("/api/goals", start).outcome, Outcome::Serve);
    }
}
