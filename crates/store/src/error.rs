//! Why the store did not do what was asked.
//!
//! Invariant: no message holds the database's address, which may carry a password.

use perflab_model::{
    Hint,
    id::{RunId, SearchId},
    kill_switch::KillSwitch,
    run::Cancel,
};

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Locked by another process, no free connection, or the database server is away.
    #[error("the database is busy or does not answer")]
    Busy {
        /// What the database said.
        source: sqlx::Error,
    },
    /// No space is left.
    #[error("the database cannot write: its disk is full")]
    Full {
        /// What the database said.
        source: sqlx::Error,
    },
    /// The caller's attempt is not the one that counts, or the run has ended.
    #[error("attempt {attempt} of run {run} no longer has it")]
    Stale {
        /// The run.
        run: RunId,
        /// The attempt that came too late.
        attempt: u32,
    },
    /// The claim's run has ended, or was lost, since.
    #[error("the run of this claim is over")]
    StaleClaim,
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// Which kind of thing: `run`.
        what: &'static str,
        /// What was looked for.
        id: String,
    },
    /// It contradicts what is stored.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The value cannot be kept.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A newer perflab has changed the database.
    #[error(
        "the database has schema {found}, written by perflab {by}; this is perflab {own}, which knows schemas up to {known}"
    )]
    NewerSchema {
        /// Schema of the database.
        found: i64,
        /// Newest schema of this binary.
        known: i64,
        /// Version that wrote the schema.
        by: String,
        /// This version.
        own: &'static str,
    },
    /// The linked SQLite has a known fault.
    #[error("SQLite {found} can corrupt its write-ahead log; perflab needs {needed} or newer")]
    OldSqlite {
        /// Version that is linked.
        found: String,
        /// Version that is needed.
        needed: &'static str,
    },
    /// The address of the database cannot be read. It is not repeated: it may hold a password.
    #[error("the address of the database is not understood: {reason}")]
    Address {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The database could not be opened.
    #[error("the database cannot be opened")]
    Open {
        /// What the database said.
        source: sqlx::Error,
    },
    /// The copy before a migration failed, so the migration was not begun.
    #[error("the copy of the database at {path} could not be made, so its schema was not changed")]
    Backup {
        /// Where the copy should have been.
        path: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A migration failed; what it had done was rolled back.
    #[error("the schema of the database could not be brought up to date")]
    Migration {
        /// Which and why.
        source: sqlx::migrate::MigrateError,
    },
    /// The file is damaged, or not a database at all.
    #[error("the database is damaged or not a database")]
    Damaged {
        /// What the database said.
        source: sqlx::Error,
    },
    /// A row holds what this version cannot read.
    #[error("a stored {what} cannot be read")]
    Unreadable {
        /// Column or document.
        what: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value cannot be written as JSON.
    #[error("a {what} cannot be written")]
    Unwritable {
        /// Which document.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// Anything else that the database refused.
    #[error("the database refused a statement")]
    Database {
        /// What the database said.
        source: sqlx::Error,
    },
}

/// What contradicts what is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The key stands for another request.
    #[error("this Idempotency-Key was used for another request, about run {run}")]
    KeyReused {
        /// The run of the first request.
        run: RunId,
    },
    /// The key stands for another search.
    #[error("this Idempotency-Key was used for another request, which started the capacity search {search}")]
    SearchKeyReused {
        /// The search of the first request.
        search: SearchId,
    },
    /// A row of that key is there already.
    #[error("it exists already")]
    Exists,
    /// A person wanted the run to end before it had: it did not complete, and is judged as what it is.
    #[error("a person asked for the run to end before it had ended by itself")]
    Cancelled {
        /// What was asked for.
        how: Cancel,
        /// The kill switch that asked.
        killed: Option<Box<KillSwitch>>,
    },
    /// A chunk before this one is missing.
    #[error("chunk {found} came where chunk {expected} was due")]
    ChunkGap {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
}

/// Why a value cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Postgres has no such text, and both databases must hold the same.
    #[error("a text holds a NUL character")]
    Nul,
    /// Infinite, or no number.
    #[error("a number is not finite")]
    NotFinite,
    /// Larger than the databases' integers.
    #[error("a number is too large")]
    TooLarge,
    /// Not from an earlier page.
    #[error("this cursor is not from an earlier page of the list")]
    Cursor,
    /// Only the store itself says that a run changed its state, or that somebody wants it to.
    #[error("a chunk may not hold changes of state")]
    StateInChunk,
    /// A run must end in a terminal state.
    #[error("a run cannot end as `{0}`")]
    NotAnEnd(&'static str),
}

impl StoreError {
    /// Whether the same call may succeed later without anybody mending anything.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Full { .. })
    }

    /// Whether a row of that key is there already.
    pub(crate) const fn is_duplicate(&self) -> bool {
        matches!(self, Self::Conflict(Conflict::Exists))
    }
}

impl Hint for StoreError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Busy { .. } => "Try again in a few seconds; if it lasts, see whether the database server runs",
            Self::Full { .. } => "Free space on the disk of the database; the lab goes on by itself",
            Self::Stale { .. } | Self::StaleClaim => "Stop the runner and claim another run",
            Self::Conflict(Conflict::KeyReused { .. } | Conflict::SearchKeyReused { .. }) => {
                "Use a new key for a new request"
            }
            Self::Conflict(Conflict::Cancelled { .. }) => "End the run as cancelled",
            Self::Conflict(Conflict::ChunkGap { .. }) => "Send chunks in order, each until it is acknowledged",
            Self::Refused(Refusal::Nul) => "Remove the NUL character",
            Self::Refused(Refusal::Cursor) => "Start from the first page",
            Self::NewerSchema { by, .. } => {
                return Some(format!(
                    "Use perflab {by} or newer, or restore the copy that it made before it changed the schema"
                ));
            }
            Self::OldSqlite { .. } => "Build perflab with the SQLite that it bundles",
            Self::Address { .. } => {
                "Write sqlite:PATH, or postgres://USER@HOST/DATABASE with the password in PGPASSWORD or a password file"
            }
            Self::Open { .. } => {
                "See whether the folder exists and may be written to, or whether the server lets you in"
            }
            Self::Backup { .. } => "Free space beside the database, or make the folder writable",
            Self::Migration { .. } => "The database is as it was before: go on with the former version and report this",
            Self::Damaged { .. } => "Restore a backup, or move the file away and keep it for inspection",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        match &source {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Busy { source }
            }
            sqlx::Error::Database(said) if said.is_unique_violation() => Conflict::Exists.into(),
            sqlx::Error::Database(said) => match reason(said.code().as_deref().unwrap_or_default()) {
                Reason::Busy => Self::Busy { source },
                Reason::Full => Self::Full { source },
                Reason::Damaged => Self::Damaged { source },
                Reason::Other => Self::Database { source },
            },
            _ => Self::Database { source },
        }
    }
}

enum Reason {
    Busy,
    Full,
    Damaged,
    Other,
}

/// What a code means: SQLite's are numbers (the low byte is the class), Postgres' have five characters.
fn reason(code: &str) -> Reason {
    if code.len() == 5 {
        return match code {
            // Serialisation, deadlock, lock not available, statement took too long, server going down or starting, idle
            // in transaction, a stand-by that takes no writes yet, out of memory or connections.
            "40001" | "40P01" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" | "25P03" | "25006" | "53200"
            | "53300" => Reason::Busy,
            "53100" => Reason::Full,
            _ if code.starts_with("08") => Reason::Busy,
            _ if code.starts_with("XX0") => Reason::Damaged,
            _ => Reason::Other,
        };
    }
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => Reason::Busy,
        Ok(13) => Reason::Full,
        Ok(11 | 26) => Reason::Damaged,
        _ => Reason::Other,
    }
}
