//! Users and transactions in a database: Postgres where `DATABASE_URL` is set, else a SQLite file of the case's own.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::auth::cleaning;
use super::parameters::Parameters;
use super::{AtHand, CleanUp, Failure, Fields, NotReady, Operation, Ready, Receiver, unlisted};
use crate::ledger::{Asked, Fixture, Generated, MonthSum, Options, Pool, Seed, Session, days_before, walks_table};

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

/// The user of an e-mail.
struct Lookup {
    session: Session,
    email: String,
    is_prepared: bool,
}

impl Operation for Lookup {
    type Answer = Option<i64>;

    fn perform(&mut self, _: u64) -> Result<Option<i64>, Failure> {
        Ok(self.session.lookup(&self.email, self.is_prepared)?.map(|known| known.subject.user_id))
    }

    fn fields(&self, _: u64, found: &Option<i64>) -> Fields {
        vec![("found", json!(found.is_some())), ("rows", json!(u8::from(found.is_some())))]
    }

    fn input(&self, _: u64) -> String {
        self.email.clone()
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// A transaction, committed and read back.
struct Insert {
    session: Session,
    user_id: i64,
}

impl Operation for Insert {
    type Answer = i64;

    fn perform(&mut self, _: u64) -> Result<i64, Failure> {
        let (_, cents) = self.session.insert(self.user_id, "food", 2550, "test expense", &days_before(0))?;
        Ok(cents)
    }

    fn fields(&self, _: u64, cents: &i64) -> Fields {
        vec![("rows", json!(1)), ("amount", json!(crate::finance::Money::from_cents(*cents)))]
    }

    fn input(&self, _: u64) -> String {
        format!("25.50 for food, user {}", self.user_id)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Many transactions: in one statement, or each in one of its own.
struct InsertBatch {
    session: Session,
    user_id: i64,
    batch: u64,
    is_single: bool,
}

impl Operation for InsertBatch {
    type Answer = u64;

    fn perform(&mut self, nth: u64) -> Result<u64, Failure> {
        let cents: Vec<i64> =
            (0..self.batch).map(|number| i64::try_from((nth + number) % 10_000).unwrap_or(0) + 1).collect();
        let spent_at = days_before(0);
        if !self.is_single {
            return Ok(self.session.insert_batch(self.user_id, "food", &cents, &spent_at)?);
        }
        for cents in &cents {
            self.session.insert(self.user_id, "food", *cents, "test expense", &spent_at)?;
        }
        Ok(self.batch)
    }

    fn fields(&self, _: u64, rows: &u64) -> Fields {
        vec![("rows", json!(rows))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} transactions of user {}", self.batch, self.user_id)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// The transactions of a time.
struct History {
    session: Session,
    user_id: i64,
    since: String,
    right: (u64, i64),
}

impl Operation for History {
    type Answer = (u64, i64);

    fn perform(&mut self, _: u64) -> Result<(u64, i64), Failure> {
        Ok(self.session.since(self.user_id, &self.since)?)
    }

    fn fields(&self, _: u64, answer: &(u64, i64)) -> Fields {
        vec![("rows", json!(answer.0)), ("as_generated", json!(*answer == self.right))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {} since {}", self.user_id, self.since)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// The last twenty transactions.
struct Recent {
    session: Session,
    user_id: i64,
}

impl Operation for Recent {
    type Answer = u64;

    fn perform(&mut self, _: u64) -> Result<u64, Failure> {
        Ok(self.session.recent(self.user_id)?)
    }

    fn fields(&self, _: u64, rows: &u64) -> Fields {
        vec![("rows", json!(rows))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {}", self.user_id)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// What was spent on each category.
struct CategorySums {
    session: Session,
    user_id: i64,
    since: String,
    right: i64,
}

impl Operation for CategorySums {
    type Answer = Vec<(String, i64, i64)>;

    fn perform(&mut self, _: u64) -> Result<Self::Answer, Failure> {
        Ok(self.session.category_sums(self.user_id, &self.since)?)
    }

    fn fields(&self, _: u64, sums: &Self::Answer) -> Fields {
        let cents: i64 = sums.iter().map(|(_, _, cents)| cents).sum();
        vec![("groups", json!(sums.len())), ("as_generated", json!(cents == self.right))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {} since {}", self.user_id, self.since)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Sums, counts and means by category, month and year.
struct Analytics {
    session: Session,
    user_id: i64,
    since: String,
    right: Vec<MonthSum>,
}

impl Operation for Analytics {
    type Answer = Vec<MonthSum>;

    fn perform(&mut self, _: u64) -> Result<Vec<MonthSum>, Failure> {
        Ok(self.session.analytics(self.user_id, &self.since)?)
    }

    fn fields(&self, _: u64, sums: &Vec<MonthSum>) -> Fields {
        let is_right = sums.len() == self.right.len()
            && sums.iter().zip(&self.right).all(|(got, right)| {
                // The means are computed by the database, in its own order of steps.
                (got.mean_cents - right.mean_cents).abs() < 1e-6
                    && MonthSum { mean_cents: right.mean_cents, ..got.clone() } == *right
            });
        let count: i64 = sums.iter().map(|sum| sum.count).sum();
        vec![("groups", json!(sums.len())), ("rows", json!(count)), ("as_generated", json!(is_right))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {} since {}", self.user_id, self.since)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// A user comes by: looked up, their last twenty transactions, a new one.
struct Visit {
    session: Session,
    users: Vec<(i64, String)>,
    visits: u64,
    since: String,
}

impl Visit {
    fn visitor(&self, number: u64) -> &(i64, String) {
        let count = self.users.len().max(1) as u64;
        &self.users[usize::try_from(number % count).unwrap_or(0)]
    }
}

impl Operation for Visit {
    type Answer = u64;

    fn perform(&mut self, nth: u64) -> Result<u64, Failure> {
        let mut right = 0;
        for number in 0..self.visits {
            let (user_id, email) = self.visitor(nth * self.visits + number).clone();
            let known = self.session.lookup(&email, true)?;
            self.session.recent(user_id)?;
            self.session.insert(user_id, "food", 2550, "test expense", &self.since)?;
            right += u64::from(known.is_some_and(|known| known.subject.user_id == user_id));
        }
        Ok(right)
    }

    fn fields(&self, _: u64, right: &u64) -> Fields {
        vec![("visits", json!(right))]
    }

    fn input(&self, nth: u64) -> String {
        self.visitor(nth * self.visits).1.clone()
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Many sessions of one trivial query at the same time: from a pool, or each with a connection of its own.
struct Sessions {
    options: Options,
    pool: Option<Pool>,
    sessions: u32,
}

impl Operation for Sessions {
    type Answer = u64;

    fn perform(&mut self, _: u64) -> Result<u64, Failure> {
        if let Some(pool) = &self.pool {
            return Ok(pool.trivial(self.sessions)?);
        }
        let mut open = VecDeque::new();
        let mut answered = 0;
        for _ in 0..self.sessions {
            let mut session = Session::open(&self.options)?;
            answered += u64::from(session.trivial()? == 1);
            open.push_back(session);
            // As many at a time as a pool of ten has.
            if open.len() > 10 {
                open.pop_front();
            }
        }
        Ok(answered)
    }

    fn fields(&self, _: u64, answered: &u64) -> Fields {
        vec![("sessions", json!(answered))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} sessions", self.sessions)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// How the database carries out a query.
struct Explain {
    session: Session,
    asked: Asked,
    user_id: i64,
    email: String,
    since: String,
}

impl Operation for Explain {
    type Answer = String;

    fn perform(&mut self, _: u64) -> Result<String, Failure> {
        Ok(self.session.explain(self.asked, self.user_id, &self.email, &self.since)?)
    }

    fn fields(&self, _: u64, plan: &String) -> Fields {
        vec![("uses_index", json!(!walks_table(plan))), ("plan", json!(plan))]
    }

    fn input(&self, _: u64) -> String {
        format!("{:?} of user {}", self.asked, self.user_id)
    }

    fn is_local(&self) -> bool {
        false
    }
}
