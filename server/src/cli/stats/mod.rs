//! `perflab stats detect` and `perflab stats compare`: filters for scripts, a JSON object a line in and out.
//!
//! In:  lines on stdin. Keys that a filter does not know are passed over, so labelled data can be piped in as it is.
//! Out: one answer for each line that is not blank, in order, on stdout. The keys named here are stable; more may come.
//! A line that cannot be read ends the filter with exit code 2 and is named on stderr; what was answered before stands.

mod compare;
mod detect;
mod lines;
mod recall;

use clap::{Args, Subcommand, ValueEnum};
use perflab_stats::steps::Preset;

use super::exit;

/// Judge numbers from elsewhere by the lab's own statistics: JSON lines in, JSON lines out.
#[derive(Debug, Subcommand)]
pub(super) enum StatsCommand {
    /// Find the runs at which the level of a history changed.
    ///
    /// In, a line each: {"id", "values": [oldest first], "unit", "better": "lower" or "higher", "env": [one for each
    /// value]}; `id` and `values` must be there, and a change of `env` begins a new part. Out: {"id", "changes":
    /// [{"index", "from", "to", "shift", "range"}], "drifts": [{"index", "last", "from", "to", "shift"}]}. `index` is the
    /// first run of the new level, from 0; `from` and `to` are the levels, `shift` is their distance in natural logs,
    /// `range` the first and the last run at which the change may lie.
    Detect(DetectArgs),
    /// Score detectors on a history whose truth is known: how many planted changes each finds, and how often it is wrong.
    ///
    /// FILE is what `perflab demo-data` has written beside its runs. Every detector sees the runs one by one, as they came.
    Recall(recall::RecallArgs),
    /// Say whether one run is slower than another.
    ///
    /// In, a line each: {"id", "baseline": [values], "candidate": [values], "better": "lower" or "higher", "alpha":
    /// 0.05, "aa": [log ratios of earlier pairs of runs of the same code]}; `alpha` and `aa` may be missing. Values are
    /// medians of blocks or runs, not raw samples. Out: {"id", "verdict": "faster", "slower", "same" or "inconclusive",
    /// "ratio", "ci_low", "ci_high", "reason"}; a number that is not known is null.
    Compare,
}

#[derive(Debug, Args)]
pub(super) struct DetectArgs {
    /// How much evidence a change needs.
    #[arg(long, value_enum, default_value_t = PresetName::Balanced)]
    preset: PresetName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PresetName {
    /// Sees smaller changes; more alarms.
    Sensitive,
    /// What the published figures hold for.
    Balanced,
    /// Fewer alarms.
    Strict,
}

impl From<PresetName> for Preset {
    fn from(name: PresetName) -> Self {
        match name {
            PresetName::Sensitive => Self::Sensitive,
            PresetName::Balanced => Self::Balanced,
            PresetName::Strict => Self::Strict,
        }
    }
}

pub(super) fn stats(command: StatsCommand) -> anyhow::Result<u8> {
    if let StatsCommand::Recall(args) = &command {
        return recall::recall(args);
    }
    let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let ended = match command {
        StatsCommand::Detect(args) => {
            lines::answer(input, output, |history| detect::detect(history, args.preset.into()))
        }
        StatsCommand::Recall(_) => return Ok(exit::OK),
        StatsCommand::Compare => lines::answer(input, output, compare::compare),
    };
    match ended {
        Ok(()) => Ok(exit::OK),
        Err(error @ lines::LineError::Line { .. }) => {
            eprintln!("{error}");
            Ok(exit::USAGE)
        }
        // Whoever read the answers has enough of them.
        Err(lines::LineError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(exit::OK),
        Err(error) => Err(error.into()),
    }
}

/// Which direction of a measure is good, as the lines say it.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Better {
    Lower,
    Higher,
}
