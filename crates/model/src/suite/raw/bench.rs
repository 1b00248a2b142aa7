//! Benchmark suites as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Named, OneOrMany, RawAuth, RawCheck, RawFeed, RawHttp, RawParameter, RawScalar, RawStatus, RawStep, RawTarget,
    RawThresholds, flow::given,
};
use crate::{bench::CommandOutput, unit::Millis};

/// A suite of cases: operations that are measured one after the other, each with its limits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Benchmark suite", rename = "BenchmarkSuite")]
pub(in crate::suite) struct RawBenchmark {
    /// Version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    #[expect(dead_code, reason = "the structure check has compared it; it is here for the schema")]
    pub(in crate::suite) version: u32,
    /// The suite's name. Runs, trends and baselines are kept under it.
    pub(in crate::suite) suite: String,
    /// Shown on screens instead of the name.
    pub(in crate::suite) title: Option<String>,
    /// What the suite is for.
    pub(in crate::suite) description: Option<String>,
    /// Tags of the suite.
    #[serde(default)]
    pub(in crate::suite) tags: Vec<String>,
    /// Where the target of requests is, in a run without a lab. In a lab the environment says where.
    pub(in crate::suite) target: Option<RawTarget>,
    /// Where everything random comes from; a run may ask for another. The same seed makes the same inputs.
    pub(in crate::suite) seed: Option<u64>,
    /// Values that can be set at launch, used anywhere as ${param.NAME}.
    #[serde(default)]
    #[expect(dead_code, reason = "parameters are read before the rest, because the rest makes use of them")]
    pub(in crate::suite) parameters: Named<RawParameter>,
    /// Values that the environment gives, used in requests as ${NAME}, with what holds where it gives none. Without a value the environment must give one.
    #[serde(default)]
    pub(in crate::suite) variables: Named<Option<RawScalar>>,
    /// Rules of every case, or of those that `for` names: a list of rules, or k6's map of metrics to rules.
    pub(in crate::suite) thresholds: Option<RawThresholds>,
    /// Tables of test data, used in requests as ${feed.NAME.COLUMN}.
    #[serde(default)]
    pub(in crate::suite) feeds: Named<RawFeed>,
    /// Ways to log in, for requests.
    #[serde(default)]
    pub(in crate::suite) auth: Named<RawAuth>,
    /// How requests are sent.
    pub(in crate::suite) http: Option<RawHttp>,
    /// What holds in cases that do not say otherwise. A key of a case replaces the same key here.
    pub(in crate::suite) defaults: Option<RawCaseDefaults>,
    /// What is measured, by name. Critical cases run first, else the order is that of the file.
    #[expect(
        dead_code,
        reason = "each case is read once for each combination of its matrix; it is here for the schema"
    )]
    pub(in crate::suite) cases: Named<RawCase>,
    /// Limits that several cases share, by name; budget(NAME) in a rule.
    #[serde(default)]
    pub(in crate::suite) budgets: Named<RawBudget>,
}

/// What holds in cases that do not say otherwise.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CaseDefaults")]
pub(in crate::suite) struct RawCaseDefaults {
    /// What is asked of every case.
    #[serde(flatten)]
    pub(in crate::suite) terms: RawTerms,
}

/// One thing that is measured: an operation, or a pair of them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Case")]
pub(in crate::suite) struct RawCase {
    /// Shown on screens instead of the name.
    pub(in crate::suite) title: Option<String>,
    /// What is done again and again.
    pub(in crate::suite) operation: Option<RawOperation>,
    /// Two ways of doing the same, done in turns: what is judged is how much more the one `with` takes.
    pub(in crate::suite) pair: Option<RawPair>,
    /// What the answer must be, by the operation's own fields. A wrong answer is an error, never a sample.
    #[serde(default)]
    pub(in crate::suite) expect: Named<serde_json::Value>,
    /// Values by name: the case is measured with each combination of them, which stands in its name. ${matrix.NAME} is the value; one that is written nowhere is the builtin operation's parameter of that name.
    #[serde(default)]
    #[expect(dead_code, reason = "the combinations were made before; it is here for the schema")]
    pub(in crate::suite) matrix: Named<RawValues>,
    /// What is asked of the case.
    #[serde(flatten)]
    pub(in crate::suite) terms: RawTerms,
}

/// The values of one name of a matrix.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(in crate::suite) struct RawValues(
    #[schemars(length(min = 1))]
    #[expect(dead_code, reason = "the combinations were made before; it is here for the schema")]
    Vec<RawScalar>,
);

