//! What operations need from the environment of the process, and what works without it.

use crate::config::Secret;

/// A variable of the environment and what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Whether the original suites insist on it.
    pub is_required: bool,
    /// What happens without it.
    pub without: &'static str,
}

/// Every variable that operations look at.
pub const VARIABLES: [Variable; 8] = [
    Variable {
        name: "DATABASE_URL",
        is_required: true,
        without: "transactions and analytics are measured on a temporary SQLite file instead of Postgres",
    },
    Variable {
        name: "REDIS_URL",
        is_required: true,
        without: "blacklist and rate limiter are measured on a store in the runner's own process instead of Redis",
    },
    Variable {
        name: "JWT_SECRET",
        is_required: true,
        without: "tokens are signed with a random key of 32 bytes, another one for each case",
    },
    Variable {
        name: "ENVIRONMENT",
        is_required: true,
        without: "taken for `testing`; with any other value nothing is written to DATABASE_URL or REDIS_URL",
    },
    Variable {
        name: "DATABASE_REPLICA_URL",
        is_required: false,
        without: "analytics with `replica: true` read from the same database that is written to",
    },
    Variable {
        name: "JWT_PREVIOUS_SECRET",
        is_required: false,
        without: "only tokens of the current key are accepted",
    },
    Variable { name: "SENTRY_DSN", is_required: false, without: "nothing is reported to Sentry; no operation does" },
    Variable {
        name: "OPENAI_API_KEY",
        is_required: false,
        without: "everything works: no operation that is measured asks a language model",
    },
];

/// Addresses and keys that operations use.
#[derive(Clone, Debug, Default)]
pub struct AtHand {
    pub(crate) database: Option<Secret>,
    pub(crate) replica: Option<Secret>,
    pub(crate) redis: Option<Secret>,
    pub(crate) jwt_secret: Option<Secret>,
    pub(crate) jwt_previous: Option<Secret>,
    environment: Option<String>,
}

impl AtHand {
    /// Asks for each of [`VARIABLES`]; an empty value is none.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let secret = |name: &str| text(name).map(Secret::new);
        Self {
            database: secret("DATABASE_URL"),
            replica: secret("DATABASE_REPLICA_URL"),
            redis: secret("REDIS_URL"),
            jwt_secret: secret("JWT_SECRET"),
            jwt_previous: secret("JWT_PREVIOUS_SECRET"),
            environment: text("ENVIRONMENT"),
        }
    }

    /// Why databases that were named must not be written to.
    pub(crate) fn refusal(&self) -> Option<super::NotReady> {
        let environment = self.environment.as_deref()?;
        if matches!(environment, "testing" | "test") || (self.database.is_none() && self.redis.is_none()) {
            return None;
        }
        Some(super::NotReady::new(
            "builtin.environment",
            format!(
                "ENVIRONMENT is `{environment}`: operations write test data to DATABASE_URL and REDIS_URL only with \
                 ENVIRONMENT=testing"
            ),
        ))
    }

    /// What it means for an operation that a variable which the original suites insist on is not set, a sentence each.
    pub fn notes(operation: &str, lookup: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let wanted: &[&str] = match operation {
            "auth.login" | "auth.register" => &["DATABASE_URL", "JWT_SECRET", "ENVIRONMENT"],
            name if name.starts_with("db.") => &["DATABASE_URL", "ENVIRONMENT"],
            name if name.starts_with("security.") => &["REDIS_URL", "JWT_SECRET", "ENVIRONMENT"],
            "auth.validate" | "auth.revoked" | "auth.track" | "auth.revoke_all" => {
                &["REDIS_URL", "JWT_SECRET", "ENVIRONMENT"]
            }
            "auth.issue" | "auth.token_round" => &["JWT_SECRET"],
            _ => &[],
        };
        VARIABLES
            .iter()
            .filter(|variable| variable.is_required && wanted.contains(&variable.name))
            .filter(|variable| lookup(variable.name).is_none_or(|value| value.is_empty()))
            .map(|variable| format!("{} is not set: {}", variable.name, variable.without))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, true)]
    #[case(Some("testing"), true)]
    #[case(Some("production"), false)]
    fn databases_are_written_to_in_testing_only(#[case] environment: Option<&str>, #[case] allowed: bool) {
        let at_hand = AtHand::from_lookup(|name| match name {
            "DATABASE_URL" => Some("postgres://localhost/x".to_owned()),
            "ENVIRONMENT" => environment.map(str::to_owned),
            _ => None,
        });
        assert_eq!(at_hand.refusal().is_none(), allowed);
    }

    #[test]
    fn each_missing_variable_says_what_works_without_it() {
        let redis = |name: &str| (name == "REDIS_URL").then(|| "redis://localhost".to_owned());
        let notes = AtHand::notes("db.insert", redis);
        assert_eq!(notes.len(), 2);
        assert!(notes[0].starts_with("DATABASE_URL is not set: transactions and analytics"), "{notes:?}");
        assert!(AtHand::notes("security.limited", redis).iter().all(|note| !note.contains("REDIS_URL is not set")));
        assert!(AtHand::notes("income.classify", |_| None).is_empty());
    }

    #[test]
    fn addresses_are_never_printed() {
        let at_hand = AtHand::from_lookup(|_| Some("hunter2".to_owned()));
        assert!(!format!("{:?} {:?}", at_hand.database, at_hand.jwt_secret).contains("hunter2"));
    }
}
