//! How requests are sent, and the certificates that this takes.

use std::collections::BTreeMap;

use super::Reader;
use crate::{
    plan::{ClientCertificate, HttpPolicy},
    suite::{
        error::Path,
        raw::{RawClientCertificate, RawHttp},
    },
    template::{Part, Placeholder, Template},
};

/// How a certificate begins in PEM.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

impl Reader<'_, '_> {
    pub(super) fn read_http(&mut self, raw: RawHttp, files: &BTreeMap<String, String>) -> HttpPolicy {
        let usual = HttpPolicy::default();
        let path = Path::default().key("http");
        let connect_timeout = self.positive(raw.connect_timeout, &path.key("connect_timeout"));
        let read_timeout = self.positive(raw.read_timeout, &path.key("read_timeout"));
        let total_timeout = self.positive(raw.total_timeout, &path.key("total_timeout"));
        let ca = raw.ca_file.and_then(|file| self.certificates(&file, files, &path.key("ca_file")));
        let client_certificate = raw
            .client_certificate
            .and_then(|certificate| self.client_certificate(&certificate, files, &path.key("client_certificate")));
        HttpPolicy {
            version: raw.version.unwrap_or(usual.version),
            reuse: raw.reuse.unwrap_or(usual.reuse),
            connect_timeout: connect_timeout.unwrap_or(usual.connect_timeout),
            read_timeout: read_timeout.unwrap_or(usual.read_timeout),
            total_timeout: total_timeout.unwrap_or(usual.total_timeout),
            max_redirects: raw.max_redirects.unwrap_or(usual.max_redirects),
            dns: raw.dns.unwrap_or(usual.dns),
            min_tls: raw.min_tls.unwrap_or(usual.min_tls),
            tls_verify: raw.tls_verify,
            ca,
            client_certificate,
            ..usual
        }
    }

    /// The text of a file of certificates. Unlike test data it cannot come later: without it no request is possible.
    fn certificates(&mut self, file: &str, files: &BTreeMap<String, String>, path: &Path) -> Option<String> {
        if !self.check_file_name(file, path) {
            return None;
        }
        let Some(text) = files.get(file) else {
            let hint = Some("put the file beside the suite".to_owned());
            self.problems.add(path, format!("the file `{file}` is not there"), hint);
            return None;
        };
        if text.contains("PRIVATE KEY-----") {
            let hint = Some("keep the key out of the file and give it as a secret".to_owned());
            self.problems.add(path, format!("`{file}` holds a private key, and suites are read by many"), hint);
        } else if !text.contains(CERTIFICATE) {
            let hint = Some(format!("in PEM a certificate begins with {CERTIFICATE}"));
            self.problems.add(path, format!("`{file}` holds no certificate"), hint);
        }
        Some(text.clone())
    }

    fn client_certificate(
        &mut self,
        raw: &RawClientCertificate,
        files: &BTreeMap<String, String>,
        path: &Path,
    ) -> Option<ClientCertificate> {
        let chain = self.certificates(&raw.file, files, &path.key("file"));
        let Some(key_secret) = secret_name(&raw.key) else {
            let hint = Some("write key: \"${secret.NAME}\"".to_owned());
            self.problems.add(&path.key("key"), "the private key is not given as a secret", hint);
            return None;
        };
        Some(ClientCertificate { chain: chain?, key_secret })
    }
}

/// The secret that a text consists of.
pub(super) fn secret_name(text: &str) -> Option<String> {
    match text.trim().parse::<Template>().ok()?.parts() {
        [Part::Placeholder(Placeholder::Secret(name))] => Some(name.clone()),
        _ => None,
    }
}
