//! Suites: YAML in, checked suites out, and the plan that a scenario or the cases of a benchmark expand to.
//!
//! In:  the text of a suite and of the files beside it. Out: a [`Suite`], or every fault with line, column, field and a
//! way to mend it. Whatever is a [`Suite`] can be planned: names are resolved, rules parsed, loads expanded.
//! Not here: reading files, running plans.

mod error;
mod matrix;
mod parameter;
mod plan;
mod raw;
mod read;
mod schema;
mod shape;
mod structure;
mod templates;
mod tree;
mod written;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use error::{SuiteError, SuiteErrors};
pub use parameter::{Parameter, ParameterKind};
use plan::leaves_nothing;
pub use plan::{Draft, PlanError, PlanErrors, PlanRequest};
pub(crate) use read::each_step;
pub use schema::schema;
pub(crate) use templates::{each as each_template, each_of_case as each_template_of_case, secret_names};

use crate::{
    bench::{BudgetTree, Case, Operation, WHOLE_SUITE},
    flow::Think,
    load::{Load, Warmup},
    name::{ScenarioName, SuiteName},
    plan::Rule,
    unit::Millis,
};
use error::{Path, Problems};
use tree::Node;

/// A checked suite.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its name.
    pub name: SuiteName,
    /// Shown instead of the name.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    version: String,
    tree: Node,
    files: BTreeMap<String, String>,
    parameters: Vec<Parameter>,
    checked: read::Checked,
}

/// A way to load, expanded with the defaults of the suite's parameters.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: ScenarioName,
    /// Shown instead of the name.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The executor's name: `constant_vus`, `ramping_vus`, `constant_rate`, `ramping_rate`, `spike`, `soak`, `staircase`,
    /// `shared_iterations`, `per_user_iterations`.
    pub executor: &'static str,
    /// How much load.
    pub load: Load,
    /// What is left out of verdicts at the beginning.
    pub warmup: Warmup,
    /// How long open requests are waited for at the end.
    pub graceful_stop: Millis,
    /// Whether saturation is what it looks for.
    pub find_limit: bool,
    /// Its own seed.
    pub seed: Option<u64>,
    /// Only flows with one of these tags; all where there are none.
    pub tags: Vec<String>,
    /// Only these classes; all where nothing is said.
    pub classes: Option<Vec<String>>,
    /// What judges a run of it: the suite's rules, then its own.
    pub rules: Vec<Rule>,
    think: Option<Think>,
    shape: shape::Shape,
}

/// What a suite measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SuiteKind {
    /// A target under load: it has scenarios, and a run carries out one of them.
    #[default]
    Load,
    /// Operations one by one: it has cases, and a run carries out all of them.
    Benchmark,
}

/// A case of a benchmark suite, expanded with the defaults of the suite's parameters.
#[derive(Clone, Debug)]
pub struct SuiteCase {
    /// The case, one combination of its matrix and one number of threads.
    pub case: Case,
    /// What judges it: the suite's rules, the limits of its mean, its own rules, the check for leaks.
    pub rules: Vec<Rule>,
}

impl Suite {
    /// Reads a suite. `files` are the feeds beside it, by file name; one that is not given is missed only when a plan
    /// needs it.
    ///
    /// # Errors
    /// With everything that is wrong, each with its place.
    pub fn parse(text: &str, files: &BTreeMap<String, String>) -> Result<Self, SuiteErrors> {
        let tree = Node::read(text)?;
        let mut problems = Problems::new(&tree);
        let parameters = parameter::read(&tree, &mut problems);
        let values = IndexMap::new();
        let raw = written::structured(&tree, &parameters, &values, &mut problems);
        let Some(raw) = raw else { return Err(gathered(problems)) };
        let (title, description) = (raw.title().cloned(), raw.description().cloned());
        let name = check_name::<SuiteName>(raw.name(), &Path::default().key("suite"), &mut problems);
        let Some(name) = name else { return Err(gathered(problems)) };
        let checked = read::read(raw, &name, files, &mut problems);
        if !problems.is_empty() {
            return Err(gathered(problems));
        }
        let wanted = read::feeds_wanted(&tree);
        let files: BTreeMap<String, String> =
            files.iter().filter(|(file, _)| wanted.contains(file)).map(|(k, v)| (k.clone(), v.clone())).collect();
        let version = version(text, &files);
        Ok(Self { name, title, description, version, tree, files, parameters, checked })
    }

