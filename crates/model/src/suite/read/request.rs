//! Requests: what is sent, what the answer must be, what is taken from it.

use super::{Owner, Reader};
use crate::{
    flow::{Body, Check, Extract, ExtractFrom, JsonTest, Request, StatusMatch},
    suite::{
        error::Path,
        raw::{OneOrMany, RawCheck, RawExtract, RawStatus, RawStep},
    },
};

impl Reader<'_, '_> {
    pub(super) fn request(&mut self, raw: RawStep, owner: &Owner, path: &Path) -> Option<Request> {
        let targets = [
            (&raw.get, "get"),
            (&raw.post, "post"),
            (&raw.put, "put"),
            (&raw.patch, "patch"),
            (&raw.delete, "delete"),
            (&raw.head, "head"),
        ];
        let (target, key) = targets.into_iter().find_map(|(target, key)| Some((target.clone()?, key)))?;
        let method = key.to_uppercase();
        let target_path = path.key(key);
        if !["/", "http://", "https://", "${"].iter().any(|start| target.starts_with(start)) {
            let hint = Some(format!("write `/{target}`, or a whole address with http:// or https://"));
            self.problems.add(&target_path, format!("the path `{target}` does not begin with `/`"), hint);
        }
        if target.chars().any(|c| c.is_whitespace() || c.is_control()) && !target.contains("${") {
            let hint = Some("write a blank as %20".to_owned());
            self.problems.add(&target_path, "a path must not hold blanks or line breaks", hint);
        }
        let name = match raw.name {
            Some(name) if name.trim().is_empty() || name.chars().any(char::is_control) => {
                self.problems.add(&path.key("name"), "a request's name is one line with something in it", None);
                name
            }
            Some(name) => name,
            None => format!("{method} {}", target.split('?').next().unwrap_or(&target)),
        };
        let mut whole = target;
        for (i, (field, value)) in raw.query.into_iter().flat_map(|query| query.0).enumerate() {
            let sign = if i == 0 && !whole.contains('?') { '?' } else { '&' };
            whole.push(sign);
            whole.push_str(&encoded(&field));
            whole.push('=');
            whole.push_str(&encoded_around_placeholders(&value.into_text()));
        }
        let headers = raw.headers.into_iter().flat_map(|headers| headers.0);
        let headers = headers
            .map(|(name, value)| {
                let path = path.key("headers").key(&name);
                self.header(&name, &value.into_text(), owner, &path)
            })
            .collect();
        if [raw.json.is_some(), raw.form.is_some(), raw.body.is_some()].into_iter().filter(|given| *given).count() > 1 {
            self.problems.add(path, "a request has one body", Some("give one of json, form, body".to_owned()));
        }
        if raw.content_type.is_some() && raw.body.is_none() {
            let hint = Some("json and form bring their own".to_owned());
            self.problems.add(&path.key("content_type"), "`content_type` belongs to `body`", hint);
        }
        let body = if let Some(json) = raw.json {
            self.check_json(&json, owner, &path.key("json"));
            Body::Json(json)
        } else if let Some(form) = raw.form {
            let path = path.key("form");
            let field = |(name, value): (String, crate::suite::raw::RawScalar)| {
                let template = self.template(&value.into_text(), owner, &path.key(&name));
                (name, template)
            };
            Body::Form(form.0.into_iter().map(field).collect())
        } else if let Some(text) = raw.body {
            let text = self.template(&text, owner, &path.key("body"));
            let content_type = raw.content_type.unwrap_or_else(|| "text/plain; charset=utf-8".to_owned());
            self.header("content-type", &content_type, owner, &path.key("content_type"));
            Body::Text { text, content_type }
        } else {
            Body::None
        };
        let mut checks: Vec<Check> = raw.expect.map(|codes| Check::Status(statuses(codes))).into_iter().collect();
        for (i, check) in raw.checks.into_iter().flatten().enumerate() {
            checks.extend(self.check(check, &path.key("checks").index(i)));
        }
        let mut extract = Vec::new();
        for (i, one) in raw.extract.into_iter().flatten().enumerate() {
            extract.extend(self.extract(one, &path.key("extract").index(i)));
        }
        Some(Request {
            name,
            method,
            path: self.template(&whole, owner, &target_path),
            headers,
            body,
            checks,
            extract,
            timeout: self.positive(raw.timeout, &path.key("timeout")),
            tags: raw.tags.unwrap_or_default(),
        })
    }

