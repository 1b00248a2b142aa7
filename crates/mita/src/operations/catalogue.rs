//! Every operation by name: what it is for, its parameters, the fields of its answer.

use super::NotReady;

/// An operation that can be named.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name: area and function.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Its own parameters; all have defaults. `leak_bytes` and `extra_ms` belong to every operation besides.
    pub parameters: &'static [&'static str],
    /// The fields of its answer.
    pub fields: &'static [&'static str],
}

const TOKEN: &[&str] = &["token", "user_id", "token_type", "scopes", "seconds"];
const PAIR: &[&str] = &["token", "refresh_token"];
const DECISION: &[&str] = &["allowed", "status", "limit", "remaining", "retry_after_s", "headers"];
const REQUEST: &[&str] = &["work", "work_ms", "limit", "window_s", "clients", "role", "premium"];
const HANDLED: &[&str] = &["done", "revoked", "allowed", "audit_failed", "audit_dropped"];
const OWN: &[&str] = &["resident_mb", "threads", "open_files"];

macro_rules! database_parameters {
    ($($more:literal),*) => {
        &["seed", "users", "rows", "spread_days", "user", "days", "prepared", "index" $(, $more)*]
    };
}

macro_rules! catalogue {
    ($($name:literal: $about:literal, $parameters:expr => $fields:expr;)*) => {
        &[$(Entry { name: $name, about: $about, parameters: $parameters, fields: $fields }),*]
    };
}