    /// The files that a suite names, to be read before [`Suite::parse`].
    ///
    /// # Errors
    /// When the text is no YAML that could be a suite.
    pub fn files_wanted(text: &str) -> Result<Vec<String>, SuiteErrors> {
        Ok(read::feeds_wanted(&Node::read(text)?))
    }

    /// SHA-256 of the text and of the files beside it, lower-case hex: the suite's version.
    pub fn version_hash(&self) -> String {
        self.version.clone()
    }

    /// Where the target is in a run without a lab.
    pub const fn base_url(&self) -> Option<&url::Url> {
        self.checked.base_url.as_ref()
    }

    /// Where everything random comes from, if the suite says.
    pub const fn seed(&self) -> Option<u64> {
        self.checked.seed
    }

    /// Tags of the suite.
    pub fn tags(&self) -> &[String] {
        &self.checked.tags
    }

    /// Values that can be set at launch.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Values that an environment can give, with what holds where it gives none.
    pub const fn variables(&self) -> &IndexMap<String, Option<String>> {
        &self.checked.variables
    }

    /// What it measures.
    pub const fn kind(&self) -> SuiteKind {
        if self.checked.benchmark.is_some() { SuiteKind::Benchmark } else { SuiteKind::Load }
    }

    /// Ways to load, in the order of the file; none of a benchmark suite.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.checked.scenarios
    }

    /// What a benchmark suite measures, in the order in which it runs; nothing of a load suite.
    pub fn cases(&self) -> &[SuiteCase] {
        self.checked.benchmark.as_ref().map_or(&[], |benchmark| &benchmark.cases)
    }

    /// Limits that several cases of a benchmark suite share.
    pub fn budgets(&self) -> &[BudgetTree] {
        self.checked.benchmark.as_ref().map_or(&[], |benchmark| &benchmark.budgets)
    }

    /// Whether a run of it sends requests, and so needs a target.
    pub fn sends_requests(&self) -> bool {
        let sends = |operation: &Operation| matches!(operation, Operation::Http { .. });
        self.kind() == SuiteKind::Load || self.cases().iter().flat_map(|one| one.case.work.operations()).any(sends)
    }

    /// What a launch may name as its scenario. A benchmark suite is run as a whole, under one name.
    pub fn scenario_names(&self) -> Vec<String> {
        match self.kind() {
            SuiteKind::Load => self.scenarios().iter().map(|scenario| scenario.name.to_string()).collect(),
            SuiteKind::Benchmark => vec![WHOLE_SUITE.to_owned()],
        }
    }

    /// The scenario of that name.
    pub fn scenario(&self, name: &ScenarioName) -> Option<&Scenario> {
        self.scenarios().iter().find(|scenario| scenario.name == *name)
    }

    /// The files beside the suite, by name.
    pub const fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// The same suite with other values of its parameters.
    fn check_with(&self, parameters: &IndexMap<String, String>) -> Result<read::Checked, SuiteErrors> {
        let mut problems = Problems::new(&self.tree);
        let Some(raw) = written::structured(&self.tree, &self.parameters, parameters, &mut problems) else {
            return Err(gathered(problems));
        };
        let checked = read::read(raw, &self.name, &self.files, &mut problems);
        if problems.is_empty() { Ok(checked) } else { Err(gathered(problems)) }
    }
}

fn gathered(problems: Problems<'_>) -> SuiteErrors {
    let unsaid = || SuiteErrors::from(SuiteError::whole("the suite cannot be used", None));
    SuiteErrors::from_list(problems.into_list()).unwrap_or_else(unsaid)
}

/// A name that keeps to the rules of names.
fn check_name<N>(text: &str, path: &Path, problems: &mut Problems<'_>) -> Option<N>
where
    N: std::str::FromStr<Err = crate::name::NameError>,
{
    text.parse().map_err(|error: crate::name::NameError| problems.add(path, error.to_string(), None)).ok()
}

/// Lengths go into the hash too, so that no two different sets of files run together to the same bytes.
fn version(text: &str, files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    };
    add(text);
    for (name, content) in files {
        add(name);
        add(content);
    }
    hex::encode(hash.finalize())
}
