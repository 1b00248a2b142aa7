//! TLS on the wire: whom we trust, who we say we are, how old a protocol we speak.

use std::collections::BTreeMap;

use perflab_engine::Settings;
use perflab_model::{
    environment::Vouch,
    plan::{ClientCertificate, HttpPolicy, HttpVersion, TlsVersion},
    runner::Ending,
};
use rstest::rstest;

use crate::{
    server::{self, HyperServer, pem},
    support::{self, Outcome, constant_rate, get, plan, request},
};

/// Carries out a plan of a second with ten starts.
fn ten(server: &HyperServer, settings: Settings, change: impl FnOnce(&mut HttpPolicy)) -> Outcome {
    let mut plan = plan(&server.url, constant_rate(10.0, 1, 5), vec![request(get("a", "/hello"))]);
    change(&mut plan.http);
    support::carry_out(plan, settings)
}

fn failures(outcome: &Outcome) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (code, count) in outcome.ticks.iter().flat_map(|tick| &tick.point.errors) {
        *all.entry(code.clone()).or_default() += count;
    }
    all
}

fn only(code: &str) -> BTreeMap<String, u64> {
    BTreeMap::from([(code.to_owned(), 10)])
}

#[rstest]
#[case::http1(HttpVersion::Http1)]
#[case::h2(HttpVersion::H2)]
#[case::auto(HttpVersion::Auto)]
fn tls_is_spoken_with_a_certificate_that_is_trusted(#[case] version: HttpVersion) {
    let server = server::tls();
    let trusting = Settings { extra_roots: vec![server.certificate.clone()], ..Default::default() };
    let outcome = ten(&server, trusting, |http| http.version = version);
    assert_eq!((failures(&outcome), outcome.sum(|tick| tick.point.finished)), (BTreeMap::new(), 10));
    assert!(outcome.sum(|tick| tick.point.handshakes) >= 1);
    let told = format!("{:?}", outcome.rest);
    assert!(told.contains("at the median they took: connecting") && told.contains("TLS"), "{told}");
    let outcome = ten(&server, Settings::default(), |http| http.version = version);
    assert_eq!(failures(&outcome), only("tls.certificate"));
}

/// A plan on an environment that an administrator has marked.
fn marked(server: &HyperServer, tls_verify: Option<bool>) -> Outcome {
    let mut plan = plan(&server.url, constant_rate(10.0, 1, 5), vec![request(get("a", "/hello"))]);
    plan.environment.unverified_tls = Some(Vouch { by: "ada".to_owned(), reason: "self-signed".to_owned() });
    plan.http.tls_verify = tls_verify;
    support::carry_out(plan, Settings::default())
}

#[test]
fn certificates_are_left_unverified_only_where_the_environment_is_marked_and_the_suite_does_not_insist() {
    let server = server::tls();
    assert_eq!(failures(&marked(&server, None)), BTreeMap::new());
    assert_eq!(failures(&marked(&server, Some(false))), BTreeMap::new());
    assert_eq!(failures(&marked(&server, Some(true))), only("tls.certificate"));
    let asked = ten(&server, Settings::default(), |http| http.tls_verify = Some(false));
    assert!(matches!(&asked.done().ending, Ending::Failed { code, .. } if code == "tls.unmarked"), "{asked:?}");
}

#[test]
fn an_authority_of_the_suite_is_trusted_besides_those_of_the_platform() {
    let server = server::tls();
    let outcome = ten(&server, Settings::default(), |http| http.ca = Some(pem(&server.certificate)));
    assert_eq!(failures(&outcome), BTreeMap::new());
}

#[test]
fn a_target_that_asks_who_we_are_is_told() {
    let own = server::certificate();
    let server = server::mutual_tls(own.cert.der());
    let trusting = |key: &str| Settings {
        extra_roots: vec![server.certificate.clone()],
        secrets: BTreeMap::from([("CLIENT_KEY".to_owned(), key.to_owned())]),
        ..Default::default()
    };
    let certificate = ClientCertificate { chain: pem(own.cert.der()), key_secret: "CLIENT_KEY".to_owned() };
    let key = own.signing_key.serialize_pem();
    let shown = ten(&server, trusting(&key), |http| http.client_certificate = Some(certificate.clone()));
    assert_eq!(failures(&shown), BTreeMap::new());
    let silent = ten(&server, trusting(&key), |_| {});
    assert_eq!(silent.sum(|tick| tick.point.failed), 10, "{:?}", failures(&silent));
    let wrong = ten(&server, trusting("no key at all"), |http| http.client_certificate = Some(certificate));
    let Ending::Failed { code, message } = &wrong.done().ending else { panic!("{wrong:?}") };
    assert_eq!(code, "tls");
    assert!(
        message.contains("secret `CLIENT_KEY` is no private key") && !message.contains("no key at all"),
        "{message}"
    );
}

#[test]
fn a_target_that_speaks_too_old_a_tls_is_not_talked_to() {
    let server = server::tls_of(&rustls::version::TLS12);
    let run = |oldest| {
        let trusting = Settings { extra_roots: vec![server.certificate.clone()], ..Default::default() };
        failures(&ten(&server, trusting, |http| http.min_tls = oldest))
    };
    assert_eq!(run(TlsVersion::Tls12), BTreeMap::new());
    assert_eq!(run(TlsVersion::Tls13), only("tls.handshake"));
}
