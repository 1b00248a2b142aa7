//! Pre-flight: everything that can be known to fail is found before the first request.
//!
//! In:  a [`Job`] and the process's settings. Out: a program that is ready to run, or a stable code and what to do.

use std::sync::Arc;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use perflab_model::{
    load::Load,
    plan::{HttpVersion, Plan},
    runner::{Ending, Job},
};

use crate::{
    flow::{CompileError, Compiler, FeedError, FeedTable, Program},
    guard::{Guard, Origin},
    http::{TlsError, TlsSetup},
    record::{NameId, Names},
    redact::Redactor,
    settings::Settings,
};

/// Descriptors that a run needs besides its connections.
const SPARE_DESCRIPTORS: u64 = 200;

/// The share of local ports that connections to one address may take when none is used twice.
const PORT_SHARE: f64 = 0.8;

/// Why a run does not start.
#[derive(Debug, thiserror::Error)]
enum PreflightError {
    /// More than the environment allows.
    #[error("the plan asks for {asked}, environment `{environment}` allows {cap}")]
    Cap {
        /// The cap's word, for the code.
        which: &'static str,
        /// What the plan asks for.
        asked: String,
        /// What is allowed.
        cap: String,
        /// Whose cap.
        environment: String,
    },
    /// HTTP/2 is agreed on in the TLS handshake.
    #[error("`h2` is spoken over TLS only, and {0} has none: use `h2c` there")]
    PlainH2(Origin),
    /// A load without an end, a rate or users.
    #[error("the plan's load has no stage that lasts")]
    NoLoad,
    /// Open runs need a limit.
    #[error("`max_in_flight` must be at least 1")]
    NoLanes,
    /// Too few file descriptors.
    #[error(
        "{needed} file descriptors are needed (two for each of {connections} connections and {SPARE_DESCRIPTORS} more), this process may have {limit}: raise `ulimit -n` or ask for less"
    )]
    Descriptors {
        /// How many are needed.
        needed: u64,
        /// For how many connections.
        connections: u64,
        /// The hard limit.
        limit: u64,
    },
    /// Too few local ports.
    #[error(
        "without reuse of connections {connections} of them need more than 80 % of this machine's {ports} local ports: allow reuse or ask for less"
    )]
    Ports {
        /// How many connections at once.
        connections: u64,
        /// How many ports there are.
        ports: u64,
    },
    /// A feed cannot be used.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The flows cannot be run.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl PreflightError {
    /// How a run ends that never began. Where load would go may be a secret, and what is wrong with it names it.
    fn ending(&self, redactor: &Redactor) -> Ending {
        let code = match self {
            Self::Cap { which, .. } => &format!("cap.{which}"),
            Self::NoLoad | Self::NoLanes | Self::PlainH2(_) => "plan.invalid",
            Self::Descriptors { .. } => "preflight.descriptors",
            Self::Ports { .. } => "preflight.ports",
            Self::Feed(_) => "feed",
            Self::Compile(CompileError::SecretMissing(_)) => "secret.missing",
            Self::Compile(CompileError::Denied { .. }) => "target.denied",
            Self::Compile(_) => "plan.invalid",
            Self::Tls(_) => "tls",
        };
        let mut message = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(one) = cause {
            message.push_str(": ");
            message.push_str(&one.to_string());
            cause = one.source();
        }
        Ending::Failed { code: code.to_owned(), message: redactor.redact(&message) }
    }
}

/// A run that may begin.
pub(crate) struct Ready {
    pub(crate) program: Arc<Program>,
    pub(crate) names: Names,
    pub(crate) guard: Guard,
    pub(crate) tls: Option<TlsSetup>,
    /// Under which iterations are counted that broke down by our own fault.
    pub(crate) stray: NameId,
    /// Values that must never be shown.
    pub(crate) secrets: Vec<String>,
}

/// Checks a job and makes it ready, or says how a run ends that never began.
pub(crate) fn check(job: &Job, settings: &Settings) -> Result<Ready, Ending> {
    let secrets: Vec<String> = job.plan.secrets().iter().filter_map(|name| settings.secret(name)).collect();
    prepare(job, settings, secrets.clone()).map_err(|error| error.ending(&Redactor::new(secrets)))
}

