//! Pre-flight: everything that can be known to fail is found before the first request.
//!
//! In:  a [`Job`] and the process's settings. Out: a program that is ready to run, or a stable code and what to do.

mod resources;

use std::sync::Arc;

use perflab_model::{
    load::Load,
    plan::{HttpVersion, Plan},
    runner::{Ending, Job},
};

use self::resources::Short;
use crate::{
    flow::{CompileError, Compiler, FeedError, FeedTable, Program},
    guard::{Guard, Origin},
    http::{TlsError, TlsSetup},
    record::{NameId, Names},
    redact::Redactor,
    settings::Settings,
};

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
    /// Each part of a run has a runner of its own.
    #[error("a runner carries out one part of a run, and this plan is of another number of them")]
    SeveralParts,
    /// Open runs need a limit.
    #[error("`max_in_flight` must be at least 1")]
    NoLanes,
    /// The machine cannot carry it.
    #[error(transparent)]
    Resources(#[from] Short),
    /// Certificates that are not to be verified where nobody has allowed that.
    #[error(
        "certificates are not to be verified (tls_verify: false), and no administrator has marked the environment `{0}` for that"
    )]
    TlsUnmarked(String),
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
            Self::NoLoad | Self::NoLanes | Self::SeveralParts | Self::PlainH2(_) => "plan.invalid",
            Self::Resources(short) => short.code(),
            Self::TlsUnmarked(_) => "tls.unmarked",
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
    /// What may become too little while it runs, a sentence each.
    pub(crate) warnings: Vec<String>,
}

/// Checks a job and makes it ready, or says how a run ends that never began.
pub(crate) fn check(job: &Job, settings: &Settings) -> Result<Ready, Ending> {
    let secrets: Vec<String> = job.plan.secrets().iter().filter_map(|name| settings.secret(name)).collect();
    prepare(job, settings, secrets.clone()).map_err(|error| error.ending(&Redactor::new(secrets)))
}

/// The same for a job that sends no request.
pub(crate) fn check_without_requests(job: &Job, settings: &Settings) -> Result<(), Ending> {
    let secrets: Vec<String> = job.plan.secrets().iter().filter_map(|name| settings.secret(name)).collect();
    let checked = check_load(&job.plan).and_then(|()| check_caps(&job.plan));
    checked.map_err(|error| error.ending(&Redactor::new(secrets)))
}

fn prepare(job: &Job, settings: &Settings, secrets: Vec<String>) -> Result<Ready, PreflightError> {
    let plan = &job.plan;
    check_load(plan)?;
    check_caps(plan)?;
    // The lab has refused it already; a plan that came another way must not slip through.
    if plan.lacks_tls_mark() {
        return Err(PreflightError::TlsUnmarked(plan.environment.name.to_string()));
    }
    let warnings = resources::check(job)?;
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
    let tls = match TlsSetup::new(plan, key.as_deref(), &settings.extra_roots) {
        Ok(tls) => Some(tls).filter(|_| speaks_tls),
        // A run that may not speak TLS at all does without the platform's roots, not without what the suite asks for.
        Err(TlsError::Roots(_)) if !program.base.origin.tls => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Ready { program: Arc::new(program), names, guard, tls, stray, secrets, warnings })
}

fn check_load(plan: &Plan) -> Result<(), PreflightError> {
    if plan.load.duration().get() == 0 {
        return Err(PreflightError::NoLoad);
    }
    match &plan.load {
        Load::Combined { parts } if parts.len() != 1 => Err(PreflightError::SeveralParts),
        load if load.max_in_flight() == Some(0) => Err(PreflightError::NoLanes),
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
    if let Some(asked) = plan.load.max_in_flight().filter(|asked| *asked > caps.in_flight) {
        return above("in_flight", format!("{asked} iterations at once"), caps.in_flight.to_string());
    }
    let duration = plan.load.duration();
    if duration > caps.duration {
        return above("duration", duration.to_string(), caps.duration.to_string());
    }
    Ok(())
}
