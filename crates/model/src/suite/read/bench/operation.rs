//! What is done in a case: one operation, or a pair of them.

use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    bench::{CommandOutput, Operation, Work},
    suite::{
        error::Path,
        matrix::Combined,
        raw::{
            OneOrMany, RawBuiltin, RawCaseRequest, RawCommand, RawFullBuiltin, RawFullCommand, RawFullSql,
            RawOperation, RawPair, RawScalar, RawSql, RawSqlValue,
        },
        read::{Owner, Reader, http::secret_name},
    },
    template::{Placeholder, Template},
};

impl Reader<'_, '_> {
    /// Exactly one of `operation` and `pair`.
    pub(super) fn work(
        &mut self,
        operation: Option<RawOperation>,
        pair: Option<RawPair>,
        combined: &Combined,
        path: &Path,
    ) -> Option<Work> {
        let work = match (operation, pair) {
            (Some(operation), None) => self.operation(operation, combined, &path.key("operation")).map(Work::Single),
            (None, Some(pair)) => {
                let path = path.key("pair");
                let without = self.operation(pair.without, combined, &path.key("without"));
                let with = self.operation(pair.with_it, combined, &path.key("with"));
                without.zip(with).map(|(without, with)| Work::Pair { without, with })
            }
            (given, _) => {
                let message = if given.is_some() {
                    "a case has an operation or a pair, not both"
                } else {
                    "the case does nothing"
                };
                let hint = "give it `operation: {…}`, or `pair: {without: {…}, with: {…}}`".to_owned();
                self.problems.add(path, message, Some(hint));
                None
            }
        }?;
        let takes = work.operations().iter().any(|operation| matches!(operation, Operation::Builtin { .. }));
        if !takes {
            for name in combined.values.keys().filter(|name| !combined.placed.contains(name)) {
                let hint = Some(format!("write ${{matrix.{name}}} where it belongs"));
                self.problems.add(&path.key("matrix").key(name), format!("nothing takes `{name}`"), hint);
            }
        }
        Some(work)
    }

    fn operation(&mut self, raw: RawOperation, combined: &Combined, path: &Path) -> Option<Operation> {
        let RawOperation { builtin, http, sql, command } = raw;
        match (builtin, http, sql, command) {
            (Some(builtin), None, None, None) => self.builtin(builtin, combined, &path.key("builtin")),
            (None, Some(request), None, None) => self.sent(*request, &path.key("http")),
            (None, None, Some(sql), None) => Some(self.sql(sql, &path.key("sql"))),
            (None, None, None, Some(command)) => Some(self.command(command, &path.key("command"))),
            _ => {
                let hint = Some("give it one of builtin, http, sql, command".to_owned());
                self.problems.add(path, "an operation is exactly one thing", hint);
                None
            }
        }
    }

    /// A value of the matrix that is written nowhere is the parameter of its name.
    fn builtin(&mut self, raw: RawBuiltin, combined: &Combined, path: &Path) -> Option<Operation> {
        let (name, given) = match raw {
            RawBuiltin::Name(name) => (name, serde_json::Map::new()),
            RawBuiltin::Full(RawFullBuiltin { name, parameters }) => (name, parameters),
        };
        if name.trim().is_empty() {
            self.problems.add(path, "the operation has no name", None);
            return None;
        }
        let mut parameters: IndexMap<String, Value> = given.into_iter().collect();
        for (key, value) in &parameters {
            self.refuse_placeholders(value, "parameters of a builtin operation", &path.key(key));
        }
        for (key, value) in combined.values.iter().filter(|(key, _)| !combined.placed.contains(key)) {
            if parameters.get(key).is_some_and(|given| given != value) {
                let hint = Some(format!("leave it out, or write ${{matrix.{key}}}"));
                self.problems.add(&path.key(key), format!("the matrix says what `{key}` is"), hint);
            }
            parameters.insert(key.clone(), value.clone());
        }
        Some(Operation::Builtin { name: name.trim().to_owned(), parameters })
    }

    fn sent(&mut self, raw: RawCaseRequest, path: &Path) -> Option<Operation> {
        let auth = raw.auth.clone();
        if let Some(auth) = &auth {
            let known = self.auth_names.clone();
            self.known("auth entry", auth, &known, &path.key("auth"));
        }
        let step = raw.into_step();
        if step.actions().len() != 1 {
            let hint = Some("give it one of get, post, put, patch, delete, head with a path".to_owned());
            self.problems.add(path, "an operation sends exactly one request", hint);
            return None;
        }
        let request = self.request(step, &Owner::Case(auth.clone()), path)?;
        Some(Operation::Http { request: Box::new(request), auth })
    }

