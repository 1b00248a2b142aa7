//! goose as it comes, for `cargo xtask bench load`: its own client, its own users, its own metrics.
//!
//! In:  `BASE_URL PATH USERS SECONDS`. Out: one line of JSON with rate and percentiles, read from goose's buckets.

use std::{
    error::Error,
    sync::{Mutex, OnceLock, PoisonError},
    time::Instant,
};

use goose::{config::GooseConfiguration, goose::TransactionResult, prelude::*};
use serde_json::json;

/// When the first user began, and when the last one left: goose itself tells whole seconds.
static BEGUN: OnceLock<Instant> = OnceLock::new();
static LEFT: Mutex<Option<Instant>> = Mutex::new(None);
static PATH: OnceLock<String> = OnceLock::new();

async fn enter(_: &mut GooseUser) -> TransactionResult {
    BEGUN.get_or_init(Instant::now);
    Ok(())
}

async fn ask(user: &mut GooseUser) -> TransactionResult {
    let sent = user.get(PATH.get().map_or("/", String::as_str)).await?;
    // An unread body would cost the connection.
    if let Ok(response) = sent.response {
        let _body = response.bytes().await;
    }
    Ok(())
}

async fn leave(_: &mut GooseUser) -> TransactionResult {
    *LEFT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, path, users, seconds] = arguments.as_slice() else {
        return Err("usage: goose_alone BASE_URL PATH USERS SECONDS".into());
    };
    PATH.get_or_init(|| path.clone());
    let (users, seconds): (usize, usize) = (users.parse()?, seconds.parse()?);
    let metrics = GooseAttack::initialize_with_config(GooseConfiguration::default())?
        .set_default(GooseDefault::Host, base.as_str())?
        .set_default(GooseDefault::NoTelnet, true)?
        .set_default(GooseDefault::NoPrintMetrics, true)?
        .set_default(GooseDefault::NoResetMetrics, true)?
        .set_default(GooseDefault::Quiet, 2)?
        .set_default(GooseDefault::CoordinatedOmissionMitigation, GooseCoordinatedOmissionMitigation::Disabled)?
        .set_default(GooseDefault::Users, users)?
        .set_default(GooseDefault::IncreaseRate, "1000")?
        .set_default(GooseDefault::RunTime, seconds)?
        .register_scenario(
            scenario!("users")
                .register_transaction(transaction!(enter).set_on_start())
                .register_transaction(transaction!(ask))
                .register_transaction(transaction!(leave).set_on_stop()),
        )
        .execute()
        .await?;
    let left = *LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    let begun = BEGUN.get().ok_or("no user began")?;
    let took = left.ok_or("no user left")?.duration_since(*begun).as_secs_f64();
    let requests = metrics.requests.values().next().ok_or("nothing was sent")?;
    let times = &requests.raw_data;
    let quantile = |q: f64| {
        let rank = (times.counter as f64 * q).ceil() as usize;
        let mut seen = 0;
        let at = times.times_us.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        at.map(|(us, _)| *us as f64 / 1000.0)
    };
    let line = json!({
        "requests": times.counter,
        "failed": requests.fail_count,
        "requests_per_s": times.counter as f64 / took,
        "p50_ms": quantile(0.5),
        "p95_ms": quantile(0.95),
        "p99_ms": quantile(0.99),
        "p999_ms": quantile(0.999),
    });
    println!("{line}");
    Ok(())
}