    /// Every text in a JSON body is a template.
    fn check_json(&mut self, value: &serde_json::Value, owner: &Owner, path: &Path) {
        match value {
            serde_json::Value::String(text) => {
                self.template(text, owner, path);
            }
            serde_json::Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.check_json(item, owner, &path.index(i));
                }
            }
            serde_json::Value::Object(fields) => {
                for (key, field) in fields {
                    self.check_json(field, owner, &path.key(key));
                }
            }
            _ => {}
        }
    }

    fn check(&mut self, raw: RawCheck, path: &Path) -> Option<Check> {
        let kinds = [
            raw.status.is_some(),
            raw.header.is_some(),
            raw.json_pointer.is_some(),
            raw.body_contains.is_some(),
            raw.body_matches.is_some(),
            raw.max_time.is_some(),
        ];
        if kinds.into_iter().filter(|given| *given).count() != 1 {
            let hint = "write one of status, header, json_pointer, body_contains, body_matches, max_time".to_owned();
            self.problems.add(path, "a check looks at exactly one thing", Some(hint));
            return None;
        }
        let json_only = raw.kind.is_some() || raw.length.is_some() || raw.exists.is_some();
        if json_only && raw.json_pointer.is_none()
            || raw.equals.is_some() && raw.json_pointer.is_none() && raw.header.is_none()
        {
            let hint =
                Some("equals goes with header or json_pointer; type, length, exists with json_pointer".to_owned());
            self.problems.add(path, "the check has keys that belong to another kind of check", hint);
            return None;
        }
        if let Some(codes) = raw.status {
            return Some(Check::Status(statuses(codes)));
        }
        if let Some(name) = raw.header {
            let equals = match raw.equals {
                Some(serde_json::Value::String(text)) => Some(text),
                Some(other) => Some(other.to_string()),
                None => None,
            };
            return Some(Check::Header { name: name.to_lowercase(), equals });
        }
        if let Some(pointer) = raw.json_pointer {
            self.check_pointer(&pointer, &path.key("json_pointer"));
            let mut tests: Vec<JsonTest> = Vec::new();
            tests.extend(raw.equals.map(JsonTest::Equals));
            tests.extend(raw.kind.map(|kind| JsonTest::Type(kind.name().to_owned())));
            tests.extend(raw.length.map(JsonTest::Length));
            if tests.len() > 1 {
                let hint = Some("make it several checks".to_owned());
                self.problems.add(path, "a check of a place asks one thing", hint);
            }
            if raw.exists == Some(false) {
                self.problems.add(&path.key("exists"), "a check that nothing is there is not known", None);
            }
            return Some(Check::Json { pointer, test: tests.pop().unwrap_or(JsonTest::Exists) });
        }
        if let Some(expression) = raw.body_matches {
            self.check_regex(&expression, &path.key("body_matches"));
            return Some(Check::BodyMatches(expression));
        }
        raw.body_contains.map(Check::BodyContains).or_else(|| raw.max_time.map(Check::MaxTime))
    }

    fn extract(&mut self, raw: RawExtract, path: &Path) -> Option<Extract> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if raw.var.is_empty() || !raw.var.chars().all(is_name) || matches!(raw.var.as_str(), "uuid" | "today") {
            let hint = Some("use letters, digits, _ and -, but not uuid or today".to_owned());
            self.problems.add(&path.key("var"), format!("`{}` cannot be the name of a variable", raw.var), hint);
        }
        let mut from: Vec<ExtractFrom> = Vec::new();
        if let Some(pointer) = raw.json_pointer {
            self.check_pointer(&pointer, &path.key("json_pointer"));
            from.push(ExtractFrom::JsonPointer(pointer));
        }
        if let Some(expression) = raw.regex {
            self.check_regex(&expression, &path.key("regex"));
            from.push(ExtractFrom::Regex(expression));
        }
        from.extend(raw.header.map(|name| ExtractFrom::Header(name.to_lowercase())));
        from.extend(raw.cookie.map(ExtractFrom::Cookie));
        if from.len() != 1 {
            let hint = Some("write one of json_pointer, header, cookie, regex".to_owned());
            self.problems.add(path, "a value is taken from exactly one place", hint);
        }
        from.pop().map(|from| Extract { var: raw.var, from, required: raw.required })
    }

    /// RFC 6901: empty, or parts that each begin with a slash.
    pub(super) fn check_pointer(&mut self, pointer: &str, path: &Path) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let hint = Some(format!("write `/{}`", pointer.replace('.', "/")));
            self.problems.add(path, format!("`{pointer}` is no JSON pointer: it must begin with `/`"), hint);
        }
        let tildes_fit = pointer.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
        if !tildes_fit {
            let hint = Some("~ is written ~0, / inside a key ~1".to_owned());
            self.problems.add(path, format!("`{pointer}` is no JSON pointer"), hint);
        }
    }

    fn check_regex(&mut self, expression: &str, path: &Path) {
        if let Err(error) = regex::RegexBuilder::new(expression).size_limit(1 << 20).build() {
            // The library's message shows the expression on lines of its own; its last line says what is wrong.
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.problems.add(path, format!("`{expression}` is no regular expression: {reason}"), None);
        }
    }
}

fn statuses(raw: OneOrMany<RawStatus>) -> Vec<StatusMatch> {
    raw.into_vec()
        .into_iter()
        .map(|status| match status {
            RawStatus::Code(code) => StatusMatch::Code(code),
            RawStatus::Class(class) => StatusMatch::Class(class.0.bytes().next().map_or(2, |digit| digit - b'0')),
        })
        .collect()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Only the text that stands in the suite is encoded here: what a placeholder becomes is known when it is sent.
fn encoded_around_placeholders(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}') else { break };
        out.push_str(&encoded(&rest[..start]));
        out.push_str(&rest[start..=start + end]);
        rest = &rest[start + end + 1..];
    }
    // An unclosed placeholder is kept as it is, so that the check of the template finds it.
    if rest.contains("${") {
        out.push_str(rest);
    } else {
        out.push_str(&encoded(rest));
    }
    out
}
