//! Takes values out of answers.

use http::{HeaderMap, HeaderName, header::SET_COOKIE};
use perflab_model::flow::{Extract, ExtractFrom};
use regex::bytes::Regex;

use super::{
    check::{checked_pointer, compiled_regex},
    compile::Compiler,
    fill::VarId,
};

/// A compiled extraction.
#[derive(Debug)]
pub(crate) struct ExtractCode {
    pub(crate) var: VarId,
    pub(crate) name: String,
    from: Source,
    pub(crate) required: bool,
}

#[derive(Debug)]
enum Source {
    JsonPointer(String),
    Header(HeaderName),
    Cookie(String),
    Regex(Regex),
}

impl ExtractCode {
    pub(crate) const fn needs_body(&self) -> bool {
        matches!(self.from, Source::JsonPointer(_) | Source::Regex(_))
    }

    /// The value, if the answer holds it.
    pub(crate) fn find(&self, headers: &HeaderMap, body: &[u8], json: Option<&serde_json::Value>) -> Option<String> {
        match &self.from {
            Source::JsonPointer(pointer) => text_of(json?.pointer(pointer)?),
            Source::Header(name) => headers.get(name)?.to_str().ok().map(str::to_owned),
            Source::Cookie(name) => headers.get_all(SET_COOKIE).iter().find_map(|line| {
                let (pair, _) = line.to_str().ok()?.split_once(';').unwrap_or((line.to_str().ok()?, ""));
                let (found, value) = pair.split_once('=')?;
                (found.trim() == name).then(|| value.trim().to_owned())
            }),
            Source::Regex(pattern) => {
                let captures = pattern.captures(body)?;
                let found = captures.get(1).or_else(|| captures.get(0))?;
                std::str::from_utf8(found.as_bytes()).ok().map(str::to_owned)
            }
        }
    }
}

/// A JSON value as later templates write it: texts without quotes, everything else as JSON; null is no value.
pub(crate) fn text_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Compiles extractions; the text says what is wrong.
pub(crate) fn compile_extracts(compiler: &mut Compiler<'_>, extracts: &[Extract]) -> Result<Vec<ExtractCode>, String> {
    extracts
        .iter()
        .map(|extract| {
            let from = match &extract.from {
                ExtractFrom::JsonPointer(pointer) => Source::JsonPointer(checked_pointer(pointer)?),
                ExtractFrom::Header(name) => {
                    Source::Header(name.parse().map_err(|_| format!("`{name}` is no name of a header"))?)
                }
                ExtractFrom::Cookie(name) => Source::Cookie(name.clone()),
                ExtractFrom::Regex(pattern) => Source::Regex(compiled_regex(pattern)?),
            };
            let var = compiler.var(&extract.var);
            Ok(ExtractCode { var, name: extract.var.clone(), from, required: extract.required })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Source::JsonPointer("/id".into()), Some("7"))]
    #[case(Source::JsonPointer("/name".into()), Some("a b"))]
    #[case(Source::JsonPointer("/none".into()), None)]
    #[case(Source::JsonPointer("/gone".into()), None)]
    #[case(Source::Header(HeaderName::from_static("location")), Some("/x"))]
    #[case(Source::Cookie("sid".into()), Some("abc=1"))]
    #[case(Source::Cookie("sidx".into()), None)]
    #[case(Source::Regex(Regex::new("\"id\":([0-9])").expect("valid")), Some("7"))]
    #[case(Source::Regex(Regex::new("a b").expect("valid")), Some("a b"))]
    fn values_are_found_where_the_suite_says(#[case] from: Source, #[case] found: Option<&str>) {
        let headers = HeaderMap::from_iter([
            (http::header::LOCATION, http::HeaderValue::from_static("/x")),
            (SET_COOKIE, http::HeaderValue::from_static("sid=abc=1; Path=/")),
        ]);
        let body = br#"{"id":7,"name":"a b","none":null}"#;
        let json = serde_json::from_slice(body).ok();
        let code = ExtractCode { var: VarId(0), name: "v".to_owned(), from, required: true };
        assert_eq!(code.find(&headers, body, json.as_ref()).as_deref(), found);
    }
}
