//! `perflab worker`: takes runs of a lab on the same Postgres.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use perflab_lab::Lab;
use perflab_model::{id::WorkerId, unit::Millis};
use perflab_store::Db;
use tokio_util::sync::CancellationToken;

use super::{
    bounds, exit,
    logging::{self, LogFormat},
    serve::{
        ending::{self, Patience, Signals},
        supervise::Supervisor,
    },
};
use crate::worker::{self, WorkerSettings, child::Allowance, host_lock};

/// What belongs to the host that runs are made on.
#[derive(Debug, Args)]
pub(super) struct HostArgs {
    /// The name of workers whose numbers may be compared; the host's name where nothing is said.
    #[arg(long, env = "PERFLAB_WORKER_CLASS")]
    class: Option<String>,
    /// The file whose lock keeps runs on this host apart.
    #[arg(long, env = "PERFLAB_HOST_LOCK", value_name = "FILE")]
    host_lock: Option<PathBuf>,
    /// The file with the programs that suites may run (YAML); without it they may run none. Only who starts this process can
    /// name it: no suite and no page can.
    #[arg(long, env = "PERFLAB_COMMANDS", value_name = "FILE")]
    commands: Option<PathBuf>,
    /// How long a run may still take when this process is asked to end; one that takes longer by its plan is aborted at once.
    /// What is measured is kept either way.
    #[arg(long, env = "PERFLAB_DRAIN", value_name = "TIME", default_value = "10s")]
    drain: Millis,
    /// How long a run may go without a sign of its worker before it counts as lost (30s; shorter only in tests).
    #[arg(long, env = "PERFLAB_LEASE", value_name = "TIME", hide = true)]
    lease: Option<Millis>,
    /// How long a runner has beyond the planned end of its load (70s; shorter only in tests).
    #[arg(long, env = "PERFLAB_RUNNER_OVERTIME", value_name = "TIME", hide = true)]
    runner_overtime: Option<Millis>,
    /// How long a runner has between SIGTERM and SIGKILL (10s; shorter only in tests).
    #[arg(long, env = "PERFLAB_RUNNER_GRACE", value_name = "TIME", hide = true)]
    runner_grace: Option<Millis>,
}

impl HostArgs {
    /// The lease, where it was given.
    pub(super) fn lease(&self) -> Option<Duration> {
        self.lease.map(Millis::duration)
    }

    /// How long a run may still take when this process is asked to end.
    pub(super) fn drain(&self) -> Duration {
        self.drain.duration()
    }

    /// The file with the programs that suites may run.
    pub(super) fn commands(&self) -> Option<&Path> {
        self.commands.as_deref()
    }

    /// How long is waited for runners.
    fn allowance(&self) -> Allowance {
        let usual = Allowance::default();
        Allowance {
            overtime: self.runner_overtime.map_or(usual.overtime, Millis::duration),
            grace: self.runner_grace.map_or(usual.grace, Millis::duration),
        }
    }

    /// Where the host's lock file lies.
    pub(super) fn host_lock(&self) -> PathBuf {
        self.host_lock.clone().unwrap_or_else(host_lock::default_path)
    }
}

/// Work for a lab.
#[derive(Debug, Args)]
pub(super) struct WorkerArgs {
    /// The lab's Postgres: postgres://user@host/name. Give a password by PGPASSWORD or a file, not here.
    #[arg(long, env = "PERFLAB_DATABASE", hide_env_values = true)]
    database: String,
    /// Where what was measured waits while the database is away; made when it is needed.
    #[arg(long, env = "PERFLAB_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Ports on which a lab listens on this machine: no load goes there.
    #[arg(long, env = "PERFLAB_LAB_PORT", value_name = "PORT", value_delimiter = ',', default_value = "7080")]
    lab_port: Vec<u16>,
    /// How log lines look.
    #[arg(long, env = "PERFLAB_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    #[command(flatten)]
    host: HostArgs,
}

/// The settings of a worker in this process.
pub(super) fn settings(host: &HostArgs, data_dir: &Path, own_ports: Vec<u16>) -> WorkerSettings {
    let name = nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_else(|| "unknown".to_owned());
    WorkerSettings {
        id: WorkerId::new(uuid::Uuid::now_v7()),
        class: host.class.clone().unwrap_or_else(|| name.clone()),
        host: name,
        host_lock: host.host_lock(),
        own_ports,
        drain: host.drain(),
        allowance: host.allowance(),
        commands: host.commands.clone(),
        spool: data_dir.join("spool"),
    }
}

pub(super) fn worker(args: WorkerArgs) -> anyhow::Result<u8> {
    logging::start(args.log_format, "info");
    bounds::not_sqlite(&args.database)?;
    ending::block_on(run(args))
}

async fn run(args: WorkerArgs) -> anyhow::Result<u8> {
    let mut signals = Signals::listen()?;
    let Some(db) = signals.unless_asked(Db::open(&args.database)).await else {
        tracing::info!("asked to end before it had begun");
        return Ok(exit::OK);
    };
    let lab = Lab::new(db?);
    let stop = CancellationToken::new();
    let supervisor = Supervisor::new(stop.clone());
    let settings = settings(&args.host, &args.data_dir, args.lab_port);
    tracing::info!(worker.id = %settings.id, class = settings.class, "the worker waits for runs");
    let keeper = supervisor.keep("keeper", {
        let (lab, lease, stop) = (lab.clone(), args.host.lease(), stop.clone());
        move || worker::keep(lab.clone(), lease, stop.clone())
    });
    let working = supervisor.keep("worker", {
        let (lab, stop) = (lab.clone(), stop.clone());
        move || worker::work(lab.clone(), settings.clone(), stop.clone())
    });
    let under_way = async {
        working.await.ok();
        keeper.await.ok();
        Ok(())
    };
    Patience::draining(args.host.drain()).drain(signals, stop, under_way, lab.db().close()).await?;
    tracing::info!("ended");
    Ok(exit::OK)
}
