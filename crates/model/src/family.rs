//! Which runs did the same: the family of a plan, and of each case of a benchmark plan.
//!
//! In:  a [`Plan`]. Out: a SHA-256 over what it does, in lower-case hex. Two versions of a suite whose families are equal
//! may be compared with each other, however else they differ.
//!
//! What judges (rules, targets), what people read (tags, titles, rationales, hints) and where it ran (environment, worker)
//! is no part of it. Nor is the seed, which every launch draws anew, nor certificates, which are replaced in time.
//!
//! A change of this module parts every run from all earlier ones. A new key of a plan keeps the families of plans that do
//! not use it when it is left out of the JSON where it says nothing (`skip_serializing_if`); a test holds both to that.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    bench::{Amount, Case, CaseWarmup, Operation, Work},
    flow::{Auth, Condition, FeedOrder, Flow, Request, Step, UserClass},
    load::{Load, Warmup},
    plan::{HttpPolicy, Plan},
    suite::{each_step, each_template, each_template_of_case},
    template::{Placeholder, Template},
    unit::Millis,
};

/// What a run under load does.
#[derive(Serialize)]
struct LoadFamily<'a> {
    suite: &'a str,
    scenario: &'a str,
    load: &'a Load,
    warmup: Warmup,
    graceful_stop: Millis,
    find_limit: bool,
    sending: Sending<'a>,
    classes: Vec<UserClass>,
    flows: Vec<Flow>,
}

/// How requests are sent, and what they are filled with.
#[derive(Serialize)]
struct Sending<'a> {
    http: HttpPolicy,
    shows_certificate: bool,
    auth: Vec<Auth>,
    feeds: Vec<Rows<'a>>,
    /// Those that the plan makes use of, and no other of the environment's.
    variables: BTreeMap<String, String>,
}

/// Test data by content.
#[derive(Serialize)]
struct Rows<'a> {
    name: &'a str,
    sha256: &'a str,
    order: FeedOrder,
}

/// What a case does.
#[derive(Serialize)]
struct CaseFamily<'a> {
    suite: &'a str,
    case: &'a str,
    work: Work,
    expect: &'a indexmap::IndexMap<String, Value>,
    amount: Amount,
    warmup: CaseWarmup,
    concurrency: u32,
    leak_check: bool,
    /// Only of a case that sends requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    sending: Option<Sending<'a>>,
}

/// What a run of a benchmark suite does: its cases, in their order.
#[derive(Serialize)]
struct CasesFamily<'a> {
    suite: &'a str,
    cases: Vec<String>,
}

impl Plan {
    /// The family of the run. Of a benchmark run it holds for the whole of it: its cases are compared one by one, by
    /// [`Plan::family_of`], so that a new case does not part the others from their history.
    pub fn family(&self) -> String {
        match &self.load {
            Load::Cases(cases) => hash(&CasesFamily {
                suite: self.suite.as_str(),
                cases: cases.cases.iter().map(|case| self.family_of(case)).collect(),
            }),
            load => hash(&LoadFamily {
                suite: self.suite.as_str(),
                scenario: self.scenario.as_str(),
                load,
                warmup: self.warmup,
                graceful_stop: self.graceful_stop,
                find_limit: self.find_limit,
                sending: self.sending(&Asked::by_users(self)),
                classes: self.classes.iter().map(|class| UserClass { tags: Vec::new(), ..class.clone() }).collect(),
                flows: self.flows.iter().map(untagged_flow).collect(),
            }),
        }
    }

    /// The family of one of its cases.
    pub fn family_of(&self, case: &Case) -> String {
        let sends = case.work.operations().iter().any(|operation| matches!(operation, Operation::Http { .. }));
        hash(&CaseFamily {
            suite: self.suite.as_str(),
            case: case.name.as_str(),
            work: untagged_work(&case.work),
            expect: &case.expect,
            amount: case.amount,
            warmup: case.warmup,
            concurrency: case.concurrency,
            leak_check: case.leak_check,
            sending: sends.then(|| self.sending(&Asked::by_case(self, case))),
        })
    }