/// How much of a case is measured, and what judges it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Terms")]
pub(in crate::suite) struct RawTerms {
    /// What the mean should stay below (of a pair: the overhead): over it the case warns.
    pub(in crate::suite) target: Option<RawTime>,
    /// What the mean must stay below (of a pair: the overhead): over it the case fails.
    pub(in crate::suite) max: Option<RawTime>,
    /// Why target and max are what they are. Required beside them.
    pub(in crate::suite) rationale: Option<String>,
    /// Rules of the case, besides those of the suite.
    pub(in crate::suite) thresholds: Option<RawThresholds>,
    /// How many operations are measured (of a pair: pairs), by all who do them together; 100 where neither this nor time is given.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub(in crate::suite) iterations: Option<u64>,
    /// Instead of iterations: as many as fit into this time.
    pub(in crate::suite) time: Option<Millis>,
    /// What is left out at the beginning: auto (until it is steady), none, or a number of operations; auto where it is left out.
    pub(in crate::suite) warmup: Option<RawCaseWarmup>,
    /// How many do it at the same time; a list makes a case of each number. 1 where it is left out.
    pub(in crate::suite) concurrency: Option<OneOrMany<RawThreads>>,
    /// Whether memory is watched for growth, with the rule `memory slope < 5KB per 1 ops` unless the case has one of its own. Of builtin operations; true where it is left out.
    pub(in crate::suite) leak_check: Option<bool>,
    /// A word that screens group cases by.
    pub(in crate::suite) category: Option<String>,
    /// Whether the case runs first and is shown first.
    pub(in crate::suite) critical: Option<bool>,
    /// Where to look when the case misses its limits.
    pub(in crate::suite) hints: Option<Vec<String>>,
    /// The longest time that the case may take, warm-up included; what was measured until then counts. 10m where it is left out.
    pub(in crate::suite) at_most: Option<Millis>,
}

/// A number of threads.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(in crate::suite) struct RawThreads(#[schemars(range(min = 1, max = 1000))] pub(in crate::suite) u32);

/// A duration with its unit, such as 80us or 0.08ms.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::suite) struct RawTime(pub(in crate::suite) String);

impl JsonSchema for RawTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A time is a number with its unit: ns, us (or µs), ms, s, m or h, such as 80us or 0.08ms.",
            "pattern": r"^ *[0-9]+(\.[0-9]+)? *(ns|us|µs|μs|ms|s|m|h) *$"
        })
    }
}

