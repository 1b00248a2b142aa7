//! What a comparison with other runs says, number by number.
//!
//! Shapes only; `stats` computes, `lab` chooses what is compared.

use serde::{Deserialize, Serialize};

use crate::{blocks::Better, id::RunId, run::Revision};

/// How large a change for the worse is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// 5 to 10 %, or less evidence than [`Band::Minor`] needs. Never gates.
    Small,
    /// More than 10 %.
    Minor,
    /// More than 20 %.
    Significant,
    /// More than 50 %.
    Critical,
}

impl Band {
    /// All bands, the smallest first.
    pub const ALL: [Self; 4] = [Self::Small, Self::Minor, Self::Significant, Self::Critical];

    /// The word as it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Minor => "minor",
            Self::Significant => "significant",
            Self::Critical => "critical",
        }
    }

    /// Reads the stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|band| band.word() == word)
    }
}

/// Where one compared number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Worse, and shown; the band says by how much.
    Worse,
    /// Better by 10 % or more, and shown.
    Improvement,
    /// Shown, but too little to matter.
    SmallButReal,
    /// Worse by its band, but the evidence does not carry it: measure again.
    Undecided,
    /// Nothing that needs anybody.
    Noise,
    /// There was nothing to compare, or too little; the reason says what is missing. Never the same as "no change".
    NotCompared,
}

impl Standing {
    /// The words as screens show them.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Improvement => "better",
            Self::SmallButReal => "small, real",
            Self::Undecided => "undecided",
            Self::Noise => "no relevant change",
            Self::NotCompared => "not compared",
        }
    }
}

/// One number of two sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedSeries {
    /// The request or case; nothing for all together.
    pub name: Option<String>,
    /// The measure, as in the results.
    pub measure: String,
    /// Which number of it.
    pub stat: String,
    /// The base unit of both values.
    pub unit: String,
    /// Which direction is good.
    pub better: Better,
    /// Median of the baseline's blocks.
    pub baseline: Option<f64>,
    /// Median of the candidate's blocks.
    pub candidate: Option<f64>,
    /// Candidate over baseline, from all pairs of blocks.
    pub ratio: Option<f64>,
    /// 95 % interval of the ratio; an end that so few values leave open is `null`.
    pub interval: Option<(Option<f64>, Option<f64>)>,
    /// p of "no difference", noise between runs included.
    pub p: Option<f64>,
    /// p after all comparisons of the run were taken into account.
    pub q: Option<f64>,
    /// The smallest change that so many runs can show, as a share.
    pub floor: Option<f64>,
    /// Earlier pairs of runs of the same code that the noise between runs comes from; under eight it is partly assumed.
    pub pairs: u32,
    /// Where it stands.
    pub standing: Standing,
    /// By how much it is worse, or may be.
    pub band: Option<Band>,
    /// What is missing, of numbers that were not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ComparedSeries {
    /// By how much the candidate is worse, as a share; negative is better.
    pub fn worse(&self) -> Option<f64> {
        self.ratio.map(|ratio| match self.better {
            Better::Lower => ratio - 1.0,
            Better::Higher => 1.0 - ratio,
        })
    }
}

/// One of the runs that a run is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaselineRun {
    /// The run.
    pub id: RunId,
    /// Its number.
    pub number: u64,
    /// What it measured.
    pub revision: Revision,
    /// When it ended, microseconds since the epoch.
    pub ended_us: i64,
}

/// Two neighbouring runs of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaselinePair {
    /// Place of the earlier in [`Baseline::runs`].
    pub earlier: u32,
    /// Place of the later.
    pub later: u32,
    /// Numbers that a finding says moved between the two (request, measure, stat): they say nothing about noise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<(Option<String>, String, String)>,
}

/// The earlier runs that a run is compared with, and how they were chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Baseline {
    /// The runs, oldest first; none when there is no baseline.
    pub runs: Vec<BaselineRun>,
    /// Whether a person chose it.
    pub pinned: bool,
    /// One sentence: how it was chosen, or why there is none.
    pub why: String,
    /// Pairs of neighbouring runs of it: what the noise between runs is reckoned from.
    pub pairs: Vec<BaselinePair>,
    /// Of a run that was made to decide an earlier one: the runs that are judged together with it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together_with: Vec<BaselineRun>,
}

/// A run beside its baseline, as it was when the run ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunComparison {
    /// What it was compared with.
    pub baseline: Baseline,
    /// Every number; none without a baseline.
    pub series: Vec<ComparedSeries>,
}

/// What a compared number is called: `p95`, `throughput`, `bytes allocated`.
pub fn noun(measure: &str, stat: &str) -> String {
    match (measure, stat) {
        ("latency", stat) => stat.to_owned(),
        ("throughput", _) => "throughput".to_owned(),
        ("allocations", "bytes") => "bytes allocated".to_owned(),
        ("allocations", _) => "allocations".to_owned(),
        ("memory", _) => "memory".to_owned(),
        (measure, "rate" | "value") => measure.replace('_', " "),
        (measure, stat) => format!("{} of {}", stat, measure.replace('_', " ")),
    }
}

/// A run is pinned as the baseline of its scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PinRequest {
    /// Why.
    pub reason: String,
    /// The environment whose runs are compared with it; its own where there is none.
    pub environment: Option<String>,
    /// Who asks, in their own words.
    pub name: Option<String>,
}

/// A run is rejected as a baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RejectRequest {
    /// Why.
    pub reason: String,
    /// Who asks, in their own words.
    pub name: Option<String>,
}
