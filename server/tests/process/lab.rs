//! Labs and workers as processes, and what tests ask of them.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::sys::signal::Signal;
use perflab_mita::{BackgroundTarget, Config};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::{RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Instant,
};

use crate::runner::Process;

/// The suite of all tests: few requests, no warm-up, little patience.
pub(crate) const SUITE: &str = r#"version: 1
suite: probe
flows:
  probe: {steps: [{get: /_probe, name: probe, expect: [200]}]}
classes:
  visitor: {flows: {probe: 1}}
defaults: {executor: constant_rate, rate: 20, max_in_flight: 100, warmup: 0s, graceful_stop: 1s}
thresholds: ["error_rate < 10%"]
scenarios:
  short: {duration: 5s}
  long: {duration: 5m}
  visitors: {executor: constant_vus, users: 2, duration: 3s}
"#;

/// Longest wait for what usually takes a few seconds: other tests keep the machine busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Verdicts depend on how busy the host is: tests of verdicts run alone, all others side by side.
static HOST: RwLock<()> = RwLock::const_new(());

/// For tests that do not mind others.
pub(crate) async fn beside_others() -> RwLockReadGuard<'static, ()> {
    HOST.read().await
}

/// For tests that judge.
pub(crate) async fn alone() -> RwLockWriteGuard<'static, ()> {
    HOST.write().await
}

