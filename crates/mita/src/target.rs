//! A running target: started, told apart from a failed start, stopped.
//!
//! In:  a [`Config`]. Out: a [`Target`] with its address.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::access::{Access, AccessCounts};
use crate::auth::{HashError, Hasher, Tokens};
use crate::config::{Config, DataPlace};
use crate::data::Data;
use crate::faults::{Faults, FaultsError, FaultsReport, Gate, HoldClock};
use crate::http_api::{self, Service};
use crate::server::{self, Answerer};

/// Why a target did not start.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// An address that others can reach.
    #[error("the reference target does not listen on {0}: it has no protection and must stay on this machine")]
    NotLoopback(SocketAddr),
    /// The address is taken, or not ours.
    #[error("the reference target cannot listen on {addr}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The data cannot be opened.
    #[error("the data of the reference target in {place} cannot be used")]
    Data {
        /// File, or memory.
        place: String,
        /// Why.
        source: sqlx::Error,
    },
    /// The access log cannot be opened.
    #[error("the access log `{path}` cannot be written", path = path.display())]
    AccessLog {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A thread cannot be started.
    #[error("a thread of the reference target cannot be started")]
    Thread(#[source] io::Error),
    /// Faults that make no sense.
    #[error(transparent)]
    Faults(#[from] FaultsError),
    /// The password of the load users cannot be hashed.
    #[error("the password of the load users cannot be hashed at cost {cost}")]
    Hash {
        /// The cost.
        cost: u32,
        /// Why.
        source: HashError,
    },
}

impl TargetError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotLoopback(_) => Some("use --listen 127.0.0.1:8000 or another loopback address"),
            Self::Listen { .. } => Some("choose another port with --listen 127.0.0.1:PORT, or 0 for a free one"),
            Self::Data { .. } => Some("check that the folder exists and can be written, or use --in-memory"),
            Self::AccessLog { .. } => Some("check that the folder exists and can be written"),
            Self::Hash { .. } => Some("use a --hash-cost from 4 to 31"),
            Self::Thread(_) | Self::Faults(_) => None,
        }
    }
}

/// A running target. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Target {
    addr: SocketAddr,
    answerer: Arc<Answerer>,
    data: Data,
    stop: CancellationToken,
    running: Option<JoinHandle<()>>,
}

impl Target {
    /// Opens the data, makes the load users and begins to answer.
    ///
    /// # Errors
    /// When the address is not loopback or taken, or the data cannot be used.
    pub async fn start(config: Config) -> Result<Self, TargetError> {
        if !config.listen.ip().is_loopback() {
            return Err(TargetError::NotLoopback(config.listen));
        }
        let listen = |source| TargetError::Listen { addr: config.listen, source };
        // Bound first: of two targets by mistake the second must not touch the data of the first.
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;

        let gate = Arc::new(Gate::new(config.faults.clone(), Instant::now())?);
        let clock = Arc::new(HoldClock::start().map_err(TargetError::Thread)?);
        let access = Access::new(config.access_log.as_deref())
            .map_err(|source| TargetError::AccessLog { path: config.access_log.clone().unwrap_or_default(), source })?;
        let hasher = Hasher::new(config.hash_cost);
        let data = prepare(&config, &hasher).await?;
        let revoked =
            data.revoked(Timestamp::now().as_second()).await.map_err(|source| data_error(&config.data, source))?;

        let service = Arc::new(Service {
            data: data.clone(),
            hasher,
            tokens: Tokens::new(config.jwt_secret.as_ref(), revoked),
            gate: Arc::clone(&gate),
            clock: Arc::clone(&clock),
            access: Arc::clone(&access),
        });
        let answerer = Arc::new(Answerer { router: http_api::router(service), gate, clock, access });
        let stop = CancellationToken::new();
        let running = tokio::spawn(server::run(listener, Arc::clone(&answerer), stop.clone()));
        Ok(Self { addr, answerer, data, stop, running: Some(running) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Replaces the faults for requests that arrive from now on.
    ///
    /// # Errors
    /// When a value is out of its range.
    pub fn set_faults(&self, faults: Faults) -> Result<(), FaultsError> {
        self.answerer.gate.set(faults, Instant::now())?;
        self.answerer.clock.reset_lateness();
        Ok(())
    }

    /// The faults in force and how exactly they were kept.
    pub fn faults(&self) -> FaultsReport {
        FaultsReport::read(&self.answerer.gate, &self.answerer.clock)
    }

    /// What was answered so far.
    pub fn counts(&self) -> AccessCounts {
        self.answerer.access.counts()
    }

    /// Stops answering: open connections get two seconds, then they are cut.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(running) = self.running.take()
            && let Err(error) = running.await
        {
            tracing::error!(%error, "the reference target ended by itself");
        }
        self.data.close().await;
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Runs a target until `shutdown` completes.
///
/// # Errors
/// As [`Target::start`].
pub async fn serve(config: Config, shutdown: impl Future<Output = ()>) -> Result<(), TargetError> {
    let target = Target::start(config).await?;
    tracing::info!(url = %target.url(), "the reference target answers on {}", target.url());
    shutdown.await;
    target.stop().await;
    Ok(())
}

async fn prepare(config: &Config, hasher: &Hasher) -> Result<Data, TargetError> {
    let failed = |source| data_error(&config.data, source);
    let data = Data::open(&config.data).await.map_err(failed)?;
    match &config.load_password {
        Some(password) if config.load_users > 0 => {
            let hash = hasher
                .hash(password.reveal().to_owned())
                .await
                .map_err(|source| TargetError::Hash { cost: config.hash_cost, source })?;
            let now = Timestamp::now();
            data.seed_load_users(config.load_users, &hash, &http_api::today(now).to_string(), now.as_microsecond())
                .await
                .map_err(failed)?;
            tracing::info!(per_class = config.load_users, "load users are ready");
        }
        _ => tracing::info!("no load users are made: LOAD_PW is not set, or their number is 0"),
    }
    Ok(data)
}

fn data_error(place: &DataPlace, source: sqlx::Error) -> TargetError {
    let place = match place {
        DataPlace::Memory => "memory".to_owned(),
        DataPlace::File(path) => format!("`{}`", path.display()),
    };
    TargetError::Data { place, source }
}
