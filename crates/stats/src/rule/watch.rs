//! One rule on one subject: takes seconds, knows at any moment what they say.

use std::collections::VecDeque;

use perflab_model::threshold::{Action, Level, Threshold, Window};

use super::{
    decide::{Decision, Rung, badness, decide, limits, rung},
    estimate::Estimate,
    finding::{Finding, Why},
    gathered::{Gathered, Second},
    names::Subject,
};

/// Samples that a rule needs in its window before it may stop a run.
const STOP_SAMPLES: u64 = 100;

/// One rule on one subject.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) subject: Subject,
    pub(super) gathered: Gathered,
    limits: Vec<(f64, Level)>,
    /// Of windows: the last seconds.
    window: Option<Gathered>,
    /// Of windows, per limit: the estimate that broke it.
    broken: Vec<Option<Estimate>>,
    /// Seconds whose own value was beyond a limit.
    breach_seconds: usize,
    /// Of `over` and `within`: the worst full window.
    worst: Option<Estimate>,
    /// Of `for`, per limit: how many seconds in a row breach now, and the longest such row.
    rows: Vec<(usize, usize)>,
    /// Seconds and samples of the last points, of `for`.
    recent_samples: VecDeque<(usize, u64)>,
    /// Why the rule stopped the run, from then on: a run that a rule stopped is judged by it.
    stopped: Option<(Rung, Estimate)>,
}

impl Watch {
    pub(super) fn new(rule: &Threshold, limit: f64, subject: Subject, empty_seconds: usize) -> Self {
        let limits = limits(rule, limit);
        let window = rule.window.map(seconds_of);
        Self {
            subject,
            gathered: Gathered::new(rule.measure, rule.stat, None).after_empty_seconds(empty_seconds),
            window: window.map(|seconds| {
                Gathered::new(rule.measure, rule.stat, Some(seconds)).after_empty_seconds(empty_seconds)
            }),
            broken: vec![None; limits.len()],
            rows: vec![(0, 0); limits.len()],
            breach_seconds: 0,
            worst: None,
            recent_samples: VecDeque::new(),
            stopped: None,
            limits,
        }
    }

    /// Adds a second that counts.
    pub(super) fn add(&mut self, rule: &Threshold, second: &Second) {
        self.gathered.add(second);
        let mut alone = Gathered::new(rule.measure, rule.stat, None);
        alone.add(second);
        // A second without values is no breach: nobody knows what it would have been.
        let value = alone.estimate();
        let beyond = |limit: f64| value.is_some_and(|estimate| !rule.op.holds(estimate.value, limit));
        if self.limits.iter().any(|(limit, _)| beyond(*limit)) {
            self.breach_seconds += second.seconds as usize;
        }
        if let (Some(window), Some(mut last)) = (rule.window, self.window.take()) {
            last.add(second);
            match window {
                Window::For(_) => {
                    let samples = (second.seconds as usize, alone.samples());
                    self.look_for(rule, samples, beyond, &last, seconds_of(window));
                }
                Window::Over(_) | Window::Within(_) => {
                    let full = last.seconds() >= seconds_of(window);
                    self.look_over(rule, &last, full);
                }
            }
            self.window = Some(last);
        }
        self.note_stop(rule);
    }

    /// Adds what ended after the last start. Windows are about seconds under load and take nothing of it.
    pub(super) fn add_drained(&mut self, rule: &Threshold, second: &Second) {
        if rule.window.is_none() {
            self.gathered.add_drained(second);
        }
    }

    /// Every second of the window breaches. `newest` are the seconds of the newest point and its samples.
    fn look_for(
        &mut self,
        rule: &Threshold,
        newest: (usize, u64),
        beyond: impl Fn(f64) -> bool,
        last: &Gathered,
        seconds: usize,
    ) {
        let (width, _) = newest;
        self.recent_samples.push_back(newest);
        let recent = |samples: &VecDeque<(usize, u64)>| samples.iter().map(|(seconds, _)| seconds).sum::<usize>();
        while self.recent_samples.front().is_some_and(|(oldest, _)| recent(&self.recent_samples) - oldest >= seconds) {
            self.recent_samples.pop_front();
        }
        for (at, (limit, _)) in self.limits.iter().enumerate() {
            let row = &mut self.rows[at];
            row.0 = if beyond(*limit) { row.0 + width } else { 0 };
            row.1 = row.1.max(row.0);
            if row.0 >= seconds
                && let Some(estimate) = last.estimate()
            {
                keep_worse(&mut self.broken[at], rule, estimate);
            }
        }
    }

    /// The merged values of the window breach. A partial window, where the rule looks at it, can only break the rule: it
    /// may hold so few samples that it would leave every rule undecided.
    fn look_over(&mut self, rule: &Threshold, last: &Gathered, full: bool) {
        if !full && !matches!(rule.window, Some(Window::Within(_))) {
            return;
        }
        let Some(estimate) = last.estimate() else { return };
        if full {
            keep_worse(&mut self.worst, rule, estimate);
        }
        for (at, (limit, _)) in self.limits.iter().enumerate() {
            if decide(rule.measure, rule.op, *limit, &estimate) == Decision::Broken {
                keep_worse(&mut self.broken[at], rule, estimate);
            }
        }
    }

