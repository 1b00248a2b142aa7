//! From what is written to what is meant: names resolved, texts parsed, numbers checked.
//!
//! In:  a suite whose structure is right. Out: the checked suite, and everything that is wrong with it at once.

mod bench;
mod feed;
mod flow;
mod http;
mod names;
mod request;
mod rules;
mod scenario;
mod think;
mod user;

use std::collections::BTreeMap;

use indexmap::IndexMap;

pub(super) use feed::wanted as feeds_wanted;
pub(crate) use names::each_step;
pub(super) use names::{each_request, flows_of};
pub(super) use scenario::{Classes, Filtered, filter};

use super::{
    Scenario, SuiteCase,
    error::{Path, Problems},
    raw::{Named, RawAuth, RawFeed, RawHttp, RawScalar, RawSuite, RawTarget},
    written::Written,
};
use crate::{
    bench::BudgetTree,
    flow::{Auth, Feed, Flow, UserClass, is_reserved_header},
    hint::nearest,
    name::SuiteName,
    plan::{HttpPolicy, Rule},
    template::{Placeholder, Template},
    unit::Millis,
};

/// A suite that has passed all checks.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) base_url: Option<url::Url>,
    pub(super) seed: Option<u64>,
    pub(super) tags: Vec<String>,
    /// With what holds where the environment gives none.
    pub(super) variables: IndexMap<String, Option<String>>,
    pub(super) feeds: IndexMap<String, Feed>,
    pub(super) auth: IndexMap<String, Auth>,
    pub(super) flows: IndexMap<String, Flow>,
    pub(super) classes: IndexMap<String, UserClass>,
    pub(super) http: HttpPolicy,
    pub(super) rules: Vec<Rule>,
    pub(super) scenarios: Vec<Scenario>,
    /// Of a benchmark suite, which has no flows, classes and scenarios.
    pub(super) benchmark: Option<Benchmark>,
}

/// What a benchmark suite measures.
#[derive(Clone, Debug, Default)]
pub(super) struct Benchmark {
    /// Critical ones first.
    pub(super) cases: Vec<SuiteCase>,
    pub(super) budgets: Vec<BudgetTree>,
    /// Rules on what all parts of a budget take together.
    pub(super) of_budgets: Vec<Rule>,
}

/// Who asks for a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Owner {
    Flow(String),
    Auth(String),
    Class(String),
    /// A case that sends a request, after this log-in.
    Case(Option<String>),
}

/// A variable that is asked for somewhere.
struct Use {
    owner: Owner,
    variable: String,
    path: Path,
}

/// Reads with an eye on what is known so far.
struct Reader<'a, 'p> {
    problems: &'p mut Problems<'a>,
    feeds: IndexMap<String, Feed>,
    auth_names: Vec<String>,
    flow_names: Vec<String>,
    uses: Vec<Use>,
}

/// Reads a suite. What it returns is complete only when no problem was added.
pub(super) fn read(
    written: Written,
    name: &SuiteName,
    files: &BTreeMap<String, String>,
    problems: &mut Problems<'_>,
) -> Checked {
    match written {
        Written::Load(raw) => read_load(*raw, name, files, problems),
        Written::Benchmark(raw, cases) => bench::read(*raw, cases, name, files, problems),
    }
}

/// What suites of both kinds have.
struct Shared {
    target: Option<RawTarget>,
    seed: Option<u64>,
    tags: Vec<String>,
    variables: Named<Option<RawScalar>>,
    feeds: Named<RawFeed>,
    auth: Named<RawAuth>,
    http: Option<RawHttp>,
}

impl<'a, 'p> Reader<'a, 'p> {
    fn new(problems: &'p mut Problems<'a>, auth: &Named<RawAuth>, flow_names: Vec<String>) -> Self {
        let auth_names = auth.0.keys().cloned().collect();
        Self { problems, feeds: IndexMap::new(), auth_names, flow_names, uses: Vec::new() }
    }

