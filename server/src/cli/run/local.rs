//! A run without any lab: plan, drive, judge, print.

use anyhow::Context as _;
use indexmap::IndexMap;
use perflab_model::{
    bench::WHOLE_SUITE,
    environment::{AllowedTarget, Caps, Environment, Scheme, Vouch},
    id::RunId,
    name::EnvironmentName,
    plan::{Plan, PlanProject},
    run::Cancel,
    runner::Job,
    suite::{PlanError, PlanRequest},
    validity::ValidityState,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use url::Url;

use super::{super::person::person, Became, Measured, RunOptions, Wish, document, exit, report, terminal::Terminal};
use crate::{
    suite_file::LoadedSuite,
    worker::{
        drive::{Asked, Host, drive},
        host_lock::{self, HostLock},
    },
};

/// Stands in the environment of a suite that sends no requests: an environment has an address.
const NO_TARGET: &str = "http://127.0.0.1";

/// The environment's name in runs without a lab.
const HERE: &str = "command line";

/// Whether a run could be carried out: the exit code if not, with everything that stands in its way said.
pub(in crate::cli) fn check(wish: &Wish<'_>, loaded: &LoadedSuite) -> Result<(), u8> {
    plan(wish, loaded).map(drop)
}

/// The plan of a new run, or the exit code when there is none.
fn plan(wish: &Wish<'_>, loaded: &LoadedSuite) -> Result<Plan, u8> {
    let environment = environment(wish.options, loaded).map_err(|error| {
        eprintln!("{error:#}");
        exit::USAGE
    })?;
    let id = RunId::new(uuid::Uuid::now_v7());
    let (high, low) = id.uuid().as_u64_pair();
    let overrides = wish.options.overrides();
    let request = PlanRequest {
        run: id,
        scenario: wish.scenario,
        environment,
        overrides: &overrides,
        seed: (high ^ low) & ((1 << 53) - 1),
    };
    let mut plan = loaded.suite.plan(request).map_err(|errors| {
        for error in errors.iter() {
            let problem = error.field_problem();
            eprintln!("{}: {}", problem.field, problem.message);
            if let Some(hint) = problem.hint {
                eprintln!("  {hint}");
            }
            // Nobody administers this environment but who calls.
            if matches!(error, PlanError::RateAboveCap { .. }) {
                eprintln!("  here --max-rate raises it");
            }
        }
        exit::USAGE
    })?;
    let name = wish.options.project.clone().or_else(|| loaded.suite.name.as_str().parse().ok());
    plan.project = name.map(|name| PlanProject { name, id: None });
    Ok(plan)
}

pub(in crate::cli) async fn run(wish: &Wish<'_>, loaded: &LoadedSuite, orders: &mut Orders) -> anyhow::Result<Became> {
    let plan = match plan(wish, loaded) {
        Ok(plan) => plan,
        Err(code) => return Ok(Became::only(code)),
    };
    let asked_nothing = plan.rules.is_empty();
    let feeds =
        plan.feeds.iter().filter_map(|feed| Some((feed.name.clone(), loaded.files.get(&feed.file)?.clone()))).collect();
    let job = Job { plan, feeds };

    if let Some(path) = wish.json {
        document::clear(path)?;
    }
    let _lock = tokio::select! {
        lock = host(wish) => lock?,
        _ = orders.changed() => return Ok(Became::only(exit::INCONCLUSIVE)),
    };
    let mut terminal = Terminal::new(&job.plan);
    let revision = wish.options.revision();
    let host = Host { commands: wish.options.host.commands(), ..Host::default() };
    let driven =
        drive(&job, &revision, None, &mut terminal, orders.clone(), host, || jiff::Timestamp::now().as_microsecond())
            .await;
    terminal.end();

    let summary = driven.outcome.summary;
    print!("{}", report::text(&summary, &driven.end));
    if let Some(path) = wish.json {
        document::write(path, &summary)?;
    }
    // A file that asks nothing is only measured: good numbers are all it wants.
    let only_measured =
        asked_nothing && summary.validity.state == ValidityState::Valid && driven.end.code == "completed";
    let code = if only_measured { exit::OK } else { wish.options.exit_code(driven.end.state, summary.gate) };
    let (target, load) = (job.plan.environment.base_url, job.plan.load);
    Ok(Became { code, measured: Some(Box::new(Measured { target, load, end: driven.end, summary })) })
}

/// What a person asks of the runs of this process.
pub(in crate::cli) type Orders = watch::Receiver<Option<Asked>>;

/// What is asked of the run by signals: Ctrl-C stops it gracefully, a second one aborts. SIGTERM aborts at once, for
/// whoever sends it waits only seconds before it kills, and the summary is still to be written.
pub(in crate::cli) fn orders() -> anyhow::Result<Orders> {
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
pub(in crate::cli) fn environment(args: &RunOptions, loaded: &LoadedSuite) -> anyhow::Result<Environment> {
    let base_url = args
        .target
        .clone()
        .or_else(|| loaded.suite.base_url().cloned())
        .or_else(|| if loaded.suite.sends_requests() { None } else { NO_TARGET.parse().ok() })
        .context("the suite names no target; give one with --target URL")?;
    let mut allow = args.allow.clone();
    let host = base_url.host_str().with_context(|| format!("{base_url} names no host"))?;
    if is_loopback(&base_url) {
        allow.push(AllowedTarget::of_host(host, base_url.port_or_known_default())?);
    } else if !covered(&allow, &base_url) {
        anyhow::bail!(
            "{host} is not on this machine, and nobody has allowed load on it; if you may, say so with --allow {host}"
        );
    }
    Ok(Environment {
        name: HERE.parse::<EnvironmentName>()?,
        base_url,
        allow,
        caps: args.max_rate.map_or_else(Caps::default, |rate| Caps { rate, ..Caps::default() }),
        variables: IndexMap::new(),
        labels: Vec::new(),
        vouched: args.vouch.clone().map(|reason| Vouch { by: person(), reason }),
        unverified_tls: args.insecure_tls.then(|| Vouch { by: person(), reason: "--insecure-tls".to_owned() }),
        history: perflab_model::environment::History::default(),
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

/// Whether the list covers the address, as far as can be told before its name is resolved.
fn covered(allow: &[AllowedTarget], url: &Url) -> bool {
    let scheme = if url.scheme() == "https" { Scheme::Https } else { Scheme::Http };
    let Some(port) = url.port_or_known_default() else { return false };
    allow.iter().any(|entry| match url.host() {
        Some(url::Host::Domain(name)) => entry.covers_name(scheme, name, port),
        Some(url::Host::Ipv4(ip)) => entry.covers_address(scheme, ip.into(), port),
        Some(url::Host::Ipv6(ip)) => entry.covers_address(scheme, ip.into(), port),
        None => false,
    })
}

/// Waits for this host's turn, saying for whom.
pub(in crate::cli) async fn host(wish: &Wish<'_>) -> anyhow::Result<HostLock> {
    let path = wish.options.host.host_lock();
    let scenario = match wish.scenario.as_str() {
        WHOLE_SUITE => String::new(),
        name => format!(" --scenario {name}"),
    };
    let note = format!("perflab run {}{scenario} (pid {})", wish.suite, std::process::id());
    let waiting = |whom: &str| eprintln!("waiting: {whom} has this host, one run at a time");
    Ok(host_lock::wait(&path, &note, waiting).await?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://staging.example:8080", "staging.example", true)]
    #[case("http://staging.example:8080", "https://staging.example:8080", false)]
    #[case("https://staging.example", "https://staging.example", true)]
    #[case("http://10.1.2.3:8080", "10.1.0.0/16:8080", true)]
    #[case("http://10.2.2.3:8080", "10.1.0.0/16:8080", false)]
    #[case("http://[fd00::7]", "[fd00::]/8", true)]
    fn a_target_elsewhere_must_be_on_the_list(#[case] url: &str, #[case] entry: &str, #[case] is_covered: bool) {
        let url = url.parse().expect("an address");
        assert_eq!(covered(&[entry.parse().expect("an entry")], &url), is_covered);
    }
}
