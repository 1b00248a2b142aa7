//! `perflab serve`: the lab.

pub(super) mod ending;
pub(super) mod supervise;

use std::{
    ffi::OsStr,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use axum::Extension;
use clap::Args;
use perflab_lab::{Lab, SuiteSource};
use perflab_model::{
    environment::{AllowedTarget, Caps, Environment, History, Vouch},
    name::{EnvironmentName, ProjectName},
};
use perflab_store::Db;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::{
    ending::{Patience, Signals},
    supervise::Supervisor,
};
use super::{
    bounds, exit,
    logging::{self, LogFormat},
    person::person,
    worker::{HostArgs, settings},
};
use crate::{
    suite_file, web,
    worker::{
        self,
        host_lock::{self, Asked, HostLock},
    },
};

/// Start the lab.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen; a loopback address until this lab has sign-in. Port 0 takes a free one.
    #[arg(long, env = "PERFLAB_LISTEN", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 7080)))]
    listen: SocketAddr,
    /// Where the SQLite file lives, and what it does not take for a while; made if missing.
    #[arg(long, env = "PERFLAB_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
    /// A Postgres instead: postgres://user@host/name. Give a password by PGPASSWORD or a file, not here.
    #[arg(long, env = "PERFLAB_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Do not work: runs wait for a `perflab worker` elsewhere.
    #[arg(long)]
    no_worker: bool,
    /// The project to have from the start.
    #[arg(long, default_value = "MITA")]
    project: ProjectName,
    /// The base URL of a target to have an environment for from the start.
    #[arg(long, value_name = "URL")]
    target: Option<Url>,
    /// Also allow load of that environment on this target, as HOST, HOST:PORT, https://HOST:PORT or 10.1.0.0/16:PORT; may be
    /// given several times.
    #[arg(long, value_name = "TARGET", requires = "target")]
    allow: Vec<AllowedTarget>,
    /// Vouch for that environment, with a reason: targets on other machines are then not asked whether they agree to load.
    /// Its reports name who vouched.
    #[arg(long, value_name = "REASON", requires = "target", value_parser = super::run::reason)]
    vouch: Option<String>,
    /// Mark that environment as one whose certificates are not verified. Its reports say so.
    #[arg(long, requires = "target")]
    insecure_tls: bool,
    /// The branch whose runs are the baseline of all others on that environment.
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    baseline_branch: String,
    /// Let the lab run load on that environment up to twice more by itself where a comparison is undecided. Benchmark suites
    /// are always repeated.
    #[arg(long, requires = "target")]
    repeat_load: bool,
    /// The name of that environment.
    #[arg(long, default_value = "local reference")]
    environment: EnvironmentName,
    /// A folder of suite files to have from the start; changed ones become new versions.
    #[arg(long, value_name = "DIR")]
    suites: Option<PathBuf>,
    /// How log lines look.
    #[arg(long, env = "PERFLAB_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    #[command(flatten)]
    host: HostArgs,
}

pub(super) fn serve(args: ServeArgs) -> anyhow::Result<u8> {
    logging::start(args.log_format, "info");
    bounds::loopback_only(args.listen)?;
    if let Some(database) = &args.database {
        bounds::not_sqlite(database)?;
    }
    ending::block_on(run(args))
}

async fn run(args: ServeArgs) -> anyhow::Result<u8> {
    let mut signals = Signals::listen()?;
    let Some(begun) = signals.unless_asked(begin(&args)).await else {
        tracing::info!("asked to end before it had begun");
        return Ok(exit::OK);
    };
    let Begun { lab, listener, _alone } = begun?;
    let address = listener.local_addr()?;
    let closing = CancellationToken::new();
    let supervisor = Supervisor::new(closing.clone());
    let router = web::router(lab.clone(), closing.clone()).layer(Extension(supervisor.down()));

    let keeper = supervisor.keep("keeper", {
        let (lab, lease, closing) = (lab.clone(), args.host.lease(), closing.clone());
        move || worker::keep(lab.clone(), lease, closing.clone())
    });
    let working = (!args.no_worker).then(|| {
        let (lab, settings, closing) =
            (lab.clone(), settings(&args.host, &args.data_dir, vec![address.port()]), closing.clone());
        supervisor.keep("worker", move || worker::work(lab.clone(), settings.clone(), closing.clone()))
    });

    println!("perflab listens on http://{address}");
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), worker = !args.no_worker, "perflab listens on http://{address}");

    let serving = axum::serve(listener, router).with_graceful_shutdown({
        let closing = closing.clone();
        async move { closing.cancelled().await }
    });
    let under_way = async {
        serving.await?;
        keeper.await.ok();
        if let Some(working) = working {
            working.await.ok();
        }
        Ok(())
    };
    Patience::draining(args.host.drain()).drain(signals, closing, under_way, lab.db().close()).await?;
    tracing::info!("ended");
    Ok(exit::OK)
}