    /// What suites of both kinds have. The feeds stay with the reader, which looks names up in them.
    fn shared(&mut self, raw: Shared, files: &BTreeMap<String, String>) -> Checked {
        self.feeds = self.read_feeds(raw.feeds, files);
        let base_url = raw.target.and_then(|target| self.base_url(&target.base_url));
        let variables = raw.variables.0.into_iter().map(|(name, value)| (name, value.map(|v| v.into_text()))).collect();
        Checked {
            base_url,
            seed: raw.seed,
            tags: raw.tags,
            variables,
            feeds: IndexMap::new(),
            auth: self.read_auth(raw.auth),
            flows: IndexMap::new(),
            classes: IndexMap::new(),
            http: self.read_http(raw.http.unwrap_or_default(), files),
            rules: Vec::new(),
            scenarios: Vec::new(),
            benchmark: None,
        }
    }
}

fn read_load(
    raw: RawSuite,
    name: &SuiteName,
    files: &BTreeMap<String, String>,
    problems: &mut Problems<'_>,
) -> Checked {
    let mut reader = Reader::new(problems, &raw.auth, raw.flows.0.keys().cloned().collect());
    let RawSuite { target, seed, tags, variables, feeds, auth, http, .. } = raw;
    let mut checked = reader.shared(Shared { target, seed, tags, variables, feeds, auth, http }, files);
    checked.flows = reader.read_flows(raw.flows);
    checked.classes = reader.read_classes(raw.classes);
    checked.feeds = std::mem::take(&mut reader.feeds);
    reader.check_variables(&checked);
    let defaults = raw.defaults.unwrap_or_default();
    let models = scenario::models(&defaults, &raw.scenarios);
    let known = rules::Known::of(&checked.flows, &checked.auth, models);
    let place = Path::default().key("thresholds");
    checked.rules = reader.read_rules(raw.thresholds, &format!("suite {name}"), &place, &known);
    reader.read_scenarios(defaults, raw.scenarios, &mut checked, &known);
    checked
}

impl Reader<'_, '_> {
    fn base_url(&mut self, text: &str) -> Option<url::Url> {
        let path = Path::default().key("target").key("base_url");
        let hint = || Some("write it as http://host:port".to_owned());
        match url::Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                if url.username().is_empty() && url.password().is_none() {
                    return Some(url);
                }
                self.problems.add(
                    &path,
                    "an address must not hold a user or password",
                    Some("use ${secret.NAME} in a header or body".to_owned()),
                );
            }
            Ok(_) => self.problems.add(&path, format!("`{text}` is no http or https address"), hint()),
            Err(error) => self.problems.add(&path, format!("`{text}` is no address: {error}"), hint()),
        }
        None
    }

    /// Reads a text with placeholders and notes which names it asks for.
    fn template(&mut self, text: &str, owner: &Owner, path: &Path) -> Template {
        let template = match text.parse::<Template>() {
            Ok(template) => template,
            Err(error) => {
                self.problems.add(path, error.to_string(), None);
                return Template::text("");
            }
        };
        for placeholder in template.placeholders() {
            match placeholder {
                Placeholder::Var(variable) => {
                    self.uses.push(Use { owner: owner.clone(), variable: variable.clone(), path: path.clone() });
                }
                Placeholder::Feed { feed, column } => self.check_column(feed, column, path),
                _ => {}
            }
        }
        template
    }

    /// A name that must be known; if it is not, the nearest is suggested.
    fn known(&mut self, what: &str, name: &str, known: &[String], path: &Path) -> bool {
        if known.iter().any(|one| one == name) {
            return true;
        }
        let hint = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("the suite has no {what}"),
            None => format!("known are {}", known.join(", ")),
        };
        self.problems.add(path, format!("there is no {what} `{name}`"), Some(hint));
        false
    }

    /// A header's name and its constant value must not break the request apart.
    fn header(&mut self, name: &str, value: &str, owner: &Owner, path: &Path) -> (String, Template) {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(token) {
            self.problems.add(path, format!("`{}` cannot be the name of a header", name.escape_debug()), None);
        }
        if is_reserved_header(name) {
            let hint = Some("leave it out: it follows from the address, the body and the run".to_owned());
            self.problems.add(path, format!("the header `{name}` is written by perflab itself"), hint);
        }
        if value.contains(['\r', '\n', '\0']) {
            self.problems.add(
                path,
                format!("the header `{}` holds a line break", name.escape_debug()),
                Some("headers are one line; write the value in quotes".to_owned()),
            );
        }
        (name.to_owned(), self.template(value, owner, path))
    }

    fn positive(&mut self, time: Option<Millis>, path: &Path) -> Option<Millis> {
        if time == Some(Millis::ZERO) {
            self.problems.add(path, "the time must be above 0", None);
        }
        time
    }
}
