//! A run without any lab: plan, drive, judge, print.

use std::path::Path;

use anyhow::Context as _;
use indexmap::IndexMap;
use perflab_model::{
    environment::{AllowedTarget, Caps, Environment},
    id::RunId,
    name::EnvironmentName,
    run::Cancel,
    runner::Job,
    suite::PlanRequest,
    validity::ValidityState,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use url::Url;

use super::{RunArgs, document, exit, place, report, terminal::Terminal};
use crate::{
    suite_file::{self, LoadedSuite},
    worker::{
        drive::{Asked, drive},
        host_lock::{self, HostLock},
    },
};

/// The environment's name in runs without a lab.
const HERE: &str = "command line";

pub(super) async fn run(args: &RunArgs) -> anyhow::Result<u8> {
    let loaded = match suite_file::load(Path::new(&args.suite)) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("{error}");
            if !place::is_file(&args.suite) {
                eprintln!("a suite of a lab is launched by its name with --server URL, or with PERFLAB_SERVER set");
            }
            return Ok(exit::USAGE);
        }
    };
    let environment = match environment(args, &loaded) {
        Ok(environment) => environment,
        Err(error) => {
            eprintln!("{error:#}");
            return Ok(exit::USAGE);
        }
    };
    let id = RunId::new(uuid::Uuid::now_v7());
    let (high, low) = id.uuid().as_u64_pair();
    let overrides = args.overrides();
    let request = PlanRequest {
        run: id,
        scenario: &args.scenario,
        environment,
        overrides: &overrides,
        seed: (high ^ low) & ((1 << 53) - 1),
    };
    let plan = match loaded.suite.plan(request) {
        Ok(plan) => plan,
        Err(errors) => {
            for problem in errors.field_problems() {
                eprintln!("{}: {}", problem.field, problem.message);
                if let Some(hint) = problem.hint {
                    eprintln!("  {hint}");
                }
            }
            return Ok(exit::USAGE);
        }
    };
    let asked_nothing = plan.rules.is_empty();
    let feeds =
        plan.feeds.iter().filter_map(|feed| Some((feed.name.clone(), loaded.files.get(&feed.file)?.clone()))).collect();
    let job = Job { plan, feeds };

    if let Some(path) = &args.json {
        document::clear(path)?;
    }
    let _lock = host(args).await?;
    let orders = orders()?;
    let mut terminal = Terminal::new(&job.plan);
    let driven =
        drive(&job, &args.revision(), &mut terminal, orders, &[], || jiff::Timestamp::now().as_microsecond()).await;
    terminal.end();

    let summary = &driven.outcome.summary;
    print!("{}", report::text(summary, &driven.end));
    if let Some(path) = &args.json {
        document::write(path, summary)?;
    }
    // A file that asks nothing is only measured: good numbers are all it wants.
    if asked_nothing && summary.validity.state == ValidityState::Valid && driven.end.code == "completed" {
        return Ok(exit::OK);
    }
    Ok(args.exit_code(driven.end.state, summary.gate))
}

/// What is asked of the run by signals: Ctrl-C stops it gracefully, a second one aborts. SIGTERM aborts at once, for
/// whoever sends it waits only seconds before it kills, and the summary is still to be written.
fn orders() -> anyhow::Result<watch::Receiver<Option<Asked>>> {
    let what = "signals cannot be listened for";
    let mut interrupts = signal(SignalKind::interrupt()).context(what)?;
    let mut terminations = signal(SignalKind::terminate()).context(what)?;
    let (order, orders) = watch::channel(None);
    tokio::spawn(async move {
        let mut again = Cancel::Stop;
        loop {
            let cancel = tokio::select! {
                _ = interrupts.recv() => again,
                _ = terminations.recv() => Cancel::Abort,
            };
            again = Cancel::Abort;
            if order.send(Some(Asked::Person(cancel))).is_err() {
                return;
            }
            eprintln!(
                "{}",
                match cancel {
                    Cancel::Stop => "stopping: no new starts, open requests are waited for; Ctrl-C again aborts",
                    Cancel::Abort => "aborting",
                }
            );
        }
    });
    Ok(orders)
}

/// The environment that the command line describes; what it lacks is a matter of usage.
fn environment(args: &RunArgs, loaded: &LoadedSuite) -> anyhow::Result<Environment> {
    let base_url = args
        .target
        .clone()
        .or_else(|| loaded.suite.base_url().cloned())
        .context("the suite names no target; give one with --target URL")?;
    let mut allow = args.allow.iter().map(|text| allowed(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let host =
        base_url.host_str().with_context(|| format!("{base_url} names no host"))?.trim_matches(['[', ']']).to_owned();
    let port = base_url.port_or_known_default();
    if is_loopback(&base_url) {
        allow.push(AllowedTarget { host, port });
    } else if !allow.iter().any(|entry| entry.host == host && entry.port.is_none_or(|allowed| Some(allowed) == port)) {
        anyhow::bail!(
            "{host} is not on this machine, and nobody has allowed load on it; if you may, say so with --allow {host}"
        );
    }
    Ok(Environment {
        name: HERE.parse::<EnvironmentName>()?,
        base_url,
        allow,
        caps: Caps::default(),
        variables: IndexMap::new(),
        labels: Vec::new(),
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn allowed(text: &str) -> anyhow::Result<AllowedTarget> {
    // An IPv6 address has colons of its own: its port follows the bracket.
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, tail) = rest.split_once(']').with_context(|| format!("`{text}` lacks its `]`"))?;
            (host, tail.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (text, None),
        },
    };
    let port = port
        .map(str::parse)
        .transpose()
        .with_context(|| format!("`{text}` has no valid port; write HOST or HOST:PORT"))?;
    Ok(AllowedTarget { host: host.to_owned(), port })
}

/// Waits for this host's turn, saying for whom.
async fn host(args: &RunArgs) -> anyhow::Result<HostLock> {
    let path = args.host.host_lock();
    let note = format!("perflab run {} --scenario {} (pid {})", args.suite, args.scenario, std::process::id());
    let waiting = |whom: &str| eprintln!("waiting: {whom} has this host, one run at a time");
    Ok(host_lock::wait(&path, &note, waiting).await?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("staging.example", "staging.example", None)]
    #[case("staging.example:8443", "staging.example", Some(8443))]
    #[case("10.0.0.7:80", "10.0.0.7", Some(80))]
    #[case("[::1]:8000", "::1", Some(8000))]
    #[case("::1", "::1", None)]
    fn allowed_targets_read_with_and_without_a_port(#[case] text: &str, #[case] host: &str, #[case] port: Option<u16>) {
        let read = allowed(text).expect("a valid entry");
        assert_eq!((read.host.as_str(), read.port), (host, port));
    }

    #[test]
    fn a_port_that_is_no_number_is_refused() {
        assert!(allowed("host:http").is_err());
    }
}
