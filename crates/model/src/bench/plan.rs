//! The cases of a plan: a matrix and several concurrencies are expanded already, each combination is a case of its own.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{display, flow::Request, name::CaseName, threshold::glob_matches, unit::Millis};

/// The scenario of every run of a benchmark suite, which has no scenarios: runs of it are one series.
pub const WHOLE_SUITE: &str = "cases";

/// What a run of a benchmark suite carries out, case after case, critical ones first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cases {
    /// The cases in the order in which they run.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub cases: Vec<Case>,
    /// Limits that several cases share.
    pub budgets: Vec<BudgetTree>,
    /// The longest time of all of them together: what the environment allows a run. A case that it leaves no time for is not
    /// begun.
    #[serde(default)]
    pub at_most: Option<Millis>,
}

impl Cases {
    /// The longest time that they may take.
    pub fn longest(&self) -> Millis {
        let sum = self.cases.iter().fold(Millis::ZERO, |sum, case| sum.plus(case.at_most));
        self.at_most.map_or(sum, |at_most| sum.min(at_most))
    }
}

/// One thing that is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its name within the run: that of the suite, with the combination where there are several: `hash [cost=12]`.
    pub name: CaseName,
    /// Its name in the suite.
    pub base: CaseName,
    /// Shown instead of the name.
    pub title: Option<String>,
    /// What the combination stands for, `concurrency` included where the suite names several.
    pub combination: IndexMap<String, String>,
    /// What is done.
    pub work: Work,
    /// What the answer must be, by the operation's own fields (`tier: low`). A wrong answer is an error, never a sample.
    pub expect: IndexMap<String, serde_json::Value>,
    /// How much is measured.
    pub amount: Amount,
    /// What is left out at the beginning.
    pub warmup: CaseWarmup,
    /// How many do it at the same time, each in a thread of its own.
    pub concurrency: u32,
    /// Whether memory is watched for growth.
    pub leak_check: bool,
    /// Target of the mean (of a pair: of the overhead), nanoseconds. The rule that judges it is among the plan's rules.
    pub target_ns: Option<f64>,
    /// Its maximum, nanoseconds.
    pub max_ns: Option<f64>,
    /// Why the limits are what they are.
    pub rationale: Option<String>,
    /// A word that screens group by: `financial`.
    pub category: Option<String>,
    /// Whether it is judged first, and its failure fails the whole.
    pub critical: bool,
    /// Where to look when it misses.
    pub hints: Vec<String>,
    /// The longest time it may take in all, warm-up included; what was measured until then counts.
    pub at_most: Millis,
}

impl Case {
    /// Whether a name or a glob means this case. The name that several combinations share means each of them.
    pub fn is_meant_by(&self, glob: &str) -> bool {
        glob_matches(glob, self.name.as_str()) || glob_matches(glob, self.base.as_str())
    }

    /// How much is measured, in a few words: `500 iterations`, `200 pairs`, `30s`.
    pub fn amount_text(&self) -> String {
        let thing = match self.work {
            Work::Single(_) => "iteration",
            Work::Pair { .. } => "pair",
        };
        match self.amount {
            Amount::Iterations(1) => format!("1 {thing}"),
            Amount::Iterations(count) => format!("{} {thing}s", display::count(count)),
            Amount::Time(time) => time.to_string(),
        }
    }
}

/// What is done in a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// One operation.
    Single(Operation),
    /// Two ways of doing the same, in interleaved pairs, for what the second costs more.
    Pair {
        /// Without it.
        without: Operation,
        /// With it.
        with: Operation,
    },
}

impl Work {
    /// Its operations.
    pub fn operations(&self) -> Vec<&Operation> {
        match self {
            Self::Single(operation) => vec![operation],
            Self::Pair { without, with } => vec![without, with],
        }
    }
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A function of the reference target, in the runner's own process.
    Builtin {
        /// Its name, e.g. `income.classify`.
        name: String,
        /// Its parameters.
        parameters: IndexMap<String, serde_json::Value>,
    },
    /// One request to the environment's target, sent and checked as in a load suite.
    Http {
        /// The request.
        request: Box<Request>,
        /// How whoever sends it logs in, once before the case: the name of a log-in of the plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        auth: Option<String>,
    },
    /// A prepared statement.
    Sql {
        /// Its text; parameters are `$1`, `$2` … on both databases.
        query: String,
        /// Values of the parameters; a text in it is a template of random values (`${uuid}`, `${int(1,100)}`).
        params: Vec<serde_json::Value>,
        /// The secret that holds the address of the database; without it the database of the reference target's data.
        database: Option<String>,
        /// Statements before the case, e.g. to make a table.
        before: Vec<String>,
        /// Statements after it, whatever became of it.
        after: Vec<String>,
        /// Whether the plan of the query is kept (`EXPLAIN`).
        explain: bool,
    },
    /// A program that an administrator has listed.
    Command {
        /// The name under which it is listed.
        name: String,
        /// Its arguments, checked against the listed patterns.
        args: Vec<String>,
        /// What is measured of it.
        output: CommandOutput,
    },
}

/// What is measured of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandOutput {
    /// Its wall time.
    #[default]
    WallTime,
    /// The number that is its last line of output, milliseconds.
    Milliseconds,
}

/// How much of a case is measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// So many operations in all (of a pair: pairs), whoever does them.
    Iterations(u64),
    /// As many as fit into this time.
    Time(Millis),
}

/// What is left out at the beginning of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseWarmup {
    /// Until it is steady; a case that never is, is invalid.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// So many operations.
    Iterations(u64),
}

/// A limit that several cases share, in a tree by its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BudgetTree {
    /// Its name, as in `budget(security)`.
    pub name: String,
    /// What all parts together may take, nanoseconds.
    pub limit_ns: f64,
    /// The cases and other budgets whose overheads (of single operations: means) add up.
    pub parts: Vec<String>,
}
