//! How long new connections took, step by step, over a whole run.
//!
//! In:  the time of each step of each connection that came about. Out: one sentence for the run's log. In the times of
//! requests these steps are contained; here one sees whether a slow request was slow because of them.

use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use super::sample::MAX_US;

/// A step on the way to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Asking for the addresses of a name, where it is asked for again.
    Resolve,
    /// TCP.
    Connect,
    /// The TLS handshake.
    Tls,
}

impl Step {
    const ALL: [Self; 3] = [Self::Resolve, Self::Connect, Self::Tls];

    const fn in_words(self) -> &'static str {
        match self {
            Self::Resolve => "resolving the name",
            Self::Connect => "connecting",
            Self::Tls => "TLS",
        }
    }
}

/// Times of the steps, in microseconds.
#[derive(Debug)]
pub(crate) struct Opening {
    steps: [Mutex<Histogram<u64>>; 3],
}

impl Default for Opening {
    fn default() -> Self {
        let empty = || Histogram::new_with_bounds(1, MAX_US, 3).expect("the bounds are constants that fit each other");
        Self { steps: [(); 3].map(|()| Mutex::new(empty())) }
    }
}

impl Opening {
    /// A step was done. Connections are made rarely next to requests, so one lock for all threads does.
    pub(crate) fn note(&self, step: Step, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(MAX_US);
        self.steps[step as usize].lock().saturating_record(micros.max(1));
    }

    /// What there is to tell, if there were any connections.
    pub(crate) fn told(&self) -> Option<String> {
        let told: Vec<String> = Step::ALL
            .into_iter()
            .filter_map(|step| {
                let times = self.steps[step as usize].lock();
                let millis = |quantile| times.value_at_quantile(quantile) as f64 / 1000.0;
                let one = || format!("{} {:.3} ms (P99 {:.3} ms)", step.in_words(), millis(0.5), millis(0.99));
                (!times.is_empty()).then(one)
            })
            .collect();
        let count = self.steps[Step::Connect as usize].lock().len();
        (count > 0).then(|| format!("new connections: {count}; at the median they took: {}", told.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_steps_that_were_taken_are_told_of() {
        let opening = Opening::default();
        assert_eq!(opening.told(), None);
        for micros in [200, 250, 900] {
            opening.note(Step::Connect, Duration::from_micros(micros));
        }
        opening.note(Step::Tls, Duration::from_micros(1500));
        let told = "new connections: 3; at the median they took: connecting 0.250 ms (P99 0.900 ms), TLS 1.500 ms (P99 1.500 ms)";
        assert_eq!(opening.told().as_deref(), Some(told));
    }
}
