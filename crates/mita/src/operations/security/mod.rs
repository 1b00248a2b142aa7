//! What protection costs: the same work without it and with it, and each part of it alone.

mod limiting;
mod record;
mod request;
mod store;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::json;

use self::limiting::{Legitimate, RateLimit, Tried};
use self::record::{Health, Recorded};
use self::request::{audit, features_of, request};
pub(super) use self::store::stores;
use super::parameters::Parameters;
use super::{AtHand, NotReady, Ready, Receiver, now_us, unlisted};
use crate::security::audit::{EventType, Sensitivity};
use crate::security::limiter::{Fallback, Limiter};
use crate::security::limits::{Attempt, Limit, RateTier, admin_paths, auth_paths, burst, hourly, login_route};

pub(super) fn prepare<R: Receiver>(
    name: &str,
    parameters: &Parameters,
    at_hand: &AtHand,
    receiver: R,
) -> Result<R::Taken, NotReady> {
    if let Some(features) = features_of(name) {
        return request(features, parameters, at_hand, receiver);
    }
    match name {
        "security.rate_limit" => {
            let tier = tier(parameters)?;
            let limit = match parameters.one_of("scope", &SCOPES)? {
                "hourly" => hourly(tier),
                "burst" => burst(tier),
                "auth_paths" => auth_paths(tier),
                "admin_paths" => admin_paths(tier),
                "login_route" => login_route(false),
                "login_route_in_tests" => login_route(true),
                _ => limit(parameters, 10, 60.0)?,
            };
            let path = parameters.text("path", "/api/auth/login")?;
            let is_user = parameters.flag("user", false)?;
            let clients = parameters.whole("clients", 1, 1..=1_000_000)?;
            let fallback = if parameters.flag("fail_secure", false)? { Fallback::Deny } else { Fallback::InProcess };
            let (kept, clean_up) = stores(at_hand)?;
            let ready = Ready::of(move |_| {
                let limiter = Limiter::new(kept.handle()?, fallback);
                Ok(RateLimit { limiter, limit, tier, path: path.clone(), is_user, clients })
            });
            receiver.take(Ready { clean_up: Some(clean_up), ..ready })
        }
        "security.attempt" => {
            let word = parameters.text("attempt", "login")?;
            let attempt = Attempt::from_word(&word)
                .ok_or_else(|| NotReady::new("builtin.parameter", format!("`{word}` is no kind of attempt")))?;
            let clients = parameters.whole("clients", 1000, 1..=1_000_000)?;
            let (kept, clean_up) = stores(at_hand)?;
            let ready = Ready::of(move |_| {
                Ok(Tried { limiter: Limiter::new(kept.handle()?, Fallback::InProcess), attempt, clients })
            });
            receiver.take(Ready { clean_up: Some(clean_up), ..ready })
        }
        "security.legitimate" => {
            let tier = tier(parameters)?;
            let per_minute = parameters.whole("per_minute", burst(tier).requests, 1..=100_000)?;
            let (kept, clean_up) = stores(at_hand)?;
            let ready = Ready::of(move |_| {
                Ok(Legitimate {
                    limiter: Limiter::new(kept.handle()?, Fallback::InProcess),
                    tier,
                    per_minute,
                    begun_us: now_us(),
                })
            });
            receiver.take(Ready { clean_up: Some(clean_up), ..ready })
        }
        "security.audit" => {
            let event_type = word::<EventType>(parameters, "event", "data_access")?;
            let sensitivity = word::<Sensitivity>(parameters, "sensitivity", "confidential")?;
            receiver.take(Ready::of(move |_| Ok(Recorded { audit: audit()?, event_type, sensitivity })))
        }
        "security.health" => {
            let (kept, clean_up) = stores(at_hand)?;
            let ready = Ready::of(move |_| Ok(Health { store: kept.handle()?, place: kept.word() }));
            receiver.take(Ready { clean_up: Some(clean_up), ..ready })
        }
        _ => Err(unlisted(name)),
    }
}

/// A word that stands for a value of this type.
fn word<T: DeserializeOwned>(parameters: &Parameters, name: &str, default: &str) -> Result<T, NotReady> {
    let word = parameters.text(name, default)?;
    serde_json::from_value(json!(word))
        .map_err(|error| NotReady::new("builtin.parameter", format!("parameter `{name}` cannot be `{word}`: {error}")))
}

/// What a limit may be for.
const SCOPES: [&str; 7] =
    ["given", "hourly", "burst", "auth_paths", "admin_paths", "login_route", "login_route_in_tests"];

fn tier(parameters: &Parameters) -> Result<RateTier, NotReady> {
    let word = parameters.text("tier", "basic")?;
    RateTier::from_word(&word)
        .ok_or_else(|| NotReady::new("builtin.parameter", format!("`{word}` is no tier of callers")))
}

fn limit(parameters: &Parameters, requests: u64, window_s: f64) -> Result<Limit, NotReady> {
    let window_s = parameters.number("window_s", window_s, 0.001..=86_400.0)?;
    let requests = parameters.whole("limit", requests, 1..=u64::MAX)?;
    let window = Duration::try_from_secs_f64(window_s)
        .map_err(|_| NotReady::new("builtin.parameter", "`window_s` is no span of time"))?;
    Ok(Limit { requests, window })
}

/// The address of the client with this number.
fn address(number: u64) -> IpAddr {
    let [.., a, b, c] = number.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, a, b, c))
}