fn prepare(job: &Job, settings: &Settings, secrets: Vec<String>) -> Result<Ready, PreflightError> {
    let plan = &job.plan;
    check_load(plan)?;
    check_caps(plan)?;
    check_resources(plan)?;
    let guard = Guard::new(plan.environment.allow.clone(), settings.loopback.clone(), settings.denied_ports.clone());
    let feeds = plan
        .feeds
        .iter()
        .map(|feed| {
            let text = job.feeds.get(&feed.name).ok_or_else(|| FeedError::Missing(feed.name.clone()))?;
            FeedTable::read(feed, text)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut names = Names::default();
    let program = Compiler::new(plan, feeds, &guard, settings, &mut names).compile()?;
    let stray = names.intern_own("(iteration)");
    if plan.http.version == HttpVersion::H2
        && let Some(plain) = program.origins().into_iter().find(|origin| !origin.tls)
    {
        return Err(PreflightError::PlainH2(plain.clone()));
    }
    // Roots are read from files: only for runs that may need them.
    let speaks_tls = program.base.origin.tls || plan.http.version != HttpVersion::H2c;
    let key = plan.http.client_certificate.as_ref().map(|own| &own.key_secret);
    let key =
        key.map(|name| settings.secret(name).ok_or_else(|| CompileError::SecretMissing(name.clone()))).transpose()?;
    let tls = match TlsSetup::new(&plan.http, key.as_deref(), &settings.extra_roots) {
        Ok(tls) => Some(tls).filter(|_| speaks_tls),
        // A run that may not speak TLS at all does without the platform's roots, not without what the suite asks for.
        Err(TlsError::Roots(_)) if !program.base.origin.tls => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Ready { program: Arc::new(program), names, guard, tls, stray, secrets })
}

fn check_load(plan: &Plan) -> Result<(), PreflightError> {
    if plan.load.duration().get() == 0 {
        return Err(PreflightError::NoLoad);
    }
    match &plan.load {
        Load::Open { limits, .. } if limits.max_in_flight == 0 => Err(PreflightError::NoLanes),
        _ => Ok(()),
    }
}

/// The lab has checked the same at launch; a plan that came another way must not slip through.
fn check_caps(plan: &Plan) -> Result<(), PreflightError> {
    let caps = plan.environment.caps;
    let above = |which, asked: String, cap: String| {
        Err(PreflightError::Cap { which, asked, cap, environment: plan.environment.name.to_string() })
    };
    // Not the most at once: goose makes every user that the plan ever starts before the first of them starts.
    if let Some(users) = plan.load.users_started().filter(|users| *users > u64::from(caps.users)) {
        return above("users", format!("{users} users"), caps.users.to_string());
    }
    if let Some(rate) = plan.load.peak_rate().filter(|rate| *rate > caps.rate) {
        return above("rate", rate.to_string(), caps.rate.to_string());
    }
    if let Load::Open { limits, .. } = &plan.load
        && limits.max_in_flight > caps.in_flight
    {
        return above("in_flight", format!("{} iterations at once", limits.max_in_flight), caps.in_flight.to_string());
    }
    let duration = plan.load.duration();
    if duration > caps.duration {
        return above("duration", duration.to_string(), caps.duration.to_string());
    }
    Ok(())
}

/// Most connections at once.
fn connections(plan: &Plan) -> u64 {
    match &plan.load {
        Load::Open { limits, .. } => u64::from(limits.max_in_flight),
        Load::Closed { .. } => u64::from(plan.load.peak_users().unwrap_or(0)),
    }
}

fn check_resources(plan: &Plan) -> Result<(), PreflightError> {
    let connections = connections(plan);
    let needed = 2 * connections + SPARE_DESCRIPTORS;
    let limit = raise_descriptors();
    if limit < needed {
        return Err(PreflightError::Descriptors { needed, connections, limit });
    }
    if !plan.http.reuse
        && let Some(ports) = local_ports()
        && connections as f64 > ports as f64 * PORT_SHARE
    {
        return Err(PreflightError::Ports { connections, ports });
    }
    Ok(())
}

/// Raises the soft limit to the hard one; gives back what holds then.
fn raise_descriptors() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return u64::MAX };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft }
}

fn local_ports() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ends = text.split_whitespace().map_while(|end| end.parse::<u64>().ok());
    let (low, high) = (ends.next()?, ends.next()?);
    high.checked_sub(low).map(|between| between + 1)
}
