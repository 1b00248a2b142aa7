//! Wake-ups: that something changed, not what.
//!
//! In:  committed writes of this process; on Postgres also those of other processes, by NOTIFY.
//! Out: [`Change`]s on a broadcast channel.
//!
//! A wake-up may be lost with a connection, so it is never the only way to learn something: whoever waits reads the
//! rows first, and reads them again after [`Change::Unknown`] or when the channel says that it lagged.

use std::{convert::Infallible, time::Duration};

use perflab_model::id::RunId;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::{sync::broadcast, task::JoinHandle};
use tracing::{debug, info, warn};

/// The one channel of all labs on a database; Postgres keeps databases apart.
pub(crate) const CHANNEL: &str = "perflab";

/// Waits between two tries to hear the server again.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// That something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A run has new rows or another state.
    Run(RunId),
    /// A person wants a run to end. Apart from [`Change::Run`], so that a worker is not woken by its own writes.
    Order(RunId),
    /// A run waits, or an environment is free again: a claim may succeed.
    Queue,
    /// The connection to the server was lost and is back: anything may have changed meanwhile.
    Unknown,
}

/// Which open store a notification came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin(uuid::Uuid);

impl Origin {
    pub(crate) fn new() -> Self {
        Self(uuid::Uuid::now_v7())
    }
}

impl Change {
    /// The text that Postgres carries.
    pub(crate) fn to_payload(self, origin: Origin) -> String {
        let what = match self {
            Self::Run(run) => run.to_string(),
            Self::Order(run) => format!("order {run}"),
            Self::Queue => "queue".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        };
        format!("{} {what}", origin.0.as_simple())
    }

    /// Reads such a text; nothing when it is our own or means nothing.
    fn from_payload(payload: &str, own: Origin) -> Option<Self> {
        let (origin, what) = payload.split_once(' ')?;
        if uuid::Uuid::try_parse(origin).ok()? == own.0 {
            return None;
        }
        match what {
            "queue" => Some(Self::Queue),
            "unknown" => Some(Self::Unknown),
            _ => match what.strip_prefix("order ") {
                Some(run) => run.parse().ok().map(Self::Order),
                None => what.parse().ok().map(Self::Run),
            },
        }
    }
}

/// Hears the other processes from now on, for as long as the task lives, over restarts of the server.
pub(crate) async fn listen(
    options: PgConnectOptions,
    own: Origin,
    changes: broadcast::Sender<Change>,
) -> Result<JoinHandle<()>, sqlx::Error> {
    // Connected before the store is handed out: whoever subscribes then misses nothing.
    let mut listener = connect(&options).await?;
    Ok(tokio::spawn(async move {
        loop {
            let Err(error) = hear(&mut listener, own, &changes).await;
            warn!(error = %error, "wake-ups from other processes are interrupted: {error}");
            listener = connect_again(&options).await;
            let _ = changes.send(Change::Unknown);
        }
    }))
}

async fn connect(options: &PgConnectOptions) -> Result<PgListener, sqlx::Error> {
    // A pool of its own: the listener keeps its connection for good.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn connect_again(options: &PgConnectOptions) -> PgListener {
    let mut wait = FIRST_WAIT;
    loop {
        tokio::time::sleep(wait).await;
        match connect(options).await {
            Ok(listener) => {
                info!("wake-ups from other processes are heard again");
                return listener;
            }
            Err(error) => debug!(error = %error, "the server does not answer yet: {error}"),
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn hear(
    listener: &mut PgListener,
    own: Origin,
    changes: &broadcast::Sender<Change>,
) -> Result<Infallible, sqlx::Error> {
    loop {
        match listener.try_recv().await? {
            Some(said) => {
                if let Some(change) = Change::from_payload(said.payload(), own) {
                    let _ = changes.send(change);
                }
            }
            // It has lost its connection and made another.
            None => {
                let _ = changes.send(Change::Unknown);
            }
        }
    }
}
