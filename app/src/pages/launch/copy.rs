//! The launch as text: for a terminal, for a program, for a colleague.

use leptos::prelude::*;
use perflab_model::launch::LaunchRequest;

use super::choice::mark_of;
use crate::pages::source::origin;

/// The same launch as CLI, curl and link.
#[component]
pub fn CopyAs(
    /// What Start would send.
    request: LaunchRequest,
    /// The fields as a query.
    query: String,
    /// The key of the form.
    key: String,
    /// Whether a launch must name its project.
    names_project: bool,
) -> impl IntoView {
    let origin = origin();
    let request = if names_project { request } else { LaunchRequest { project: None, ..request } };
    let texts = [
        ("CLI", "copy-cli", cli(&request, &origin)),
        ("curl", "copy-curl", curl(&request, &origin, &key)),
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
                            <code class="code" id=id tabindex="0" role="group" aria-label=format!("As {name}")>{text}</code>
                            <button class="btn" type="button" data-copy=id>"Copy" <span class="sr">{format!(" as {name}")}</span></button>
                            // What came of it; it has its place before there is anything to say.
                            <span class="note faint fine" role="status" id=format!("{id}-copied")></span>
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
    let suite = quoted(request.suite.as_str());
    let like_an_option = suite.starts_with('-');
    let mut options = vec![if like_an_option { "perflab run".to_owned() } else { format!("perflab run {suite}") }];
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            // Joined, for a value may begin with a dash and look like an option.
            options.push(format!("--{name}={}", quoted(&value)));
        }
    };
    let overrides = &request.overrides;
    option("server", Some(origin.to_owned()));
    option("project", request.project.as_ref().map(ToString::to_string));
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
    for class in &overrides.classes {
        option("user-class", Some(class.clone()));
    }
    for case in &overrides.cases {
        option("case", Some(case.clone()));
    }
    for (name, value) in &overrides.parameters {
        option("set", Some(format!("{name}={value}")));
    }
    for tag in &request.tags {
        option("tag", Some(tag.clone()));
    }
    options.push("--wait".to_owned());
    if like_an_option {
        options.push(format!("-- {suite}"));
    }
    options.join(" \\\n  ")
}

/// A request to the API. Its key is that of the form and of what is asked for: the text launches one run, however often
/// it is repeated.
fn curl(request: &LaunchRequest, origin: &str, key: &str) -> String {
    let mut body = serde_json::to_value(request).unwrap_or_default();
    if let Some(object) = body.as_object_mut() {
        object.remove("trigger");
        strip_empty(object);
    }
    let body = body.to_string();
    let key = format!("Idempotency-Key: {key}-{}", mark_of(&body));
    format!(
        "curl -X POST {} \\\n  -H 'Content-Type: application/json' \\\n  -H {} \\\n  -d {}",
        quoted(&format!("{origin}/api/v1/runs")),
        quoted(&key),
        quoted(&body)
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
pub fn quoted(text: &str) -> String {
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
            "perflab run mita \\\n  --server=http://127.0.0.1:7080 \\\n  --scenario='open load' \\\n  --env=staging \\\n  \
             --branch=main \\\n  --rev=c93e5aa \\\n  --rate=50 \\\n  --wait"
        );
    }

    #[test]
    fn a_value_that_begins_with_a_dash_is_not_read_as_an_option() {
        let mut request = request();
        request.suite = "-x".parse().expect("a name");
        request.tags = vec!["--wait".to_owned()];
        let text = cli(&request, "http://127.0.0.1:7080");
        assert!(text.contains("--tag=--wait"), "{text}");
        assert!(text.starts_with("perflab run \\\n") && text.ends_with("-- -x"), "{text}");
    }

    #[test]
    fn the_project_is_named_where_the_request_names_it() {
        let request = LaunchRequest { project: "MITA 2".parse().ok(), ..request() };
        assert!(cli(&request, "http://127.0.0.1:7080").contains("--project='MITA 2'"));
    }

    #[test]
    fn a_quote_cannot_end_the_word_it_stands_in() {
        assert_eq!(quoted("it's; rm"), "'it'\\''s; rm'");
    }

    #[test]
    fn the_body_of_a_request_holds_only_what_was_asked() {
        let text = curl(&request(), "http://127.0.0.1:7080", "k");
        assert!(text.contains(r#""overrides":{"rate":50.0}"#), "{text}");
        assert!(!text.contains("null"), "{text}");
    }

    #[test]
    fn a_request_that_is_repeated_has_the_same_key_and_another_request_another_one() {
        let curl = |request: &LaunchRequest| curl(request, "http://127.0.0.1:7080", "0198-key");
        assert_eq!(curl(&request()), curl(&request()));
        let key = |text: &str| {
            text.split("Idempotency-Key: ").nth(1).and_then(|rest| rest.split('\'').next()).map(str::to_owned)
        };
        let other = LaunchRequest { tags: vec!["nightly".to_owned()], ..request() };
        assert!(key(&curl(&request())).is_some_and(|key| key.starts_with("0198-key-")));
        assert_ne!(key(&curl(&request())), key(&curl(&other)));
    }
}