/// All operations, area by area.
pub const CATALOGUE: &[Entry] = catalogue! {
    "income.classify": "The class of a monthly income; profiles are known, loaded from a text each time, or cached.",
        &["income", "region", "profiles"] => &["tier", "annual_income"];
    "income.cohort": "The group of users that one is compared with.",
        &["income", "region", "behavior", "categories"] => &["cohort", "tier"];
    "income.register": "Keeps a user's profile, then finds their group.",
        &["income", "region", "behavior", "categories"] => &["cohort", "tier"];
    "income.cycle": "The class of one income after the other: 35 incomes of three states and more.",
        &["profiles"] => &["tier", "as_measured"];
    "income.classify_bulk": "The classes of many incomes in one go.",
        &["profiles", "region"] =>
        &["items", "as_measured", "low", "lower_middle", "middle", "upper_middle", "high"];
    "income.near": "Whether an income is within 5 % of the next class.",
        &["income", "region"] => &["is_near", "next"];
    "budget.generate": "Plans a month to the cent; results can be kept (memoise).",
        &["region", "monthly_income", "additional_income", "rent", "utilities", "insurance", "loans", "saving",
          "dining_per_month", "travel_per_year", "coffee_per_week", "memoise"] =>
        &["tier", "income", "fixed", "saving", "discretionary", "lines", "total", "groceries", "dining",
          "public_transport", "gas", "events", "clothing", "hobbies", "insurance", "out_of_pocket", "flights", "coffee"];
    "money.sum": "Adds an amount up again and again, with decimal or binary numbers.",
        &["kind", "items", "amount"] => &["total", "is_exact"];
    "auth.hash": "The bcrypt hash of a password.",
        &["cost", "password"] => &["cost", "hash"];
    "auth.verify": "Whether a password matches its hash.",
        &["cost", "password", "right"] => &["matches"];
    "auth.issue": "A new token.",
        &["kind", "role", "premium"] => TOKEN;
    "auth.validate": "Whether a token holds, by every check; checked signatures can be kept (cache).",
        &["kind", "role", "premium", "cache", "version"] => TOKEN;
    "auth.login": "Looks a user up, compares the password, makes both tokens.",
        &["cost", "password", "right", "users", "seed"] => PAIR;
    "auth.register": "Checks and hashes a password, keeps the user, makes both tokens.",
        &["cost", "password"] => PAIR;
    "auth.revoked": "Whether a token is on the blacklist.",
        &["revoked", "reason"] => &["revoked"];
    "auth.track": "Notes that a token is in use.",
        &[] => &["in_use"];
    "auth.revoke_all": "All tokens of a user that are in use are ended.",
        &["tokens"] => &["ended", "refused"];
    "auth.token_round": "Two tokens made and two checked; they can be kept.",
        &["keep", "role", "premium"] => &["valid", "kept"];
    "security.plain": "A request without protection.", REQUEST => HANDLED;
    "security.limited": "The same behind the rate limiter.", REQUEST => HANDLED;
    "security.auth_limited": "The same behind the limits of authentication.", REQUEST => HANDLED;
    "security.blacklisted": "The same with a lookup in the blacklist.", REQUEST => HANDLED;
    "security.audited": "The same with an entry in the audit log.", REQUEST => HANDLED;
    "security.middleware": "The same with limiter and audit log.", REQUEST => HANDLED;
    "security.complete": "The same with limiter, blacklist, audit log and usage tracking.", REQUEST => HANDLED;
    "security.rate_limit": "The rate limiter alone.",
        &["limit", "window_s", "clients", "fail_secure", "scope", "tier", "path", "user"] => DECISION;
    "security.attempt": "An attempt to log in (register, reset, refresh), limited by client and e-mail.",
        &["attempt", "clients"] => DECISION;
    "security.legitimate": "A caller who asks as often as they may and must never be blocked.",
        &["tier", "per_minute"] =>
        &["allowed", "status", "limit", "remaining", "retry_after_s", "headers", "blocked"];
    "security.audit": "An entry in the audit log.",
        &["event", "sensitivity"] => &["taken", "failed", "dropped"];
    "security.health": "Whether the store of blacklist and limiter answers.",
        &[] => &["status", "store", "entries"];
    "cache.cycle": "Entries set, read, half of them deleted.",
        &["entries", "bytes", "life_s"] => &["hits", "left", "held_bytes"];
    "cache.capped": "Ever new entries under a cap of bytes.",
        &["entries", "bytes", "cap_bytes"] => &["most_bytes", "within_cap"];
    "cache.weak": "A cache that holds what it caches weakly, or strongly.",
        &["entries", "bytes", "weak"] => &["reached", "retained"];
    "memory.settle": "Waits, then reads what the system says of this process.",
        &["settle_ms"] => OWN;
    "memory.tasks": "Tasks that wait side by side.",
        &["tasks", "task_ms"] => &["done"];
    "memory.threads": "Threads that are begun, work and end.",
        &["threads", "operations"] => &["done", "threads_more", "files_more"];
    "memory.churn": "Many records that live for a moment.",
        &["records"] => &["records"];
    "memory.burst": "A few trivial operations, then a pause.",
        &["operations", "pause_ms"] => &["resident_mb", "threads", "open_files", "done"];
    "memory.buffers": "Buffers for a moment's use, made anew or from a pool.",
        &["buffers", "bytes", "pooled"] => &["written_bytes"];
    "db.lookup": "The user of an e-mail.",
        database_parameters!() => &["found", "rows"];
    "db.insert": "A transaction, committed and read back.",
        database_parameters!() => &["rows", "amount"];
    "db.insert_batch": "Many transactions in one statement, or each in one of its own (one_by_one).",
        database_parameters!("batch", "one_by_one") => &["rows"];
    "db.history": "A user's transactions of the last days.",
        database_parameters!() => &["rows", "as_generated"];
    "db.recent": "A user's last twenty transactions.",
        database_parameters!() => &["rows"];
    "db.category_sums": "What a user spent on each category in the last days.",
        database_parameters!() => &["groups", "as_generated"];
    "db.analytics": "Sums, counts and means by category and month; from a replica where one is named.",
        database_parameters!("replica") => &["groups", "rows", "as_generated"];
    "db.visit": "A user comes by: lookup, last twenty transactions, a new one.",
        database_parameters!() => &["visits"];
    "db.round": "Five such visits.",
        database_parameters!() => &["visits"];
    "db.pool": "Many sessions of one trivial query, from a pool or with connections of their own.",
        database_parameters!("sessions", "pool_size", "pooled") => &["sessions"];
    "db.explain": "How the database carries out a query (recent, lookup, category_sums).",
        database_parameters!("query") => &["uses_index", "plan"];
};

/// The operation of this name.
///
/// # Errors
/// When there is none: with the one that may have been meant, and all names.
pub fn find(name: &str) -> Result<&'static Entry, NotReady> {
    CATALOGUE.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
        NotReady::new(
            "builtin.unknown",
            format!(
                "there is no builtin operation `{name}`{}; there are {}",
                nearest(name, names.iter().copied()),
                names.join(", ")
            ),
        )
    })
}

/// ` (did you mean …?)` where a name is near, else nothing.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(3) / 3)
        .min()
        .map_or_else(String::new, |(_, known)| format!(" (did you mean `{known}`?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_told_with_what_may_have_been_meant() {
        let error = find("income.clasify").expect_err("a slip");
        assert_eq!(error.code, "builtin.unknown");
        assert!(error.message.contains("(did you mean `income.classify`?); there are income.classify, "), "{error}");
        assert!(!find("nothing.like.it").expect_err("nothing").message.contains("did you mean"));
    }

    #[test]
    fn names_are_listed_once() {
        let mut names: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOGUE.len());
    }
}
