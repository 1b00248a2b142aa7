//! `perflab serve`: the lab.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use perflab_lab::{Lab, SuiteSource};
use perflab_model::{
    environment::{AllowedTarget, Caps, Environment},
    name::{EnvironmentName, ProjectName},
};
use perflab_store::Db;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    bounds, exit,
    logging::{self, LogFormat},
    worker::{HostArgs, settings},
};
use crate::{
    suite_file, web,
    worker::{
        self,
        host_lock::{self, Asked, HostLock},
    },
};

/// How long requests and runs under way may take at the end.
const DRAIN: Duration = Duration::from_secs(30);

/// Start the lab.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen; a loopback address until this lab has sign-in. Port 0 takes a free one.
    #[arg(long, env = "PERFLAB_LISTEN", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 7080)))]
    listen: SocketAddr,
    /// Where the SQLite file lives; made if missing.
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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(run(args));
    // What still blocks (a name being looked up) must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

async fn run(args: ServeArgs) -> anyhow::Result<u8> {
    let database = match &args.database {
        Some(url) => url.clone(),
        None => sqlite_url(&args.data_dir)?,
    };
    let _alone = match &args.database {
        Some(_) => None,
        None => Some(alone(&args.data_dir)?),
    };
    let db = Db::open(&database).await?;
    let mut lab = Lab::new(db);
    if !args.no_worker {
        lab = lab.with_worker(std::sync::Arc::new(|name: &str| {
            std::env::var_os(name).is_some_and(|value| !value.is_empty())
        }));
    }
    set_up(&lab, &args).await?;

    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}; give another address with --listen", args.listen))?;
    let address = listener.local_addr()?;
    let closing = CancellationToken::new();
    let router = web::router(lab.clone(), closing.clone());

    let keeper = tokio::spawn(worker::keep(lab.clone(), args.host.lease(), closing.clone()));
    let working = (!args.no_worker)
        .then(|| tokio::spawn(worker::work(lab.clone(), settings(&args.host, vec![address.port()]), closing.clone())));

    println!("perflab listens on http://{address}");
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), worker = !args.no_worker, "perflab listens on http://{address}");

    let serving = axum::serve(listener, router).with_graceful_shutdown({
        let closing = closing.clone();
        async move { closing.cancelled().await }
    });
    let signal = tokio::spawn({
        let closing = closing.clone();
        async move {
            asked_to_end().await;
            tracing::info!("asked to end: no new runs, streams close");
            closing.cancel();
            asked_to_end().await;
            tracing::warn!("asked again: ends at once");
            std::process::exit(i32::from(exit::ERROR));
        }
    });
    let ended = async {
        serving.await?;
        keeper.await.ok();
        if let Some(working) = working {
            working.await.ok();
        }
        anyhow::Ok(())
    };
    tokio::pin!(ended);
    let late = async {
        closing.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = &mut ended => ended?,
        () = late => tracing::warn!("not everything ended within {} s", DRAIN.as_secs()),
    }
    signal.abort();
    lab.db().close().await;
    tracing::info!("ended");
    Ok(exit::OK)
}

/// The address of the SQLite file in the data directory, which is made if it is missing.
fn sqlite_url(folder: &Path) -> anyhow::Result<String> {
    std::fs::create_dir_all(folder).with_context(|| {
        format!("the data directory {} cannot be made; give another with --data-dir", folder.display())
    })?;
    Ok(format!("sqlite:{}", folder.join("perflab.sqlite").display()))
}

/// Makes sure that no other lab serves the same SQLite file: each would take itself for the only one, and end the
/// other's runs as lost.
fn alone(folder: &Path) -> anyhow::Result<HostLock> {
    match host_lock::ask(&folder.join("perflab.lock"), &format!("perflab serve (pid {})", std::process::id()))? {
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
        let environment = environment(args.environment.clone(), target)?;
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
fn environment(name: EnvironmentName, target: &Url) -> anyhow::Result<Environment> {
    let host = target
        .host_str()
        .with_context(|| format!("{target} names no host; give an address such as http://127.0.0.1:8000"))?
        .trim_matches(['[', ']'])
        .to_owned();
    Ok(Environment {
        name,
        base_url: target.clone(),
        allow: vec![AllowedTarget { host, port: target.port_or_known_default() }],
        caps: Caps::default(),
        variables: indexmap::IndexMap::new(),
        labels: Vec::new(),
    })
}

/// Comes back when the process is asked to end: Ctrl-C, or SIGTERM.
pub(super) async fn asked_to_end() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be listened for");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => if let Err(error) = interrupted {
            tracing::warn!(%error, "Ctrl-C cannot be listened for");
            std::future::pending::<()>().await;
        },
        () = terminate => {}
    }
}