    fn sending(&self, asked: &Asked) -> Sending<'_> {
        let auth = self.auth.iter().filter(|auth| asked.auth.contains(&auth.name));
        let feeds = self.feeds.iter().filter(|feed| asked.feeds.contains(&feed.name));
        let given = |name: &String| self.environment.variables.get(name).map(|value| (name.clone(), value.clone()));
        Sending {
            http: HttpPolicy { ca: None, client_certificate: None, ..self.http.clone() },
            shows_certificate: self.http.client_certificate.is_some(),
            auth: auth.map(|auth| Auth { login: untagged(&auth.login), ..auth.clone() }).collect(),
            feeds: feeds.map(|feed| Rows { name: &feed.name, sha256: &feed.sha256, order: feed.order }).collect(),
            variables: asked.variables.iter().filter_map(given).collect(),
        }
    }
}

/// What templates and conditions ask for.
#[derive(Default)]
struct Asked {
    auth: BTreeSet<String>,
    feeds: BTreeSet<String>,
    variables: BTreeSet<String>,
}

impl Asked {
    fn by_users(plan: &Plan) -> Self {
        let mut asked = Self { auth: plan.auth.iter().map(|auth| auth.name.clone()).collect(), ..Self::default() };
        each_template(&plan.classes, &plan.flows, &plan.auth, &mut |template| asked.note(template));
        for flow in &plan.flows {
            each_step(&flow.steps, &mut |step| {
                if let Step::If { condition: Condition::Exists(name) | Condition::Equals { var: name, .. }, .. } = step
                {
                    asked.variables.insert(name.clone());
                }
            });
        }
        asked
    }

    fn by_case(plan: &Plan, case: &Case) -> Self {
        let mut asked = Self::default();
        each_template_of_case(case, &mut |template| asked.note(template));
        for operation in case.work.operations() {
            if let Operation::Http { auth: Some(name), .. } = operation {
                asked.auth.insert(name.clone());
            }
        }
        let auth: Vec<Auth> = plan.auth.iter().filter(|auth| asked.auth.contains(&auth.name)).cloned().collect();
        each_template(&[], &[], &auth, &mut |template| asked.note(template));
        asked
    }

    fn note(&mut self, template: &Template) {
        for placeholder in template.placeholders() {
            match placeholder {
                Placeholder::Var(name) => self.variables.insert(name.clone()),
                Placeholder::Feed { feed, .. } => self.feeds.insert(feed.clone()),
                _ => false,
            };
        }
    }
}

fn untagged(request: &Request) -> Request {
    Request { tags: Vec::new(), ..request.clone() }
}

fn untagged_flow(flow: &Flow) -> Flow {
    Flow { name: flow.name.clone(), tags: Vec::new(), steps: untagged_steps(&flow.steps) }
}

fn untagged_steps(steps: &[Step]) -> Vec<Step> {
    let without = |step: &Step| match step {
        Step::Request(request) => Step::Request(Box::new(untagged(request))),
        Step::Repeat { times, steps } => Step::Repeat { times: *times, steps: untagged_steps(steps) },
        Step::Group { name, steps } => Step::Group { name: name.clone(), steps: untagged_steps(steps) },
        Step::If { condition, then, otherwise } => {
            Step::If { condition: condition.clone(), then: untagged_steps(then), otherwise: untagged_steps(otherwise) }
        }
        Step::Auth { .. } | Step::Think(_) => step.clone(),
    };
    steps.iter().map(without).collect()
}

fn untagged_work(work: &Work) -> Work {
    match work {
        Work::Single(operation) => Work::Single(untagged_operation(operation)),
        Work::Pair { without, with } => {
            Work::Pair { without: untagged_operation(without), with: untagged_operation(with) }
        }
    }
}

/// Whether a plan of the query is kept changes nothing of what is measured: it is asked for once, outside.
fn untagged_operation(operation: &Operation) -> Operation {
    let mut operation = operation.clone();
    match &mut operation {
        Operation::Http { request, .. } => request.tags.clear(),
        Operation::Sql { explain, .. } => *explain = false,
        Operation::Builtin { .. } | Operation::Command { .. } => {}
    }
    operation
}

/// JSON in which the keys of every map are sorted: in which order somebody wrote them changes nothing.
fn hash(family: &impl Serialize) -> String {
    let value = serde_json::to_value(family).unwrap_or_default();
    hex::encode(Sha256::digest(sorted(value).to_string()))
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> = fields.into_iter().map(|(key, field)| (key, sorted(field))).collect();
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
