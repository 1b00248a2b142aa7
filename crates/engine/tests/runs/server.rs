//! Small servers that do exactly what a test wants, byte by byte, and remember what they were sent.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Answers and keeps the connection.
    Whole(String),
    /// The same of bytes that are no text.
    Bytes(Vec<u8>),
    /// Answers after a while.
    Slow(Duration),
    /// Answers and then closes the connection without a word.
    ThenClose(&'static str),
    /// Sends these bytes, waits, closes.
    Raw(&'static str, Duration),
    /// A byte of the body now and then, for ever.
    Trickle,
    /// Closes without an answer.
    Close,
    /// Resets the connection.
    Reset,
    /// Never answers.
    Hang,
}

impl Answer {
    pub(crate) fn body(body: &str) -> Self {
        Self::Whole(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Whole(format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 5\r\n\r\nsorry"))
    }

    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::Whole(format!("HTTP/1.1 {status} Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"))
    }

    pub(crate) fn with_header(name: &str, value: &str) -> Self {
        Self::Whole(format!("HTTP/1.1 200 OK\r\n{name}: {value}\r\ncontent-length: 0\r\n\r\n"))
    }
}

/// A server on a port of its own, a thread for each connection.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    over: AtomicBool,
    resets: bool,
    connections: AtomicU64,
    requests: Mutex<Vec<(String, String)>>,
    answer: Box<dyn Fn(&str) -> Answer + Send + Sync>,
}

impl Server {
    pub(crate) fn always(answer: Answer) -> Self {
        let resets = matches!(answer, Answer::Reset);
        Self::start(move |_| answer.clone(), resets)
    }

    pub(crate) fn new(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(answer, false)
    }

    /// A server at another address of loopback: a stranger, where only 127.0.0.1 counts as this machine.
    pub(crate) fn stranger(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.2:0", answer, false)
    }

    fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static, resets: bool) -> Self {
        Self::start_at("127.0.0.1:0", answer, resets)
    }

    fn start_at(address: &str, answer: impl Fn(&str) -> Answer + Send + Sync + 'static, resets: bool) -> Self {
        let listener = TcpListener::bind(address).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            over: AtomicBool::new(false),
            resets,
            connections: AtomicU64::new(0),
            requests: Mutex::default(),
            answer: Box::new(answer),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if accepting.over.load(Ordering::Acquire) {
                    return;
                }
                accepting.connections.fetch_add(1, Ordering::Relaxed);
                let shared = Arc::clone(&accepting);
                thread::spawn(move || serve(&shared, stream));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> Vec<(String, String)> {
        self.shared.requests.lock().expect("nobody panics while holding it").clone()
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        self.requests().into_iter().map(|(head, _)| head).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        // Wakes the accepting thread, which then closes the port.
        let _ = TcpStream::connect(self.address);
        while TcpStream::connect(self.address).is_ok() {
            thread::yield_now();
        }
    }
}

/// The path and query that a request asks for.
pub(crate) fn path(head: &str) -> &str {
    head.split_whitespace().nth(1).unwrap_or_default()
}

fn serve(shared: &Shared, mut stream: TcpStream) {
    if shared.resets {
        // A socket that is closed with unread bytes in it answers with RST.
        let _ = stream.peek(&mut [0]);
        return;
    }
    while let Some((head, body)) = read_request(&mut stream) {
        let answer = (shared.answer)(&head);
        shared.requests.lock().expect("nobody panics while holding it").push((head, body));
        match answer {
            Answer::Whole(text) => {
                if stream.write_all(text.as_bytes()).is_err() {
                    return;
                }
            }
            Answer::Bytes(bytes) => {
                if stream.write_all(&bytes).is_err() {
                    return;
                }
            }
            Answer::Slow(wait) => {
                thread::sleep(wait);
                if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").is_err() {
                    return;
                }
            }
            Answer::ThenClose(body) => {
                let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(text.as_bytes());
                return;
            }
            Answer::Raw(text, wait) => {
                let _ = stream.write_all(text.as_bytes());
                thread::sleep(wait);
                return;
            }
            Answer::Trickle => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
                while stream.write_all(b".").is_ok() {
                    thread::sleep(Duration::from_millis(20));
                }
                return;
            }
            Answer::Close => return,
            // Done before reading: see below.
            Answer::Reset => return,
            Answer::Hang => {
                thread::sleep(Duration::from_secs(5));
                return;
            }
        }
    }
}

fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut piece) = (Vec::new(), [0_u8; 4096]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut piece).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&piece[..read]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    while bytes.len() < end + length {
        match stream.read(&mut piece).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
    Some((head, String::from_utf8_lossy(&bytes[end..end + length]).into_owned()))
}

/// A server that speaks what hyper speaks.
pub(crate) struct HyperServer {
    pub(crate) url: String,
    pub(crate) certificate: CertificateDer<'static>,
    requests: Arc<AtomicU64>,
    _runtime: tokio::runtime::Runtime,
}

impl HyperServer {
    /// How many requests came through.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

/// HTTP/2 without TLS (and HTTP/1.1).
pub(crate) fn h2c() -> HyperServer {
    hyper_server(None, CertificateDer::from(Vec::new()))
}

/// HTTP/1.1 and HTTP/2 over TLS, for `localhost`.
pub(crate) fn tls() -> HyperServer {
    tls_with(&[&rustls::version::TLS12, &rustls::version::TLS13], None)
}

/// The same with one version of TLS only.
pub(crate) fn tls_of(version: &'static rustls::SupportedProtocolVersion) -> HyperServer {
    tls_with(&[version], None)
}

/// The same for those only who show this certificate.
pub(crate) fn mutual_tls(client: &CertificateDer<'static>) -> HyperServer {
    tls_with(&[&rustls::version::TLS12, &rustls::version::TLS13], Some(client))
}

fn tls_with(
    versions: &[&'static rustls::SupportedProtocolVersion],
    client: Option<&CertificateDer<'static>>,
) -> HyperServer {
    let made = certificate();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .expect("the provider speaks TLS 1.2 and 1.3");
    let config = match client {
        None => config.with_no_client_auth(),
        Some(client) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(client.clone()).expect("a certificate");
            let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            config.with_client_cert_verifier(verifier.build().expect("there is a root"))
        }
    };
    let mut config = config.with_single_cert(vec![certificate.clone()], key).expect("the key fits the certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    hyper_server(Some(tokio_rustls::TlsAcceptor::from(Arc::new(config))), certificate)
}

/// A certificate that nobody knows yet, for `localhost`.
pub(crate) fn certificate() -> rcgen::CertifiedKey<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate can be made")
}

/// A certificate as files hold it.
pub(crate) fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

fn hyper_server(acceptor: Option<tokio_rustls::TlsAcceptor>, certificate: CertificateDer<'static>) -> HyperServer {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be started");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("loopback has a free port");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let requests = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&requests);
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, counted) = (acceptor.clone(), Arc::clone(&counted));
            tokio::spawn(async move {
                let service = service_fn(move |_| {
                    counted.fetch_add(1, Ordering::Relaxed);
                    async {
                        Ok::<_, std::convert::Infallible>(hyper::Response::new(Full::new(Bytes::from_static(b"hello"))))
                    }
                });
                let builder = auto::Builder::new(TokioExecutor::new());
                // Clients that do not trust us hang up; that is what the test is about.
                let _ = match acceptor {
                    None => builder.serve_connection(TokioIo::new(stream), service).await,
                    Some(acceptor) => match acceptor.accept(stream).await {
                        Ok(stream) => builder.serve_connection(TokioIo::new(stream), service).await,
                        Err(_) => Ok(()),
                    },
                };
            });
        }
    });
    HyperServer { url: format!("{scheme}://localhost:{port}"), certificate, requests, _runtime: runtime }
}