    fn sql(&mut self, raw: RawSql, path: &Path) -> Operation {
        let (raw, query_path) = match raw {
            RawSql::Query(query) => {
                let full =
                    RawFullSql { query, params: Vec::new(), database: None, before: None, after: None, explain: false };
                (full, path.clone())
            }
            RawSql::Full(full) => (full, path.key("query")),
        };
        self.statement(&raw.query, &query_path);
        let params = raw.params.into_iter().enumerate();
        let params = params.map(|(i, value)| self.sql_value(value, &path.key("params").index(i))).collect();
        let mut statements = |raw: Option<OneOrMany<String>>, key: &str| -> Vec<String> {
            let all = raw.map(OneOrMany::into_vec).unwrap_or_default();
            all.iter().enumerate().for_each(|(i, text)| self.statement(text, &path.key(key).index(i)));
            all
        };
        let (before, after) = (statements(raw.before, "before"), statements(raw.after, "after"));
        let database = raw.database.and_then(|text| {
            let secret = secret_name(&text);
            if secret.is_none() {
                let hint = Some("write database: \"${secret.NAME}\"".to_owned());
                let message = "the address of the database is not given as a secret";
                self.problems.add(&path.key("database"), message, hint);
            }
            secret
        });
        Operation::Sql { query: raw.query, params, database, before, after, explain: raw.explain }
    }

    /// Values belong into parameters: a statement that is prepared once is what is measured.
    fn statement(&mut self, text: &str, path: &Path) {
        if text.trim().is_empty() {
            self.problems.add(path, "the statement is empty", None);
        } else if text.contains("${") {
            let hint = Some("write $1, $2 … and give the values as `params`".to_owned());
            self.problems.add(path, "a statement takes no placeholders", hint);
        }
    }

    fn sql_value(&mut self, raw: RawSqlValue, path: &Path) -> Value {
        match raw {
            RawSqlValue::Null(()) => Value::Null,
            RawSqlValue::Scalar(RawScalar::Text(text)) => {
                self.random_text(&text, path);
                Value::String(text)
            }
            RawSqlValue::Scalar(RawScalar::Whole(number)) => number.into(),
            RawSqlValue::Scalar(RawScalar::Number(number)) => number.into(),
            RawSqlValue::Scalar(RawScalar::Truth(truth)) => truth.into(),
        }
    }

    /// A text of a statement's parameter is filled by the case's own random numbers: no user is there with variables.
    fn random_text(&mut self, text: &str, path: &Path) {
        let template: Template = match text.parse() {
            Ok(template) => template,
            Err(error) => return self.problems.add(path, error.to_string(), None),
        };
        for placeholder in template.placeholders() {
            if !matches!(
                placeholder,
                Placeholder::Uuid | Placeholder::Today | Placeholder::Int(..) | Placeholder::Choice(_)
            ) {
                let hint = Some("use ${uuid}, ${today}, ${int(1,9)} or ${choice(a,b)}".to_owned());
                self.problems.add(path, format!("`{placeholder}` does not fit parameters of a statement"), hint);
            }
        }
    }

    fn command(&mut self, raw: RawCommand, path: &Path) -> Operation {
        let (name, args, output) = match raw {
            RawCommand::Name(name) => (name, Vec::new(), CommandOutput::default()),
            RawCommand::Full(RawFullCommand { name, args, output }) => (name, args, output),
        };
        if name.trim().is_empty() {
            self.problems.add(path, "the program has no name", None);
        }
        let args: Vec<String> = args.into_iter().map(RawScalar::into_text).collect();
        for (i, arg) in args.iter().enumerate() {
            self.refuse_placeholders(&arg.as_str().into(), "arguments of a program", &path.key("args").index(i));
        }
        Operation::Command { name: name.trim().to_owned(), args, output }
    }

    /// What the answer must be. A request says it itself.
    pub(super) fn check_expect(&mut self, expect: &IndexMap<String, Value>, work: &Work, path: &Path) {
        let path = path.key("expect");
        let sends = work.operations().iter().any(|operation| matches!(operation, Operation::Http { .. }));
        if sends && !expect.is_empty() {
            let hint = Some("write `expect` and `checks` under `http`".to_owned());
            self.problems.add(&path, "what the answer of a request must be stands at the request", hint);
        }
        for (key, value) in expect {
            self.refuse_placeholders(value, "expected answers", &path.key(key));
        }
    }

    fn refuse_placeholders(&mut self, value: &Value, of: &str, path: &Path) {
        match value {
            Value::String(text) if text.contains("${") => {
                let hint = Some("only ${param.NAME} and ${matrix.NAME} may stand there".to_owned());
                self.problems.add(path, format!("{of} take no placeholders"), hint);
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(i, item)| self.refuse_placeholders(item, of, &path.index(i)));
            }
            Value::Object(fields) => {
                fields.iter().for_each(|(key, field)| self.refuse_placeholders(field, of, &path.key(key)));
            }
            _ => {}
        }
    }
}