/// How a case warms up.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "CaseWarmup")]
pub(in crate::suite) enum RawCaseWarmup {
    /// So many operations.
    Operations(#[schemars(range(min = 1, max = 1_000_000_000))] u64),
    /// In a word.
    Word(RawWarmupWord),
}

/// auto: until it is steady. none: not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CaseWarmupWord")]
pub(in crate::suite) enum RawWarmupWord {
    Auto,
    None,
}

/// An operation: one of builtin, http, sql, command.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Operation")]
pub(in crate::suite) struct RawOperation {
    /// A function of the reference target, done in the runner's own process: its name, or name and parameters.
    pub(in crate::suite) builtin: Option<RawBuiltin>,
    /// A request to the environment's target.
    pub(in crate::suite) http: Option<Box<RawCaseRequest>>,
    /// A prepared statement: its text, or more about it.
    pub(in crate::suite) sql: Option<RawSql>,
    /// A program that an administrator has listed: its name, or more about it.
    pub(in crate::suite) command: Option<RawCommand>,
}

/// Two operations, done in turns.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pair")]
pub(in crate::suite) struct RawPair {
    /// Without what is to be measured.
    pub(in crate::suite) without: RawOperation,
    /// With it.
    #[serde(rename = "with")]
    pub(in crate::suite) with_it: RawOperation,
}

/// A builtin operation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Builtin")]
pub(in crate::suite) enum RawBuiltin {
    /// Its name, such as income.classify.
    Name(String),
    /// Name and parameters.
    Full(RawFullBuiltin),
}

/// A builtin operation with parameters, which stand beside the name: {name: auth.hash, cost: 12}.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "FullBuiltin")]
pub(in crate::suite) struct RawFullBuiltin {
    /// Its name, such as income.classify.
    pub(in crate::suite) name: String,
    /// Its parameters.
    #[serde(flatten)]
    pub(in crate::suite) parameters: serde_json::Map<String, serde_json::Value>,
}

/// A request that is measured: one of get, post, put, patch, delete, head, with the keys of a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CaseRequest")]
pub(in crate::suite) struct RawCaseRequest {
    /// Sends a GET request to this path.
    get: Option<String>,
    /// Sends a POST request to this path.
    post: Option<String>,
    /// Sends a PUT request to this path.
    put: Option<String>,
    /// Sends a PATCH request to this path.
    patch: Option<String>,
    /// Sends a DELETE request to this path.
    delete: Option<String>,
    /// Sends a HEAD request to this path.
    head: Option<String>,
    /// Who sends it logs in before: the name of an auth entry. The log-in is not measured.
    pub(in crate::suite) auth: Option<String>,
    /// Headers.
    headers: Option<Named<RawScalar>>,
    /// What follows the question mark.
    query: Option<Named<RawScalar>>,
    /// A JSON body. Each text in it is a template; a text that is only ${int(1,9)} is sent as a number.
    #[serde(default, deserialize_with = "given")]
    json: Option<serde_json::Value>,
    /// Form fields.
    form: Option<Named<RawScalar>>,
    /// A body as it is, with its content_type.
    body: Option<String>,
    /// Content type of `body`; text/plain where it is left out.
    content_type: Option<String>,
    /// Which status is a success: codes, or classes such as 2xx. Every 2xx and 3xx where it is left out.
    expect: Option<OneOrMany<RawStatus>>,
    /// What else the answer must be.
    checks: Option<Vec<RawCheck>>,
    /// Its total time limit.
    timeout: Option<Millis>,
}

impl RawCaseRequest {
    /// As a step of a flow, which is how requests are read.
    pub(in crate::suite) fn into_step(self) -> RawStep {
        RawStep {
            get: self.get,
            post: self.post,
            put: self.put,
            patch: self.patch,
            delete: self.delete,
            head: self.head,
            headers: self.headers,
            query: self.query,
            json: self.json,
            form: self.form,
            body: self.body,
            content_type: self.content_type,
            expect: self.expect,
            checks: self.checks,
            timeout: self.timeout,
            ..RawStep::default()
        }
    }
}

/// A statement.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Sql")]
pub(in crate::suite) enum RawSql {
    /// Its text.
    Query(String),
    /// More about it.
    Full(RawFullSql),
}

/// A statement with its parameters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FullSql")]
pub(in crate::suite) struct RawFullSql {
    /// Its text; parameters are $1, $2 and so on.
    pub(in crate::suite) query: String,
    /// Values of the parameters, made anew for each operation: ${uuid}, ${today}, ${int(1,100)} and ${choice(a,b)} may stand in texts; a text that is only ${int(1,9)} is a number.
    #[serde(default)]
    pub(in crate::suite) params: Vec<RawSqlValue>,
    /// The database: ${secret.NAME}, a secret that holds its address. Where it is left out, the database of the reference target's data.
    pub(in crate::suite) database: Option<String>,
    /// Statements before the case.
    pub(in crate::suite) before: Option<OneOrMany<String>>,
    /// Statements after it, whatever became of it.
    pub(in crate::suite) after: Option<OneOrMany<String>>,
    /// Whether the database's plan of the statement is kept with the run.
    #[serde(default)]
    pub(in crate::suite) explain: bool,
}

/// A value of a statement's parameter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(in crate::suite) enum RawSqlValue {
    /// A text, a number or a truth value.
    Scalar(RawScalar),
    /// NULL.
    Null(()),
}

/// A program that an administrator has listed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Command")]
pub(in crate::suite) enum RawCommand {
    /// The name under which it is listed.
    Name(String),
    /// Name and arguments.
    Full(RawFullCommand),
}

/// A program with arguments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FullCommand")]
pub(in crate::suite) struct RawFullCommand {
    /// The name under which it is listed.
    pub(in crate::suite) name: String,
    /// Its arguments.
    #[serde(default)]
    pub(in crate::suite) args: Vec<RawScalar>,
    /// What is measured of it: wall_time, or milliseconds, the number in the last line of its output.
    #[serde(default)]
    pub(in crate::suite) output: CommandOutput,
}

/// A limit that several cases share.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Budget")]
pub(in crate::suite) struct RawBudget {
    /// What all parts together may take.
    pub(in crate::suite) limit: RawTime,
    /// Cases and other budgets. Of a pair its overhead counts, of a single operation its mean.
    #[schemars(length(min = 1))]
    pub(in crate::suite) parts: Vec<String>,
}
