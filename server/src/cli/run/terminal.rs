//! The live table of a run on the spot: redrawn each second on a terminal, a line every ten seconds elsewhere.

use async_trait::async_trait;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use perflab_model::{
    bench::{CasePhase, Operation},
    display,
    event::EventKind,
    load::Load,
    order::Orders,
    plan::Plan,
    runner::{LogLevel, Started},
    summary::Progress,
};

use super::{cases, report};
use crate::worker::drive::{Chunk, Sink, SinkError};

/// How often a line is written where there is no terminal, in seconds of the run.
const LINE_EVERY: u32 = 10;

/// Shows a run on the terminal.
pub(in crate::cli) struct Terminal {
    bar: ProgressBar,
    planned: u64,
    /// Whether the run may be over sooner.
    at_most: bool,
    /// Of a benchmark: cases that are over, as far as they were told.
    done: usize,
}

impl Terminal {
    pub(in crate::cli) fn new(plan: &Plan) -> Self {
        let planned = plan.load.duration().as_secs_f64().ceil() as u64;
        let bar = ProgressBar::with_draw_target(Some(planned), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(format!("{} {}", plan.suite, plan.scenario));
        let place = if asks_target(&plan.load) { format!(" on {}", plan.environment.base_url) } else { String::new() };
        eprintln!("{} {}{place}: {}, seed {}", plan.suite, plan.scenario, plan.load.summary(), plan.seed);
        Self { bar, planned, at_most: plan.load.ends_early(), done: 0 }
    }

    pub(in crate::cli) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&mut self, progress: &Progress) {
        if progress.cases.is_empty() {
            self.show_load(progress);
        } else {
            self.show_cases(progress);
        }
    }

    /// Cases move on by what is done: a line for each that is over, where there is no terminal.
    fn show_cases(&mut self, progress: &Progress) {
        let done = progress.cases.iter().filter(|case| case.phase == CasePhase::Done).count();
        let (is_news, line) = (done != std::mem::replace(&mut self.done, done), cases::line(progress));
        if self.bar.is_hidden() {
            if is_news || progress.second.is_multiple_of(LINE_EVERY) {
                eprintln!("{line}");
            }
        } else {
            self.bar.set_length(progress.cases.len() as u64);
            self.bar.set_position(done as u64);
            self.bar.set_message(format!("{line}\n{}", cases::live(&progress.cases)));
        }
    }

    fn show_load(&self, progress: &Progress) {
        let passed = u64::from(progress.second) + 1;
        let line = format!(
            "{} of {}{}  {} users, {} in flight  {}/s  p95 {}  {} failed",
            display::elapsed(passed),
            if self.at_most { "at most " } else { "" },
            display::elapsed(self.planned),
            progress.users,
            progress.in_flight,
            display::number(progress.recent.rate_per_s),
            progress
                .recent
                .latency
                .p95
                .map_or_else(|| "too few".to_owned(), |p95| format!("{} ms", display::number(p95))),
            display::count(progress.totals.failed),
        );
        if self.bar.is_hidden() {
            if passed.is_multiple_of(LINE_EVERY.into()) {
                eprintln!("{line}");
            }
        } else {
            self.bar.set_position(passed.min(self.planned));
            self.bar.set_message(format!("{line}\n{}", report::requests(&progress.requests)));
        }
    }
}

/// Whether anything is sent to the target: cases may be about other things.
fn asks_target(load: &Load) -> bool {
    let Load::Cases(cases) = load else { return true };
    let is_http = |operation: &&Operation| matches!(operation, Operation::Http { .. });
    cases.cases.iter().any(|case| case.work.operations().iter().any(is_http))
}

#[async_trait]
impl Sink for Terminal {
    async fn started(&mut self, started: &Started) -> Result<(), SinkError> {
        if started.shared_host {
            self.bar.suspend(|| eprintln!("target and generator share this host: they take each other's time"));
        }
        Ok(())
    }

    async fn write(&mut self, chunk: &Chunk) -> Result<Orders, SinkError> {
        for (_, event) in &chunk.events {
            if let EventKind::Log(line) = event
                && line.level != LogLevel::Info
            {
                self.bar.suspend(|| eprintln!("{}", line.message));
            }
        }
        if let Some(progress) = &chunk.progress {
            self.show(progress);
        }
        Ok(Orders::default())
    }

    async fn finishing(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}
