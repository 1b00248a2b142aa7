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
    let mut whole = schema.clone();
    whole["components"] = document()["components"].clone();
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{what} is not as documented:\n{}\n{body:#}", faults.join("\n"));
}
