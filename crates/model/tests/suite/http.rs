//! How requests are sent: keys of `http`, and headers that are not a suite's to set.

use std::collections::BTreeMap;

use perflab_model::{
    environment::Vouch,
    plan::{ClientCertificate, Dns, HttpPolicy, TlsVersion},
    suite::{PlanRequest, Suite},
};
use rstest::rstest;

use super::{environment, small};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

fn files() -> BTreeMap<String, String> {
    [
        ("ca.pem", PEM.to_owned()),
        ("client.pem", PEM.to_owned()),
        ("empty.pem", "nothing".to_owned()),
        ("key.pem", format!("{PEM}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into()
}

fn with_http(http: &str) -> String {
    format!("{}http: {http}\n", small("  smoke: {executor: constant_vus, users: 1, duration: 1m}"))
}

fn errors(text: &str) -> Vec<String> {
    match Suite::parse(text, &files()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn certificates_travel_in_the_plan_and_the_key_stays_a_secret() {
    let text = with_http(
        "{ca_file: ca.pem, client_certificate: {file: client.pem, key: '${secret.CLIENT_KEY}'}, min_tls: tls1.3, dns: per_connection}",
    );
    assert_eq!(Suite::files_wanted(&text).expect("it is YAML"), ["ca.pem", "client.pem"]);
    let suite = Suite::parse(&text, &files()).expect("the suite is right");
    let request = PlanRequest {
        run: perflab_model::id::RunId::new(uuid::Uuid::nil()),
        scenario: &"smoke".parse().expect("a name"),
        environment: environment(),
        overrides: &perflab_model::launch::Overrides::default(),
        seed: 1,
    };
    let plan = suite.plan(request).expect("nothing stands in the way");
    let certificate = ClientCertificate { chain: PEM.to_owned(), key_secret: "CLIENT_KEY".to_owned() };
    let expected = HttpPolicy {
        dns: Dns::PerConnection,
        min_tls: TlsVersion::Tls13,
        ca: Some(PEM.to_owned()),
        client_certificate: Some(certificate),
        ..HttpPolicy::default()
    };
    assert_eq!(plan.http, expected);
    assert_eq!(plan.secrets(), ["CLIENT_KEY"]);
}

#[rstest]
#[case::missing(
    "{ca_file: other.pem}",
    "http.ca_file: the file `other.pem` is not there; put the file beside the suite"
)]
#[case::elsewhere(
    "{ca_file: ../ca.pem}",
    "http.ca_file: `../ca.pem` is not the name of a file beside the suite; give the name without a folder"
)]
#[case::no_certificate(
    "{ca_file: empty.pem}",
    "http.ca_file: `empty.pem` holds no certificate; in PEM a certificate begins with -----BEGIN CERTIFICATE-----"
)]
#[case::key_in_file(
    "{client_certificate: {file: key.pem, key: '${secret.K}'}}",
    "http.client_certificate.file: `key.pem` holds a private key, and suites are read by many; keep the key out of the file and give it as a secret"
)]
#[case::key_in_suite(
    "{client_certificate: {file: client.pem, key: key.pem}}",
    "http.client_certificate.key: the private key is not given as a secret; write key: \"${secret.NAME}\""
)]
#[case::old_tls("{min_tls: tls1.1}", "http.min_tls: `tls1.1` is not known here; did you mean `tls1.2`?")]
#[case::dns("{dns: never}", "http.dns: `never` is not known here; choose one of once, per_connection")]
#[case::no_time("{read_timeout: 0s}", "http.read_timeout: the time must be above 0")]
fn a_wrong_way_to_send_is_told(#[case] http: &str, #[case] expected: &str) {
    let found = errors(&with_http(http));
    assert!(found.len() == 1 && found[0].ends_with(expected), "{found:#?}");
}

#[rstest]
#[case("Host")]
#[case("X-Perflab-Run")]
#[case("content-length")]
#[case("Transfer-Encoding")]
fn a_header_that_perflab_writes_itself_is_refused(#[case] name: &str) {
    let expected = format!(
        "the header `{name}` is written by perflab itself; leave it out: it follows from the address, the body and the run"
    );
    let of_request = small("  smoke: {executor: constant_vus, users: 1, duration: 1m}")
        .replace("{get: /}", &format!("{{get: /, headers: {{{name}: x}}}}"));
    let of_class = small("  smoke: {executor: constant_vus, users: 1, duration: 1m}")
        .replace("{flows: {home: 1}}", &format!("{{headers: {{{name}: x}}, flows: {{home: 1}}}}"));
    for text in [of_request, of_class] {
        let found = errors(&text);
        assert!(found.len() == 1 && found[0].ends_with(&expected), "{found:#?}");
    }
}

#[rstest]
#[case::verified("{}", false, true, &[])]
#[case::the_environment_decides("{}", true, false, &["tls_unverified", "vouched"])]
#[case::both("{tls_verify: false}", true, false, &["tls_unverified", "vouched"])]
#[case::the_suite_insists("{tls_verify: true}", true, true, &["vouched"])]
fn who_decides_whether_certificates_are_verified_is_marked(
    #[case] http: &str,
    #[case] is_marked: bool,
    #[case] verifies: bool,
    #[case] marks: &[&str],
) {
    let word = |reason: &str| Vouch { by: "ada".to_owned(), reason: reason.to_owned() };
    let mut environment = environment();
    environment.unverified_tls = is_marked.then(|| word("self-signed"));
    environment.vouched = is_marked.then(|| word("our own staging"));
    let suite = Suite::parse(&with_http(http), &files()).expect("the suite is right");
    let request = PlanRequest {
        run: perflab_model::id::RunId::new(uuid::Uuid::nil()),
        scenario: &"smoke".parse().expect("a name"),
        environment,
        overrides: &perflab_model::launch::Overrides::default(),
        seed: 1,
    };
    let plan = suite.plan(request).expect("nothing stands in the way");
    assert_eq!(plan.verifies_tls(), verifies);
    assert_eq!(plan.marks().iter().map(|mark| mark.code.as_str()).collect::<Vec<_>>(), marks);
    assert!(plan.marks().iter().all(|mark| mark.message.contains("ada")), "{:?}", plan.marks());
}
