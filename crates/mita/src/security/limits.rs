//! How many requests of which kind are allowed in which time.

use std::time::Duration;

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateTier {
    Anonymous,
    Basic,
    Premium,
    Admin,
}

impl RateTier {
    /// As it stands in `X-RateLimit-Tier`.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Basic => "basic",
            Self::Premium => "premium",
            Self::Admin => "admin",
        }
    }

    /// Reads its word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Anonymous, Self::Basic, Self::Premium, Self::Admin].into_iter().find(|tier| tier.text() == word)
    }
}

/// So many requests in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) requests: u64,
    pub(crate) window: Duration,
}

const fn limit(requests: u64, seconds: u64) -> Limit {
    Limit { requests, window: Duration::from_secs(seconds) }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// Requests an hour of any kind.
pub(crate) const fn hourly(tier: RateTier) -> Limit {
    match tier {
        RateTier::Anonymous => limit(120, HOUR),
        RateTier::Basic => limit(800, HOUR),
        RateTier::Premium => limit(2500, HOUR),
        RateTier::Admin => limit(8000, HOUR),
    }
}

/// Requests a minute of any kind.
pub(crate) const fn burst(tier: RateTier) -> Limit {
    match tier {
        RateTier::Anonymous => limit(25, MINUTE),
        RateTier::Basic => limit(40, MINUTE),
        RateTier::Premium => limit(80, MINUTE),
        RateTier::Admin => limit(150, MINUTE),
    }
}

/// Requests to paths of authentication.
pub(crate) const fn auth_paths(tier: RateTier) -> Limit {
    match tier {
        RateTier::Anonymous => limit(20, 5 * MINUTE),
        RateTier::Basic => limit(30, 5 * MINUTE),
        RateTier::Premium => limit(40, 5 * MINUTE),
        RateTier::Admin => limit(80, 5 * MINUTE),
    }
}

/// Requests to paths of administration.
pub(crate) const fn admin_paths(tier: RateTier) -> Limit {
    match tier {
        RateTier::Admin => limit(200, HOUR),
        _ => limit(15, HOUR),
    }
}

/// What somebody tries before they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    Login,
    Register,
    Reset,
    Refresh,
}

impl Attempt {
    /// Its word, part of the key.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Register => "register",
            Self::Reset => "reset",
            Self::Refresh => "refresh",
        }
    }

    /// Reads its word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Login, Self::Register, Self::Reset, Self::Refresh].into_iter().find(|attempt| attempt.text() == word)
    }

    /// How often a client may try; an e-mail gets half.
    pub(crate) const fn limit(self) -> Limit {
        match self {
            Self::Login => limit(8, 15 * MINUTE),
            Self::Register => limit(5, HOUR),
            Self::Reset => limit(3, 30 * MINUTE),
            Self::Refresh => limit(20, 5 * MINUTE),
        }
    }
}

/// The login route itself; 1000 where the service is being tested.
pub(crate) const fn login_route(is_test: bool) -> Limit {
    limit(if is_test { 1000 } else { 10 }, 15 * MINUTE)
}

/// Paths that are never limited.
pub(crate) fn is_exempt(path: &str) -> bool {
    let first = path.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default();
    matches!(first, "health" | "docs" | "openapi" | "openapi.json" | "redoc")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(RateTier::Anonymous, [120, 25, 20, 15])]
    #[case(RateTier::Basic, [800, 40, 30, 15])]
    #[case(RateTier::Premium, [2500, 80, 40, 15])]
    #[case(RateTier::Admin, [8000, 150, 80, 200])]
    fn each_tier_has_its_limits(#[case] tier: RateTier, #[case] expected: [u64; 4]) {
        let limits = [hourly(tier), burst(tier), auth_paths(tier), admin_paths(tier)];
        assert_eq!(limits.map(|limit| limit.requests), expected);
        assert_eq!(limits.map(|limit| limit.window.as_secs()), [3600, 60, 300, 3600]);
    }

    #[rstest]
    #[case(Attempt::Login, 8, 900)]
    #[case(Attempt::Register, 5, 3600)]
    #[case(Attempt::Reset, 3, 1800)]
    #[case(Attempt::Refresh, 20, 300)]
    fn attempts_are_limited_by_kind(#[case] attempt: Attempt, #[case] requests: u64, #[case] seconds: u64) {
        assert_eq!(attempt.limit(), limit(requests, seconds));
        assert_eq!(Attempt::from_word(attempt.text()), Some(attempt));
    }

    #[test]
    fn the_login_route_is_wide_open_in_tests_only() {
        assert_eq!((login_route(false).requests, login_route(true).requests), (10, 1000));
    }

    #[rstest]
    #[case("/health", true)]
    #[case("/docs/oauth2", true)]
    #[case("/openapi.json", true)]
    #[case("/redoc", true)]
    #[case("/api/health-data", false)]
    #[case("/", false)]
    fn health_and_documentation_are_never_limited(#[case] path: &str, #[case] exempt: bool) {
        assert_eq!(is_exempt(path), exempt);
    }
}
