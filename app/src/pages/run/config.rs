//! What exactly was run: the plan as it was frozen, and the suite's text.

use leptos::prelude::*;
use perflab_model::{
    display,
    load::Load,
    plan::{HttpVersion, Plan},
};

use super::data::RunData;

/// Plan and suite.
#[component]
pub fn Config(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let plan = data.run.plan.clone();
    let facts = facts(&plan);
    let variables = plan.environment.variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let parameters = plan.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let suite = format!("Suite {}, version {}", plan.suite, plan.suite_version);
    let started = data.run.started.map(|started| {
        vec![
            ("Worker's host".to_owned(), format!("{}, {} cores", started.host, started.cores)),
            ("Version".to_owned(), started.version),
            ("Addresses of the target".to_owned(), started.addresses.join(", ")),
            (
                "Target on the worker's host".to_owned(),
                if started.shared_host { "yes: both share its CPU" } else { "no" }.to_owned(),
            ),
        ]
    });
    view! {
        <section class="section cols">
            <div class="c6">
                <div class="section-head"><h2>"Plan"</h2><p>"Frozen when the run was asked for."</p></div>
                <Pairs pairs=facts/>
            </div>
            <div class="c6">
                {started
                    .map(|pairs| {
                        view! {
                            <div class="section-head"><h2>"Where it ran"</h2></div>
                            <Pairs pairs=pairs/>
                        }
                    })}
                <Named title="Parameters" pairs=parameters/>
                <Named title="Variables of the environment" pairs=variables/>
            </div>
        </section>
        <section class="section">
            <div class="section-head"><h2>"Suite"</h2><p>{suite}</p></div>
            {match data.suite_text {
                Some(text) => view! { <pre class="code" tabindex="0" role="region" aria-label="Text of the suite">{text}</pre> }.into_any(),
                None => view! { <p class="muted">"The text of this version is not kept."</p> }.into_any(),
            }}
        </section>
    }
    .into_any()
}

fn facts(plan: &Plan) -> Vec<(String, String)> {
    let environment = &plan.environment;
    let http = &plan.http;
    let mut facts = vec![
        ("Scenario".to_owned(), plan.scenario.to_string()),
        ("Seed".to_owned(), plan.seed.to_string()),
        ("Load".to_owned(), plan.load.summary()),
    ];
    facts.extend(stages(&plan.load).into_iter().enumerate().map(|(at, stage)| (format!("Stage {}", at + 1), stage)));
    facts.extend([
        ("Warm-up".to_owned(), plan.warmup_time().to_string()),
        ("Waits for replies at the end".to_owned(), plan.graceful_stop.to_string()),
        ("Environment".to_owned(), environment.name.to_string()),
        ("Base URL".to_owned(), environment.base_url.to_string()),
        (
            "Allowed targets".to_owned(),
            environment
                .allow
                .iter()
                .map(|target| target.port.map_or_else(|| target.host.clone(), |port| format!("{}:{port}", target.host)))
                .collect::<Vec<_>>()
                .join(", "),
        ),
        (
            "HTTP".to_owned(),
            format!(
                "{}, {}",
                version(http.version),
                if http.reuse { "connections are kept" } else { "a connection a request" }
            ),
        ),
        (
            "Timeouts".to_owned(),
            format!("connect {}, silence {}, in all {}", http.connect_timeout, http.read_timeout, http.total_timeout),
        ),
        ("Redirects followed".to_owned(), http.max_redirects.to_string()),
        ("Longest body".to_owned(), display::bytes(http.max_body_bytes as f64)),
        ("Kinds of users".to_owned(), plan.classes.len().to_string()),
        ("Rules".to_owned(), plan.rules.len().to_string()),
        ("Secrets".to_owned(), if plan.secrets().is_empty() { "none".to_owned() } else { plan.secrets().join(", ") }),
    ]);
    facts
}

fn version(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http1 => "HTTP/1.1",
        HttpVersion::H2 => "HTTP/2 over TLS",
        HttpVersion::H2c => "HTTP/2 without TLS",
        HttpVersion::Auto => "as TLS negotiates",
    }
}

fn stages(load: &Load) -> Vec<String> {
    match load {
        Load::Open { stages, .. } => {
            stages.iter().map(|stage| format!("{} to {} over {}", stage.from, stage.to, stage.over)).collect()
        }
        Load::Closed { stages } => {
            stages.iter().map(|stage| format!("{} to {} users over {}", stage.from, stage.to, stage.over)).collect()
        }
    }
}

#[component]
fn Named(title: &'static str, pairs: Vec<(String, String)>) -> impl IntoView {
    (!pairs.is_empty()).then(|| {
        view! {
            <div class="section-head mt3"><h2>{title}</h2></div>
            <Pairs pairs=pairs/>
        }
    })
}

#[component]
fn Pairs(pairs: Vec<(String, String)>) -> impl IntoView {
    view! {
        <dl class="kv kv-text">
            {pairs
                .into_iter()
                .map(|(name, value)| view! { <div><dt>{name}</dt><dd class="start">{value}</dd></div> })
                .collect_view()}
        </dl>
    }
}