/// Looks again and again until there is something.
pub(crate) async fn until<T>(what: &str, time: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + time;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {time:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A folder for one test: suites, logs, the lock that stands for its host.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(home.path("suites")).unwrap();
        home.write("suites/probe.yaml", SUITE);
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The binary with nothing of this process's environment that could disturb it.
    pub(crate) fn perflab(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perflab"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("PERFLAB_HOST_LOCK", self.path("host.lock"))
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    fn log(&self, name: &str) -> Stdio {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        file.into()
    }
}

/// A target on threads of this process.
pub(crate) fn target() -> BackgroundTarget {
    let config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
    BackgroundTarget::start(config, 1).unwrap()
}

/// A target with faults from the start.
pub(crate) fn target_with(faults: &str) -> BackgroundTarget {
    let target = target();
    target.target().set_faults(faults.parse().unwrap()).unwrap();
    target
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A lab's process.
pub(crate) struct Lab {
    pub(crate) process: Child,
    pub(crate) url: String,
    client: reqwest::Client,
}

impl Lab {
    /// Starts a lab and waits until it says where it listens. The lease is short, so that tests are.
    pub(crate) async fn start(home: &Home, database: &str, target: &str, more: &[&str]) -> Self {
        let suites = home.path("suites");
        let mut command = home.perflab();
        command.args(["serve", "--listen", "127.0.0.1:0", "--lease", "3s", "--database", database]);
        command.args(["--target", target, "--suites"]).arg(&suites).args(more);
        let mut process = command.stdout(Stdio::piped()).stderr(home.log("lab.log")).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
        let url = said.as_deref().and_then(|line| line.strip_prefix("perflab listens on "));
        let url = url.unwrap_or_else(|| panic!("no lab: {said:?}\n{}", home.read("lab.log"))).to_owned();
        Self { process, url, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    pub(crate) fn pid(&self) -> Process {
        Process(i32::try_from(self.process.id().unwrap()).unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        assert!(reply.status().is_success(), "{path}: {}", reply.text().await.unwrap());
        reply.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let reply = self.client.post(format!("{}{path}", self.url)).json(body).send().await.unwrap();
        assert!(reply.status().is_success(), "{path}: {}", reply.text().await.unwrap());
        reply.json().await.unwrap()
    }

    /// A reply that is still under way.
    pub(crate) async fn open(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// Launches a scenario and gives the run's address.
    pub(crate) async fn launch(&self, scenario: &str, overrides: Value) -> String {
        let body = json!({"suite": "probe", "scenario": scenario, "overrides": overrides});
        let launched = self.post("/api/v1/runs", &body).await;
        format!("/api/v1/runs/{}", launched["id"].as_str().unwrap())
    }

    /// Waits until a run is as wanted, at most that long.
    pub(crate) async fn until(&self, run: &str, what: &str, time: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        until(&format!("{run} is {what}"), time, async || {
            let found = self.get(run).await;
            wanted(&found).then_some(found)
        })
        .await
    }

    pub(crate) async fn state(&self, run: &str, state: &str) -> Value {
        self.until(run, state, PATIENCE, |run| run["row"]["state"] == state).await
    }

    /// Waits until a run is over.
    pub(crate) async fn over(&self, run: &str, time: Duration) -> Value {
        self.until(run, "over", time, |run| {
            ["finished", "failed", "cancelled", "lost"].iter().any(|state| run["row"]["state"] == *state)
        })
        .await
    }

    /// Waits until some seconds of a run are kept.
    pub(crate) async fn under_load(&self, run: &str) -> Value {
        self.until(run, "under load", PATIENCE, |run| run["row"]["headline"]["finished"].as_u64() > Some(20)).await
    }
}

/// A worker's process.
pub(crate) struct Worker(Child);

impl Worker {
    pub(crate) async fn start(home: &Home, database: &str) -> Self {
        let mut command = home.perflab();
        command.args(["worker", "--lease", "3s", "--database", database]);
        Self(command.stdout(Stdio::null()).stderr(home.log("worker.log")).spawn().unwrap())
    }

    pub(crate) fn pid(&self) -> Process {
        Process(i32::try_from(self.0.id().unwrap()).unwrap())
    }
}

/// A lab that works: on SQLite by itself, on Postgres through a worker in another process.
pub(crate) struct Plant {
    pub(crate) lab: Lab,
    worker: Option<Worker>,
}

impl Plant {
    pub(crate) async fn start(home: &Home, database: &str, target: &str) -> Self {
        if database.starts_with("sqlite:") {
            return Self { lab: Lab::start(home, database, target, &[]).await, worker: None };
        }
        let lab = Lab::start(home, database, target, &["--no-worker"]).await;
        Self { lab, worker: Some(Worker::start(home, database).await) }
    }

    /// Kills whoever works, without warning.
    pub(crate) async fn kill_worker(&mut self) {
        let process = match &mut self.worker {
            Some(Worker(process)) => process,
            None => &mut self.lab.process,
        };
        process.kill().await.unwrap();
    }

    /// Starts again what was killed.
    pub(crate) async fn revive(&mut self, home: &Home, database: &str, target: &str) {
        match &mut self.worker {
            Some(worker) => *worker = Worker::start(home, database).await,
            None => self.lab = Lab::start(home, database, target, &[]).await,
        }
    }

    pub(crate) fn worker(&self) -> Process {
        self.worker.as_ref().map_or_else(|| self.lab.pid(), Worker::pid)
    }
}

/// Asks a process to end and waits for its exit.
pub(crate) async fn ended_by(process: &mut Child, signal: Signal, time: Duration) -> Option<i32> {
    Process(i32::try_from(process.id().unwrap()).unwrap()).signal(signal);
    let exit = tokio::time::timeout(time, process.wait()).await;
    exit.unwrap_or_else(|_| panic!("it has not ended within {time:?}")).unwrap().code()
}

/// Whether the numbers of a summary were spoilt only by what else runs on this machine. Then the verdict is another one
/// than the test is about, and rightly; its ledger still tells.
pub(crate) fn is_noisy(summary: &Value) -> bool {
    let noise = ["cpu", "other", "steal", "late", "lag", "generator", "clock", "memory"];
    let spoilt: Vec<&str> = summary["validity"]["signals"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|signal| signal["state"] != "valid")
        .map(|signal| signal["code"].as_str().unwrap())
        .collect();
    if !spoilt.is_empty() {
        eprintln!("spoilt by {spoilt:?}");
    }
    !spoilt.is_empty() && spoilt.iter().all(|code| noise.contains(code))
}

/// What the lab's database file says of itself.
pub(crate) async fn integrity(file: &Path) -> String {
    use sqlx::{Connection, Row};
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    sqlx::raw_sql("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap().get(0)
}