/// A lab that is ready to be served.
struct Begun {
    lab: Lab,
    listener: TcpListener,
    _alone: Option<HostLock>,
}

/// Everything up to the port: from then on the lab answers.
async fn begin(args: &ServeArgs) -> anyhow::Result<Begun> {
    let (database, alone) = match &args.database {
        Some(url) => (url.clone(), None),
        None => (sqlite_url(&args.data_dir)?, Some(alone(&args.data_dir)?)),
    };
    let mut lab = Lab::new(Db::open(&database).await?);
    if !args.no_worker {
        lab = lab.with_worker(std::sync::Arc::new(|name: &str| is_secret(name, std::env::var_os(name).as_deref())));
    }
    set_up(&lab, args).await?;
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}; give another address with --listen", args.listen))?;
    Ok(Begun { lab, listener, _alone: alone })
}

/// Whether a variable with this value can be a suite's secret: runners do not inherit what is the lab's own, so to them it
/// is not set.
fn is_secret(name: &str, value: Option<&OsStr>) -> bool {
    !worker::child::is_own_variable(name) && value.is_some_and(|value| !value.is_empty())
}

/// The address of the SQLite file in the data directory, which is made if it is missing.
pub(super) fn sqlite_url(folder: &Path) -> anyhow::Result<String> {
    std::fs::create_dir_all(folder).with_context(|| {
        format!("the data directory {} cannot be made; give another with --data-dir", folder.display())
    })?;
    Ok(format!("sqlite:{}", folder.join("perflab.sqlite").display()))
}

/// Makes sure that no other lab serves the same SQLite file: each would take itself for the only one, and end the
/// other's runs as lost.
pub(super) fn alone(folder: &Path) -> anyhow::Result<HostLock> {
    match host_lock::ask_in_folder(
        &folder.join("perflab.lock"),
        &format!("perflab serve (pid {})", std::process::id()),
    )? {
        Asked::Taken(lock) => Ok(lock),
        Asked::HeldBy(whom) => anyhow::bail!(
            "{whom} already serves the data in {}; stop it, or give another folder with --data-dir",
            folder.display()
        ),
    }
}

/// Project, environment and suites from the start.
async fn set_up(lab: &Lab, args: &ServeArgs) -> anyhow::Result<()> {
    let project = lab.ensure_project(&args.project).await?;
    if let Some(target) = &args.target {
        let environment = environment(args, target)?;
        lab.put_environment(project, &environment).await?;
    }
    let Some(folder) = &args.suites else { return Ok(()) };
    let entries = std::fs::read_dir(folder).with_context(|| {
        format!("the folder of suites {} cannot be read; give another with --suites", folder.display())
    })?;
    let mut paths = entries.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect::<Vec<_>>();
    paths.retain(|path| path.extension().is_some_and(|end| end == "yaml" || end == "yml"));
    paths.sort();
    for path in paths {
        // One wrong file must not keep the lab from starting: it is told and left out.
        match suite_file::load(&path) {
            Ok(loaded) => {
                let source = SuiteSource::new(&loaded.suite, loaded.text, loaded.files);
                lab.put_suite(project, &source).await?;
                tracing::info!(suite = %source.name, version = &source.sha256[..7], "suite {} from {}", source.name, path.display());
            }
            Err(error) => tracing::error!(file = %path.display(), "left out: {error}"),
        }
    }
    Ok(())
}

/// An environment for a target that this machine can reach under the given address, with the default caps.
fn environment(args: &ServeArgs, target: &Url) -> anyhow::Result<Environment> {
    let host = target
        .host_str()
        .with_context(|| format!("{target} names no host; give an address such as http://127.0.0.1:8000"))?;
    let mut allow = vec![AllowedTarget::of_host(host, target.port_or_known_default())?];
    allow.extend(args.allow.iter().cloned());
    Ok(Environment {
        name: args.environment.clone(),
        base_url: target.clone(),
        allow,
        caps: Caps::default(),
        variables: indexmap::IndexMap::new(),
        labels: Vec::new(),
        vouched: args.vouch.clone().map(|reason| Vouch { by: person(), reason }),
        unverified_tls: args.insecure_tls.then(|| Vouch { by: person(), reason: "--insecure-tls".to_owned() }),
        history: History { baseline_branch: args.baseline_branch.clone(), repeat_load: args.repeat_load },
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::set("LOAD_PW", Some("secret"), true)]
    #[case::empty("LOAD_PW", Some(""), false)]
    #[case::missing("LOAD_PW", None, false)]
    #[case::of_the_labs_database("PGPASSWORD", Some("secret"), false)]
    #[case::of_the_lab("PERFLAB_DATABASE", Some("postgres://lab"), false)]
    fn a_secret_counts_as_set_only_where_a_runner_gets_it(
        #[case] name: &str,
        #[case] value: Option<&str>,
        #[case] set: bool,
    ) {
        assert_eq!(is_secret(name, value.map(OsStr::new)), set);
    }
}
