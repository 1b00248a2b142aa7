//! The launch as text: for a terminal, for a program, for a colleague.

use leptos::prelude::*;
use perflab_model::launch::LaunchRequest;

use crate::pages::source::origin;

/// The same launch as CLI, curl and link.
#[component]
pub fn CopyAs(
    /// What Start would send.
    request: LaunchRequest,
    /// The fields as a query.
    query: String,
) -> impl IntoView {
    let origin = origin();
    let texts = [
        ("CLI", "copy-cli", cli(&request, &origin)),
        ("curl", "copy-curl", curl(&request, &origin)),
        ("Link", "copy-link", format!("{origin}/launch?{query}")),
    ];
    view! {
        <div class="copy">
            <h2 class="strong">"Copy as"</h2>
            {texts
                .into_iter()
                .enumerate()
                .map(|(at, (name, id, text))| {
                    view! {
                        <details name="copy" open=at == 0>
                            <summary>{name}</summary>
                            <code class="code" id=id>{text}</code>
                            <button class="btn" type="button" data-copy=id aria-label=format!("Copy as {name}")>"Copy"</button>
                        </details>
                    }
                })
                .collect_view()}
        </div>
    }
    .into_any()
}

/// A command line; one option a line.
fn cli(request: &LaunchRequest, origin: &str) -> String {
    let mut options = vec![format!("perflab run {}", quoted(request.suite.as_str()))];
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            options.push(format!("--{name} {}", quoted(&value)));
        }
    };
    let overrides = &request.overrides;
    option("server", Some(origin.to_owned()));
    option("scenario", Some(request.scenario.to_string()));
    option("env", request.environment.as_ref().map(ToString::to_string));
    option("branch", request.revision.branch.clone());
    option("rev", request.revision.commit.clone());
    option("users", overrides.users.map(|users| users.to_string()));
    option("spawn-rate", overrides.spawn_rate.map(|rate| rate.to_string()));
    option("rate", overrides.rate.map(|rate| rate.to_string()));
    option("duration", overrides.duration.map(|duration| duration.to_string()));
    option("max-in-flight", overrides.max_in_flight.map(|starts| starts.to_string()));
    option("seed", overrides.seed.map(|seed| seed.to_string()));
    for (name, value) in &overrides.parameters {
        option("set", Some(format!("{name}={value}")));
    }
    for tag in &request.tags {
        option("tag", Some(tag.clone()));
    }
    options.push("--wait".to_owned());
    options.join(" \\\n  ")
}

/// A request to the API. The key makes a repeated request harmless.
fn curl(request: &LaunchRequest, origin: &str) -> String {
    let mut body = serde_json::to_value(request).unwrap_or_default();
    if let Some(object) = body.as_object_mut() {
        object.remove("trigger");
        strip_empty(object);
    }
    format!(
        "curl -X POST {} \\\n  -H 'Content-Type: application/json' \\\n  -H \"Idempotency-Key: $(uuidgen)\" \\\n  -d {}",
        quoted(&format!("{origin}/api/v1/runs")),
        quoted(&body.to_string())
    )
}

/// Leaves out what says nothing, so that the request reads as short as it is.
fn strip_empty(object: &mut serde_json::Map<String, serde_json::Value>) {
    for value in object.values_mut() {
        if let Some(inner) = value.as_object_mut() {
            strip_empty(inner);
        }
    }
    object.retain(|_, value| match value {
        serde_json::Value::Null => false,
        serde_json::Value::Array(items) => !items.is_empty(),
        serde_json::Value::Object(inner) => !inner.is_empty(),
        _ => true,
    });
}

/// A word for a shell: quoted when it holds anything a shell would read.
fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:@,".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::launch::fields::LaunchFields;

    fn request() -> LaunchRequest {
        let fields = LaunchFields {
            suite: "mita".to_owned(),
            scenario: "open load".to_owned(),
            env: "staging".to_owned(),
            rate: "50".to_owned(),
            rev: "main@c93e5aa".to_owned(),
            ..LaunchFields::default()
        };
        fields.request().expect("the fields are right")
    }

    #[test]
    fn a_name_with_a_blank_survives_a_shell() {
        assert_eq!(
            cli(&request(), "http://127.0.0.1:7080"),
            "perflab run mita \\\n  --server http://127.0.0.1:7080 \\\n  --scenario 'open load' \\\n  --env staging \\\n  \
             --branch main \\\n  --rev c93e5aa \\\n  --rate 50 \\\n  --wait"
        );
    }

    #[test]
    fn a_quote_cannot_end_the_word_it_stands_in() {
        assert_eq!(quoted("it's; rm"), "'it'\\''s; rm'");
    }

    #[test]
    fn the_body_of_a_request_holds_only_what_was_asked() {
        let text = curl(&request(), "http://127.0.0.1:7080");
        assert!(text.contains(r#""overrides":{"rate":50.0}"#), "{text}");
        assert!(!text.contains("null"), "{text}");
    }
}
