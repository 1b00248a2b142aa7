//! Users and transactions in a database: Postgres where `DATABASE_URL` is set, else a SQLite file of the case's own.

mod read;
mod write;

use std::sync::Arc;
use std::time::Duration;

use self::read::{Analytics, CategorySums, Explain, History, Lookup, Recent};
use self::write::{Insert, InsertBatch, Sessions, Visit};
use super::auth::cleaning;
use super::parameters::Parameters;
use super::{AtHand, CleanUp, NotReady, Operation, Ready, Receiver, unlisted};
use crate::ledger::{Asked, Fixture, Generated, Pool, Seed, Session, days_before};

/// The user that the original suite looks up.
const USER: u64 = 50;

/// What all of them share.
struct Bench {
    fixture: Arc<Fixture>,
    user: usize,
    days: i64,
    is_prepared: bool,
}

impl Bench {
    fn user(&self) -> Result<(i64, String), NotReady> {
        self.fixture.generated().users.get(self.user).cloned().ok_or_else(|| {
            NotReady::new(
                "builtin.parameter",
                format!("`user` must be less than the number of users, not {}", self.user),
            )
        })
    }

    fn since(&self) -> String {
        days_before(self.days)
    }
}

/// Users, rows of each, over how many days: what the operation of this name works on unless told otherwise.
fn defaults(name: &str) -> (u64, u64, u64, u64) {
    // users, transactions of each, days over which they spread, days that are asked for
    match name {
        "db.history" => (100, 500, 90, 90),
        "db.analytics" => (100, 500, 365, 365),
        "db.recent" | "db.category_sums" | "db.explain" => (100, 200, 365, 30),
        "db.visit" | "db.round" => (100, 40, 365, 30),
        _ => (100, 0, 365, 30),
    }
}