    /// How many seconds were beyond a limit, each for itself.
    pub(super) fn breach_seconds(&self) -> u32 {
        u32::try_from(self.breach_seconds).unwrap_or(u32::MAX)
    }

    /// What the values say now.
    pub(super) fn finding(&self, rule: &Threshold) -> Finding {
        let found = |rung, estimate, why| Finding { rung, estimate, why };
        if let Some((rung, estimate)) = self.stopped {
            return found(rung, Some(estimate), Why::Plain);
        }
        let worst_level = self.limits[0].1;
        let Some(window) = rule.window else {
            let Some(estimate) = self.gathered.estimate() else {
                return found(Rung::Undecided(worst_level), None, Why::NoSamples);
            };
            return found(self.rung(rule, &estimate), Some(estimate), Why::Plain);
        };
        if let Some((estimate, level)) =
            self.broken.iter().zip(&self.limits).find_map(|(broken, (_, level))| broken.map(|broken| (broken, *level)))
        {
            return found(Rung::Broken(level), Some(estimate), Why::Plain);
        }
        match window {
            Window::For(_) if self.gathered.samples() == 0 => found(Rung::Undecided(worst_level), None, Why::NoSamples),
            Window::For(_) if self.gathered.seconds() < seconds_of(window) => {
                found(Rung::Undecided(worst_level), self.gathered.estimate(), Why::WindowNeverFull)
            }
            Window::For(_) => {
                let longest = self.rows.iter().map(|(_, longest)| *longest).max().unwrap_or(0);
                found(Rung::Met, self.gathered.estimate(), Why::RowTooShort(longest))
            }
            Window::Over(_) | Window::Within(_) => match self.worst.or_else(|| self.partial(window)) {
                Some(estimate) => found(self.rung(rule, &estimate), Some(estimate), Why::Plain),
                None if self.gathered.samples() == 0 => found(Rung::Undecided(worst_level), None, Why::NoSamples),
                None => found(Rung::Undecided(worst_level), None, Why::WindowNeverFull),
            },
        }
    }

    /// Of `within`: the window under way, which is all there is when none was ever full.
    fn partial(&self, window: Window) -> Option<Estimate> {
        match window {
            Window::Within(_) => self.window.as_ref().and_then(Gathered::estimate),
            Window::For(_) | Window::Over(_) => None,
        }
    }

    fn rung(&self, rule: &Threshold, estimate: &Estimate) -> Rung {
        rung(rule, &self.limits, estimate)
    }

    /// A breach now, with enough samples, of a rule that stops: kept from then on. A two-level rule stops over its
    /// maximum; over its target it only warns.
    fn note_stop(&mut self, rule: &Threshold) {
        if rule.action != Action::Stop || self.stopped.is_some() {
            return;
        }
        let (limit, level) = self.limits[0];
        let (breached, samples, estimate) = match (rule.window, &self.window) {
            (Some(window @ Window::For(_)), Some(last)) => (
                self.rows[0].0 >= seconds_of(window),
                self.recent_samples.iter().map(|(_, samples)| samples).sum(),
                last.estimate(),
            ),
            (window, last) => {
                let values = last.as_ref().unwrap_or(&self.gathered);
                let full = !matches!(window, Some(Window::Over(_))) || values.seconds() >= window.map_or(1, seconds_of);
                let estimate = values.estimate().filter(|_| full);
                let broken =
                    estimate.is_some_and(|value| decide(rule.measure, rule.op, limit, &value) == Decision::Broken);
                (broken, values.samples(), estimate)
            }
        };
        if breached
            && let Some(estimate) = estimate
            && (samples >= STOP_SAMPLES || !counts_samples(rule))
        {
            self.stopped = Some((Rung::Broken(level), estimate));
        }
    }

    /// Whether the rule asks for the run to end.
    pub(super) const fn asks_to_stop(&self) -> bool {
        self.stopped.is_some()
    }
}

/// Rates and counts of starts come once a second, so there a hundred samples would be a hundred seconds.
const fn counts_samples(rule: &Threshold) -> bool {
    use perflab_model::threshold::Measure;
    super::gathered::is_time(rule.measure) || matches!(rule.measure, Measure::ErrorRate | Measure::Checks)
}

fn keep_worse(kept: &mut Option<Estimate>, rule: &Threshold, estimate: Estimate) {
    if kept.is_none_or(|kept| badness(rule.op, estimate.value) > badness(rule.op, kept.value)) {
        *kept = Some(estimate);
    }
}

/// Whole seconds of a window, at least one.
pub(super) fn seconds_of(window: Window) -> usize {
    let (Window::For(time) | Window::Over(time) | Window::Within(time)) = window;
    usize::try_from(time.get().div_ceil(1000)).unwrap_or(usize::MAX).max(1)
}
