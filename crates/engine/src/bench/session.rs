//! The cases of a run, one after the other.
//!
//! In:  cases, a workshop, the run's stop. Out: a report for each case; those that are not begun are told as well.

use std::{sync::mpsc::SyncSender, time::Instant};

use perflab_model::{
    bench::{CaseOutcome, Cases},
    runner::{LogLevel, LogLine, Report},
};

use super::{board::Board, case, clock, operation::Workshop, panics};
use crate::{clock::wall_us, redact::Redactor, stop::Stop};

/// What all cases of a run share.
pub(crate) struct Session<'a> {
    pub(crate) workshop: &'a dyn Workshop,
    pub(crate) stop: &'a Stop,
    pub(crate) board: &'a Board,
    pub(crate) reports: SyncSender<Report>,
    pub(crate) redactor: Redactor,
    pub(crate) seed: u64,
    pub(crate) cores: u32,
    /// Ports of the target on this host: its work is not other work.
    pub(crate) here: Vec<u16>,
    /// What timing one operation alone costs.
    pub(crate) clock_ns: f64,
    /// When all cases together have taken as long as they may.
    pub(crate) until: Option<Instant>,
}

impl Session<'_> {
    /// Carries out all cases, and tells of each.
    pub(crate) fn carry_out(&mut self, cases: &Cases) {
        panics::keep_quiet();
        self.clock_ns = clock::cost_ns();
        self.until = cases.at_most.map(|at_most| Instant::now() + at_most.duration());
        for one in &cases.cases {
            let measured = match self.closed() {
                Some(reason) => case::nothing(one, CaseOutcome::Skipped { reason: reason.to_owned() }),
                None => case::carry_out(self, one),
            };
            self.say(Report::Case(Box::new(measured)));
        }
        self.stop.complete();
    }

    /// Why no further case is begun, where none is.
    fn closed(&self) -> Option<&'static str> {
        if self.stop.starts_over() {
            Some("the run was ended before its turn")
        } else if self.until.is_some_and(|until| Instant::now() >= until) {
            Some("the cases before it took all the time that the environment allows a run")
        } else {
            None
        }
    }

    pub(super) fn log(&self, level: LogLevel, message: String) {
        self.say(Report::Log(LogLine { at_us: wall_us(), level, message }));
    }

    fn say(&self, report: Report) {
        // A reader that is gone has ended the run by its other pipe already.
        let _ = self.reports.send(report);
    }
}
