//! Whether a reply has the shape that the OpenAPI document promises.

use std::sync::OnceLock;

use serde_json::{Value, json};

/// The document as served.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::to_value(perflab_server::api::document()).unwrap())
}

/// The documented path that an address belongs to: `/api/v1/runs/7/stop` to `/api/v1/runs/{run}/stop`.
pub(crate) fn template(path: &str) -> Option<&'static str> {
    // Lists have a second name, after their pages.
    let path = match path {
        "/runs.json" => "/api/v1/runs",
        "/safety.json" => "/api/v1/kill-switch",
        "/suites.json" => "/api/v1/suites",
        "/compare.json" => "/api/v1/compare",
        path => path,
    };
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &&String| {
        let known: Vec<&str> = template.split('/').collect();
        known.len() == parts.len()
            && known.iter().zip(&parts).all(|(known, part)| known.starts_with('{') || known == part)
    };
    document()["paths"].as_object().unwrap().keys().find(fits).map(String::as_str)
}

/// Fails when the document does not promise this reply.
pub(crate) fn check(method: &str, path: &str, status: u16, body: &Value) {
    // The file of a chart belongs to its page: its columns are the chart's.
    if status == 200 && path.contains("/charts/") {
        return;
    }
    let Some(template) = template(path) else {
        // Not part of the API as documented: only problems may come as JSON from there.
        return matches_schema(&schema("Problem"), body, path);
    };
    let operation = &document()["paths"][template][method.to_lowercase()];
    if operation.is_null() {
        return matches_schema(&schema("Problem"), body, path);
    }
    let promised = &operation["responses"][status.to_string()];
    let promised = &promised["content"]["application/json"]["schema"];
    let what = format!("{method} {template} {status}");
    if promised.is_null() {
        // Refusals that every route may give are described once, in words.
        assert!(status >= 400, "{what} answers JSON that is not in the document: {body}");
        return matches_schema(&schema("Problem"), body, &what);
    }
    matches_schema(promised, body, &what);
}

fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn matches_schema(schema: &Value, body: &Value, what: &str) {
    let mut faults = Vec::new();
    compare(schema, body, "", &mut faults);
    assert!(faults.is_empty(), "{what} is not as documented:\n{}\n{body:#}", faults.join("\n"));
}

/// Compares by the part of JSON Schema that the document uses; a keyword beyond it fails, so that none is overlooked.
fn compare(schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else {
        assert!(schema.as_bool() != Some(false), "{at}: nothing is allowed here");
        return;
    };
    for (keyword, wanted) in keywords {
        match keyword.as_str() {
            "$ref" => {
                let target = wanted.as_str().unwrap().trim_start_matches('#');
                compare(document().pointer(target).unwrap(), value, at, faults);
            }
            "type" => {
                let names = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
                if !names.iter().any(|name| is_of_type(value, name.as_str().unwrap())) {
                    faults.push(format!("{at}: {value} is not of type {wanted}"));
                }
            }
            "properties" => {
                for (name, schema) in wanted.as_object().unwrap() {
                    if let Some(field) = value.get(name) {
                        compare(schema, field, &format!("{at}/{name}"), faults);
                    }
                }
                // What is sent but not documented helps nobody.
                let free = keywords.contains_key("additionalProperties");
                let unknown = value.as_object().into_iter().flat_map(|fields| fields.keys());
                for name in unknown.filter(|name| !free && wanted.get(name.as_str()).is_none()) {
                    // Parts of an `allOf` and of tagged variants know only their own fields.
                    if !at.ends_with('~') {
                        faults.push(format!("{at}: the field {name} is not documented"));
                    }
                }
            }
            "required" => {
                for name in wanted.as_array().unwrap() {
                    if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
                        faults.push(format!("{at}: the field {name} is missing"));
                    }
                }
            }
            "additionalProperties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    if keywords.get("properties").and_then(|known| known.get(name)).is_none() {
                        compare(wanted, field, &format!("{at}/{name}"), faults);
                    }
                }
            }
            "items" => {
                let known = keywords.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
                for (index, item) in value.as_array().into_iter().flatten().enumerate().skip(known) {
                    compare(wanted, item, &format!("{at}/{index}"), faults);
                }
            }
            "prefixItems" => {
                for (index, schema) in wanted.as_array().unwrap().iter().enumerate() {
                    if let Some(item) = value.get(index) {
                        compare(schema, item, &format!("{at}/{index}"), faults);
                    }
                }
            }
            "allOf" => {
                for schema in wanted.as_array().unwrap() {
                    compare(schema, value, &format!("{at}~"), faults);
                }
            }
            "oneOf" | "anyOf" => {
                let choices: Vec<Vec<String>> = wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|choice| {
                        let mut faults = Vec::new();
                        compare(choice, value, at, &mut faults);
                        faults
                    })
                    .collect();
                let fitting = choices.iter().filter(|faults| faults.is_empty()).count();
                if fitting == 0 || (fitting > 1 && keyword == "oneOf") {
                    faults.push(format!("{at}: {fitting} of {} choices fit: {choices:?}", choices.len()));
                }
            }
            "enum" => {
                if !wanted.as_array().unwrap().contains(value) {
                    faults.push(format!("{at}: {value} is none of {wanted}"));
                }
            }
            "const" => {
                if wanted != value {
                    faults.push(format!("{at}: {value} is not {wanted}"));
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|value| value < wanted.as_f64().unwrap()) {
                    faults.push(format!("{at}: {value} is below {wanted}"));
                }
            }
            "title" | "description" | "format" | "default" | "example" | "examples" | "propertyNames" => {}
            other => panic!("{at}: this test does not know the keyword {other}"),
        }
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("this test does not know the type {other}"),
    }
}
