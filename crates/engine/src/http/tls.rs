//! TLS of the run: platform roots, at least 1.2, server names checked. The crypto provider is named, because a binary
//! that links two of them would otherwise panic on first use.

use std::sync::Arc;

use perflab_model::plan::HttpVersion;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::CertificateDer;
use tokio_rustls::TlsConnector;

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// The platform's certificates could not be used.
    #[error("no certificate authority of this machine could be read, so no https target can be trusted: {0}")]
    Roots(String),
    /// The TLS library refused its set-up.
    #[error("TLS could not be set up")]
    Setup(#[from] rustls::Error),
}

/// TLS as the run uses it.
#[derive(Clone)]
pub(crate) struct TlsSetup {
    pub(crate) connector: TlsConnector,
}

impl std::fmt::Debug for TlsSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsSetup")
    }
}

impl TlsSetup {
    pub(crate) fn new(version: HttpVersion, extra: &[CertificateDer<'static>]) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(native.certs);
        roots.add_parsable_certificates(extra.iter().cloned());
        if roots.is_empty() {
            let why: Vec<String> = native.errors.iter().map(ToString::to_string).collect();
            return Err(TlsError::Roots(why.join("; ")));
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = match version {
            HttpVersion::Http1 => vec![b"http/1.1".to_vec()],
            HttpVersion::H2 | HttpVersion::H2c => vec![b"h2".to_vec()],
            HttpVersion::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        Ok(Self { connector: TlsConnector::from(Arc::new(config)) })
    }
}
