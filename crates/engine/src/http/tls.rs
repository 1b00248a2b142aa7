//! TLS of the run: platform roots and those of the plan, at least 1.2, server names checked; in an environment that is
//! marked for it, any certificate. The crypto provider is named,
//! because a binary that links two of them would otherwise panic on first use.

use std::sync::Arc;

use perflab_model::plan::{HttpVersion, Plan, TlsVersion};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    version,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _};
use tokio_rustls::TlsConnector;

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// The platform's certificates could not be used.
    #[error("no certificate authority of this machine could be read, so no https target can be trusted: {0}")]
    Roots(String),
    /// Certificates of the plan could not be used.
    #[error("{what} holds no certificate that can be used: {why}")]
    Certificates {
        /// Whose file.
        what: &'static str,
        /// What is wrong. Never what it holds.
        why: String,
    },
    /// The private key could not be used.
    #[error("secret `{0}` is no private key: give it as PEM, unencrypted, from its BEGIN line to its END line")]
    Key(String),
    /// The key is that of another certificate, or of a kind that is not known.
    #[error("the client certificate does not go with the key in secret `{secret}`")]
    KeyDoesNotFit {
        /// The secret.
        secret: String,
        /// What the TLS library says.
        source: rustls::Error,
    },
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
    /// `key` is the value of the client certificate's secret; `extra` are trusted besides the plan's own authorities.
    pub(crate) fn new(plan: &Plan, key: Option<&str>, extra: &[CertificateDer<'static>]) -> Result<Self, TlsError> {
        let policy = &plan.http;
        let versions: &[&SupportedProtocolVersion] = match policy.min_tls {
            TlsVersion::Tls12 => &[&version::TLS12, &version::TLS13],
            TlsVersion::Tls13 => &[&version::TLS13],
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let speaking = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
        let trusting = if plan.verifies_tls() {
            speaking.with_root_certificates(roots(policy.ca.as_deref(), extra)?)
        } else {
            speaking.dangerous().with_custom_certificate_verifier(Arc::new(Anybody { provider }))
        };
        let mut config = match &policy.client_certificate {
            None => trusting.with_no_client_auth(),
            Some(own) => {
                let chain = certificates("the file of `client_certificate`", &own.chain)?;
                let unusable = || TlsError::Key(own.key_secret.clone());
                let key =
                    PrivateKeyDer::from_pem_slice(key.ok_or_else(unusable)?.as_bytes()).map_err(|_| unusable())?;
                trusting
                    .with_client_auth_cert(chain, key)
                    .map_err(|source| TlsError::KeyDoesNotFit { secret: own.key_secret.clone(), source })?
            }
        };
        config.alpn_protocols = match policy.version {
            HttpVersion::Http1 => vec![b"http/1.1".to_vec()],
            HttpVersion::H2 | HttpVersion::H2c => vec![b"h2".to_vec()],
            HttpVersion::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        Ok(Self { connector: TlsConnector::from(Arc::new(config)) })
    }
}

/// Takes whatever certificate is shown, for environments that an administrator has marked so. That the other end holds the
/// key of what it shows is checked all the same: without it the handshake would not be one.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn roots(ca: Option<&str>, extra: &[CertificateDer<'static>]) -> Result<RootCertStore, TlsError> {
    const CA_FILE: &str = "the file of `ca_file`";
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    roots.add_parsable_certificates(extra.iter().cloned());
    for certificate in ca.map(|pem| certificates(CA_FILE, pem)).transpose()?.into_iter().flatten() {
        let why = |error: rustls::Error| TlsError::Certificates { what: CA_FILE, why: error.to_string() };
        roots.add(certificate).map_err(why)?;
    }
    if roots.is_empty() {
        let why: Vec<String> = native.errors.iter().map(ToString::to_string).collect();
        return Err(TlsError::Roots(why.join("; ")));
    }
    Ok(roots)
}

fn certificates(what: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(TlsError::Certificates { what, why: "it is no PEM".to_owned() }),
        Err(error) => Err(TlsError::Certificates { what, why: error.to_string() }),
    }
}