pub(super) fn prepare<R: Receiver>(
    name: &str,
    parameters: &Parameters,
    at_hand: &AtHand,
    receiver: R,
) -> Result<R::Taken, NotReady> {
    let (users, rows, spread, asked) = defaults(name);
    let small = |name: &str, default: u64, least: u64, most: u64| {
        parameters.whole(name, default, least..=most).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    };
    let seed = Seed {
        number: parameters.whole("seed", 1, 0..=u64::MAX)?,
        users: small("users", users, 1, 10_000)?,
        transactions: small("rows", rows, 0, 100_000)?,
        days: small("spread_days", spread, 1, 3650)?,
        // Nobody logs in here.
        password_hash: "$2b$12$".to_owned(),
    };
    if u64::from(seed.users) * u64::from(seed.transactions) > 2_000_000 {
        let message = "`users` times `rows` must be 2,000,000 at most: they are made anew for each case";
        return Err(NotReady::new("builtin.parameter", message));
    }
    let user = usize::try_from(parameters.whole("user", USER.min(u64::from(seed.users) - 1), 0..=9999)?).unwrap_or(0);
    let days = i64::from(small("days", asked, 1, 3650)?);
    let is_prepared = parameters.flag("prepared", true)?;
    let with_index = parameters.flag("index", true)?;
    if let Some(refusal) = at_hand.refusal() {
        return Err(refusal);
    }
    let (fixture, clean_up) = cleaning(Fixture::open(at_hand.database.as_ref(), &seed, with_index)?);
    let bench = Bench { fixture, user, days, is_prepared };
    match name {
        "db.lookup" => {
            let (_, email) = bench.user()?;
            receiver.take(with(clean_up, move |_| {
                Ok(Lookup { session: bench.fixture.session()?, email: email.clone(), is_prepared: bench.is_prepared })
            }))
        }
        "db.insert" => {
            let (user_id, _) = bench.user()?;
            receiver.take(with(clean_up, move |_| Ok(Insert { session: bench.fixture.session()?, user_id })))
        }
        "db.insert_batch" => {
            let (user_id, _) = bench.user()?;
            let batch = parameters.whole("batch", 100, 1..=1000)?;
            let is_single = parameters.flag("one_by_one", false)?;
            receiver.take(with(clean_up, move |_| {
                Ok(InsertBatch { session: bench.fixture.session()?, user_id, batch, is_single })
            }))
        }
        "db.history" => {
            let (user_id, _) = bench.user()?;
            let since = bench.since();
            let rows = bench.fixture.generated().rows_since(bench.user, &since);
            let right = rows.fold((0, 0), |(count, cents), row| (count + 1, cents + row.cents));
            receiver.take(with(clean_up, move |_| {
                Ok(History { session: bench.fixture.session()?, user_id, since: since.clone(), right })
            }))
        }
        "db.recent" => {
            let (user_id, _) = bench.user()?;
            receiver.take(with(clean_up, move |_| Ok(Recent { session: bench.fixture.session()?, user_id })))
        }
        "db.category_sums" => {
            let (user_id, _) = bench.user()?;
            let since = bench.since();
            let right = bench.fixture.generated().rows_since(bench.user, &since).map(|row| row.cents).sum();
            receiver.take(with(clean_up, move |_| {
                Ok(CategorySums { session: bench.fixture.session()?, user_id, since: since.clone(), right })
            }))
        }
        "db.analytics" => {
            let (user_id, _) = bench.user()?;
            let since = bench.since();
            let replica = if parameters.flag("replica", false)? { at_hand.replica.clone() } else { None };
            let right = bench.fixture.generated().by_category_and_month(bench.user, &since);
            receiver.take(with(clean_up, move |_| {
                let session = match &replica {
                    Some(address) => {
                        let mut session = bench.fixture.replica(address)?;
                        wait_for_rows(&mut session, bench.fixture.generated())?;
                        session
                    }
                    None => bench.fixture.session()?,
                };
                Ok(Analytics { session, user_id, since: since.clone(), right: right.clone() })
            }))
        }
        "db.visit" | "db.round" => {
            let users: Vec<(i64, String)> = bench.fixture.generated().users.clone();
            let visits = if name == "db.round" { 5 } else { 1 };
            let since = bench.since();
            receiver.take(with(clean_up, move |_| {
                Ok(Visit { session: bench.fixture.session()?, users: users.clone(), visits, since: since.clone() })
            }))
        }
        "db.pool" => {
            let sessions = small("sessions", 50, 1, 1000)?;
            let size = small("pool_size", 10, 1, 200)?;
            let is_pooled = parameters.flag("pooled", true)?;
            receiver.take(with(clean_up, move |_| {
                let pool = if is_pooled { Some(Pool::open(&bench.fixture, size)?) } else { None };
                Ok(Sessions { options: bench.fixture.options().clone(), pool, sessions })
            }))
        }
        "db.explain" => {
            let (user_id, email) = bench.user()?;
            let since = bench.since();
            let asked = match parameters.one_of("query", &["recent", "lookup", "category_sums"])? {
                "lookup" => Asked::Lookup,
                "category_sums" => Asked::CategorySums,
                _ => Asked::Recent,
            };
            receiver.take(with(clean_up, move |_| {
                let session = bench.fixture.session()?;
                Ok(Explain { session, asked, user_id, email: email.clone(), since: since.clone() })
            }))
        }
        _ => Err(unlisted(name)),
    }
}

/// An operation that is cleaned up after.
fn with<O: Operation>(clean_up: CleanUp, make: impl FnMut(u32) -> Result<O, NotReady> + Send + 'static) -> Ready<O> {
    Ready { make: Box::new(make), clean_up: Some(clean_up) }
}

/// Waits until a replica has all of the test data.
fn wait_for_rows(session: &mut Session, generated: &Generated) -> Result<(), NotReady> {
    let wanted: usize = generated.transactions.iter().map(Vec::len).sum();
    for _ in 0..100 {
        // An error means that not even the tables have arrived.
        if session.count_transactions().is_ok_and(|count| usize::try_from(count) == Ok(wanted)) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let message = "the replica (variable DATABASE_REPLICA_URL) did not have the test data of its primary after 10 s";
    Err(NotReady::new("builtin.database", message))
}
