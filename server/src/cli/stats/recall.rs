//! `perflab stats recall`: the detector of histories beside simpler ones, on a history whose truth is known.
//!
//! In:  the truth of a demo history. Out: for each detector how many planted changes it found and how often it was wrong.
//! Each sees the history grow run by run and is asked after every run; what it tells within a few runs of something that it
//! told before is the same alarm.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use comfy_table::{Cell, CellAlignment, Table, presets};
use perflab_lab::{DemoTruth, TrueSeries};
use perflab_stats::{
    Series,
    steps::{Preset, find_steps},
};

use super::super::exit;

/// An alarm within so many runs of a planted change has found it, and one within so many of another is the same.
const SAME_WITHIN: usize = 5;
/// A run that differs more than this from the one before is an alarm of the fixed rule.
const FIXED: f64 = 0.10;
/// So many runs the t-test looks back on.
const WINDOW: usize = 30;
/// Two-sided 1 % of t with 29 degrees of freedom.
const T_OF_WINDOW: f64 = 2.756;

/// Score detectors on a history whose truth is known.
#[derive(Debug, Args)]
pub(in crate::cli) struct RecallArgs {
    /// The file that `perflab demo-data` has written.
    file: PathBuf,
}

/// What a detector was worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Score {
    planted: usize,
    found: usize,
    false_alarms: usize,
    runs: usize,
}

/// Gives the runs at which a series is said to have moved.
type Detector = fn(&TrueSeries) -> Vec<usize>;

pub(super) fn recall(args: &RecallArgs) -> anyhow::Result<u8> {
    let text = std::fs::read(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let truth: DemoTruth = serde_json::from_slice(&text).context("this is no truth of a demo history")?;
    let detectors: [(&str, Detector); 3] =
        [("steps (this lab)", steps), ("fixed 10 % to the run before", fixed), ("t-test against the last 30", t_test)];
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["detector", "found", "of", "recall", "false alarms", "per 1,000 runs"]);
    for (name, detector) in detectors {
        let score = truth.series.iter().map(|series| score(series, &detector(series))).fold(Score::default(), add);
        let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(name),
            right(score.found.to_string()),
            right(score.planted.to_string()),
            right(format!("{:.0} %", share(score.found, score.planted) * 100.0)),
            right(score.false_alarms.to_string()),
            right(format!("{:.1}", share(score.false_alarms, score.runs) * 1000.0)),
        ]);
    }
    println!("{table}");
    Ok(exit::OK)
}

fn add(one: Score, other: Score) -> Score {
    Score {
        planted: one.planted + other.planted,
        found: one.found + other.found,
        false_alarms: one.false_alarms + other.false_alarms,
        runs: one.runs + other.runs,
    }
}

/// Holds alarms against the truth. Of a drift any alarm on its way is right.
fn score(series: &TrueSeries, alarms: &[usize]) -> Score {
    let belongs = |alarm: usize, change: &perflab_lab::TrueChange| {
        alarm + SAME_WITHIN >= change.at && alarm <= change.until + SAME_WITHIN
    };
    Score {
        planted: series.changes.len(),
        found: series.changes.iter().filter(|change| alarms.iter().any(|alarm| belongs(*alarm, change))).count(),
        false_alarms: alarms
            .iter()
            .filter(|alarm| !series.changes.iter().any(|change| belongs(**alarm, change)))
            .count(),
        runs: series.values.len(),
    }
}

/// Tells an alarm unless it was told before.
fn tell(alarms: &mut Vec<usize>, at: usize) {
    if alarms.iter().all(|known| known.abs_diff(at) > SAME_WITHIN) {
        alarms.push(at);
    }
}

fn steps(series: &TrueSeries) -> Vec<usize> {
    let mut alarms = Vec::new();
    for seen in 1..=series.values.len() {
        let Ok(history) = Series::new(series.values[..seen].to_vec()) else { return alarms };
        for part in find_steps(&history, &series.starts, Preset::Balanced) {
            let changes = part.changes.iter().map(|change| change.index);
            for at in changes.chain(part.drifts.iter().map(|drift| drift.index)) {
                tell(&mut alarms, at);
            }
        }
    }
    alarms
}

/// Knows parts as the lab does: the first run of another machine is compared with nothing.
fn fixed(series: &TrueSeries) -> Vec<usize> {
    let mut alarms = Vec::new();
    for (at, pair) in series.values.windows(2).enumerate().map(|(at, pair)| (at + 1, pair)) {
        if !series.starts.contains(&at) && (pair[1] / pair[0] - 1.0).abs() > FIXED {
            tell(&mut alarms, at);
        }
    }
    alarms
}

/// A run outside of what the last thirty runs of its part let expect.
fn t_test(series: &TrueSeries) -> Vec<usize> {
    let mut alarms = Vec::new();
    for at in WINDOW..series.values.len() {
        let part = series.starts.iter().copied().filter(|start| *start <= at).max().unwrap_or(0);
        let Some(from) = at.checked_sub(WINDOW).filter(|from| *from >= part) else { continue };
        let window = &series.values[from..at];
        let n = window.len() as f64;
        let mean = window.iter().sum::<f64>() / n;
        let variance = window.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let error = (variance * (1.0 + 1.0 / n)).sqrt();
        if (series.values[at] - mean).abs() > T_OF_WINDOW * error {
            tell(&mut alarms, at);
        }
    }
    alarms
}

#[cfg(test)]
mod tests {
    use perflab_lab::TrueChange;

    use super::*;

    /// A hundred runs with a scatter of about 1 % and a step of 20 % at run 50.
    fn series() -> TrueSeries {
        let value = |at: usize| (1.0 + ((at * 7) % 11) as f64 / 500.0) * if at < 50 { 1.0 } else { 1.2 };
        TrueSeries {
            request: "login".to_owned(),
            values: (0..100).map(value).collect(),
            starts: Vec::new(),
            changes: vec![TrueChange { at: 50, until: 50, times: 1.2 }],
        }
    }

    #[test]
    fn a_clear_step_is_found_by_all_and_nothing_else_by_steps() {
        let series = series();
        assert_eq!(score(&series, &steps(&series)), Score { planted: 1, found: 1, false_alarms: 0, runs: 100 });
        assert_eq!(score(&series, &fixed(&series)).found, 1);
        assert_eq!(score(&series, &t_test(&series)).found, 1);
    }

    #[test]
    fn a_night_that_is_far_off_is_no_step_but_an_alarm_of_a_fixed_rule() {
        let mut series = TrueSeries { changes: Vec::new(), ..series() };
        series.values.truncate(50);
        series.values[30] *= 1.4;
        assert_eq!(steps(&series), Vec::<usize>::new());
        assert_eq!(fixed(&series).len(), 1, "up and down again is one alarm");
    }

    #[test]
    fn another_machine_is_an_alarm_of_nobody() {
        let series = TrueSeries { starts: vec![50], changes: Vec::new(), ..series() };
        assert_eq!(score(&series, &steps(&series)).false_alarms, 0);
        assert_eq!(score(&series, &fixed(&series)).false_alarms, 0);
        assert_eq!(score(&series, &t_test(&series)).false_alarms, 0);
    }
}
