//! What exactly was run: the plan as it was frozen, and the suite's text.

use leptos::prelude::*;
use perflab_model::{
    display,
    load::Load,
    plan::{ClientCertificate, Dns, HttpVersion, Plan, TlsVersion},
    unit::Millis,
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
    for part in plan.load.parts() {
        let classes = plan.classes.iter().filter(|class| class.part.as_ref() == Some(&part.name));
        let who = classes.map(|class| class.name.as_str()).collect::<Vec<_>>().join(", ");
        let begins = match part.start_after {
            Millis::ZERO => "from the start".to_owned(),
            after => format!("from {after}"),
        };
        facts.push((format!("Part {}", part.name), format!("{}, {begins}; {who}", part.load.summary())));
        let stages = stages(&part.load).into_iter().enumerate();
        facts.extend(stages.map(|(at, stage)| (format!("Part {}, stage {}", part.name, at + 1), stage)));
    }
    facts.extend([
        ("Warm-up".to_owned(), plan.warmup_time().to_string()),
        ("Waits for replies at the end".to_owned(), plan.graceful_stop.to_string()),
        ("Environment".to_owned(), environment.name.to_string()),
        ("Base URL".to_owned(), environment.base_url.to_string()),
        (
            "Allowed targets".to_owned(),
            environment.allow.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        ),
        (
            "HTTP".to_owned(),
            format!(
                "{}, {}",
                version(http.version),
                if http.reuse { "connections are kept" } else { "a connection a request" }
            ),
        ),
        ("Certificates".to_owned(), if plan.verifies_tls() { "are verified" } else { "are not verified" }.to_owned()),
        (
            "Targets elsewhere".to_owned(),
            match &environment.vouched {
                Some(word) => format!("{} vouches for them ({})", word.by, word.reason),
                None => "are asked whether they agree to load".to_owned(),
            },
        ),
        (
            "Timeouts".to_owned(),
            format!("connect {}, silence {}, in all {}", http.connect_timeout, http.read_timeout, http.total_timeout),
        ),
        ("Names are resolved".to_owned(), resolved(http.dns).to_owned()),
        ("Oldest TLS".to_owned(), oldest(http.min_tls).to_owned()),
        (
            "Trusted besides the platform's".to_owned(),
            http.ca.as_deref().map_or_else(|| "nobody".to_owned(), authorities),
        ),
        ("Shown to the target".to_owned(), shown(http.client_certificate.as_ref())),
        ("Redirects followed".to_owned(), http.max_redirects.to_string()),
        ("Longest body".to_owned(), display::bytes(http.max_body_bytes as f64)),
        ("Kinds of users".to_owned(), kinds_of_users(plan).to_string()),
        (
            "Chosen at the launch".to_owned(),
            match plan.overrides.classes.as_slice() {
                [] => "none: as the scenario says".to_owned(),
                classes => format!("only {}", classes.join(", ")),
            },
        ),
        ("Rules".to_owned(), plan.rules.len().to_string()),
        ("Secrets".to_owned(), if plan.secrets().is_empty() { "none".to_owned() } else { plan.secrets().join(", ") }),
    ]);
    facts
}

fn resolved(dns: Dns) -> &'static str {
    match dns {
        Dns::Once => "once, before the first request",
        Dns::PerConnection => "for each new connection",
    }
}

fn oldest(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::Tls12 => "1.2",
        TlsVersion::Tls13 => "1.3",
    }
}

/// Authorities in PEM: how many, for their text says nothing to people.
fn authorities(pem: &str) -> String {
    match pem.matches("-----BEGIN CERTIFICATE-----").count() {
        1 => "1 certificate authority of the suite".to_owned(),
        n => format!("{n} certificate authorities of the suite"),
    }
}

/// That there is a certificate, and the name of the secret that has its key; never the key.
fn shown(certificate: Option<&ClientCertificate>) -> String {
    certificate.map_or_else(
        || "no client certificate".to_owned(),
        |certificate| format!("a client certificate, its key from secret {}", certificate.key_secret),
    )
}

/// A kind that comes in several parts is one.
fn kinds_of_users(plan: &Plan) -> usize {
    plan.classes.iter().map(|class| class.name.as_str()).collect::<std::collections::BTreeSet<_>>().len()
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
        // The users of a number of iterations are all there at once.
        Load::Closed { iterations: Some(_), .. } => Vec::new(),
        Load::Closed { stages, .. } => {
            stages.iter().map(|stage| format!("{} to {} users over {}", stage.from, stage.to, stage.over)).collect()
        }
        // Each part has its own.
        Load::Combined { .. } => Vec::new(),
        Load::Cases(_) => Vec::new(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_certificates_nothing_is_told_but_how_many_and_where_their_key_is() {
        let one = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        assert_eq!(authorities(&one.repeat(2)), "2 certificate authorities of the suite");
        let certificate = ClientCertificate { chain: one.to_owned(), key_secret: "CLIENT_KEY".to_owned() };
        assert_eq!(shown(Some(&certificate)), "a client certificate, its key from secret CLIENT_KEY");
        assert_eq!(shown(None), "no client certificate");
    }
}
