//! Labs and workers as processes, and what tests ask of them.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nix::sys::signal::Signal;
use perflab_mita::{BackgroundTarget, Config};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpSocket,
    process::{Child, Command},
    time::Instant,
};

use crate::runner::Process;

/// The suite of all tests: few requests, no warm-up. Open requests get more time at a stop than any of them takes: on a
/// busy machine a runner that is stopped is slow too.
pub(crate) const SUITE: &str = r#"version: 1
suite: probe
flows:
  probe: {steps: [{get: /_probe, name: probe, expect: [200]}]}
classes:
  visitor: {flows: {probe: 1}}
defaults: {executor: constant_rate, rate: 20, max_in_flight: 100, warmup: 0s, graceful_stop: 10s}
thresholds: ["error_rate < 10%"]
scenarios:
  short: {duration: 5s}
  long: {duration: 5m}
  visitors: {executor: constant_vus, users: 2, duration: 3s}
  calm: {executor: constant_vus, users: 4, think: 200ms, duration: 5s}
  quick: {executor: constant_vus, users: 4, think: 200ms, duration: 6s, thresholds: ["p95 < 100ms"]}
"#;

/// Longest wait for what usually takes a few seconds: other tests keep the machine busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The lease of tests that are not about it: nothing is lost because the machine is busy.
const LONG_LEASE: &str = "20s";

/// A test's place on this machine, until it is dropped. Verdicts depend on how busy the machine is: tests of verdicts run
/// alone, all others side by side. A lock on a file, since nextest runs every test in a process of its own.
pub(crate) struct Turn(#[expect(dead_code, reason = "the lock ends with the file")] File);

/// For tests that do not mind others.
pub(crate) async fn beside_others() -> Turn {
    turn(File::lock_shared).await
}

/// For tests that judge. (`.config/nextest.toml` keeps the tests of other binaries away from them.)
pub(crate) async fn alone() -> Turn {
    turn(File::lock).await
}

async fn turn(lock: fn(&File) -> std::io::Result<()>) -> Turn {
    let waiting = tokio::task::spawn_blocking(move || {
        let file = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("process-tests.lock")).unwrap();
        lock(&file).unwrap();
        Turn(file)
    });
    waiting.await.unwrap()
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
pub(crate) struct Home {
    folder: TempDir,
    lease: &'static str,
    variables: Vec<(&'static str, &'static str)>,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::with_lease(LONG_LEASE)
    }

    /// For tests in which runs are lost.
    pub(crate) fn with_lease(lease: &'static str) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap(), lease, variables: Vec::new() };
        std::fs::create_dir(home.path("suites")).unwrap();
        home.write("suites/probe.yaml", SUITE);
        home
    }

    /// For tests in which a runner does not do what it should, and that is not waited for as long as elsewhere.
    pub(crate) fn without_patience(self) -> Self {
        self.with("PERFLAB_RUNNER_OVERTIME", "2s").with("PERFLAB_RUNNER_GRACE", "1s")
    }

    /// One more variable for every process that is started here.
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of a SQLite file in it.
    pub(crate) fn sqlite(&self) -> String {
        format!("sqlite:{}", self.path("data/perflab.sqlite").display())
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
            .env("PERFLAB_LEASE", self.lease)
            // Says who we are to a Postgres. It stands for all that such clients read and runners must not have.
            .env("PGAPPNAME", "perflab tests")
            // Tests see what has reached the lab.
            .env("PERFLAB_LOG", "info,tower_http=debug")
            .envs(self.variables.iter().copied())
            .current_dir(self.folder.path())
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

/// An address at which nobody listens: its port is taken, so that nobody else gets it meanwhile.
pub(crate) struct Nobody(TcpSocket);

impl Nobody {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }
}

pub(crate) fn nobody() -> Nobody {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    Nobody(socket)
}

/// A lab's process.
pub(crate) struct Lab {
    pub(crate) process: Child,
    pub(crate) url: String,
    client: reqwest::Client,
}

impl Lab {
    /// Starts a lab and waits until it says where it listens. A SQLite file is named by its address too.
    pub(crate) async fn start(home: &Home, database: &str, target: &str, more: &[&str]) -> Self {
        Self::start_from(home.perflab(), home, database, target, more).await
    }

    /// The same for a lab that is killed where and when the failpoint says.
    pub(crate) async fn start_to_die(home: &Home, database: &str, target: &str, failpoint: &str) -> Self {
        let mut command = home.perflab();
        command.env("PERFLAB_FAILPOINT", failpoint);
        Self::start_from(command, home, database, target, &[]).await
    }

    async fn start_from(mut command: Command, home: &Home, database: &str, target: &str, more: &[&str]) -> Self {
        let suites = home.path("suites");
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        match sqlite_file(database) {
            Some(file) => command.arg("--data-dir").arg(file.parent().unwrap()),
            None => command.args(["--database", database]),
        };
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

    /// A page, as a browser without scripts gets it.
    pub(crate) async fn page(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.url)).header("accept", "text/html");
        let reply = request.send().await.unwrap();
        assert!(reply.status().is_success(), "{path}: {}", reply.status());
        reply.text().await.unwrap()
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

    /// Waits until a run is over. The lab is not asked all the time: that would be other load on a judged run's machine.
    pub(crate) async fn over(&self, run: &str, time: Duration) -> Value {
        self.until(&format!("{run}?wait=5s"), "over", time, |run| {
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
    pub(crate) fn start(home: &Home, database: &str, more: &[&str]) -> Self {
        let mut command = home.perflab();
        command.args(["worker", "--database", database]).args(more);
        Self(command.stdout(Stdio::null()).stderr(home.log("worker.log")).spawn().unwrap())
    }

    pub(crate) fn pid(&self) -> Process {
        Process(i32::try_from(self.0.id().unwrap()).unwrap())
    }

    pub(crate) async fn exit(&mut self) -> ExitStatus {
        exit(&mut self.0).await
    }

    /// Without warning.
    pub(crate) async fn kill(&mut self) {
        self.0.kill().await.unwrap();
    }
}

async fn exit(process: &mut Child) -> ExitStatus {
    let exit = tokio::time::timeout(PATIENCE, process.wait()).await;
    exit.unwrap_or_else(|_| panic!("it has not ended within {PATIENCE:?}")).unwrap()
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
        Self { lab, worker: Some(Worker::start(home, database, &[])) }
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
            Some(worker) => *worker = Worker::start(home, database, &[]),
            None => self.lab = Lab::start(home, database, target, &[]).await,
        }
    }

    pub(crate) fn worker(&self) -> Process {
        self.worker.as_ref().map_or_else(|| self.lab.pid(), Worker::pid)
    }

    pub(crate) async fn worker_exit(&mut self) -> ExitStatus {
        match &mut self.worker {
            Some(worker) => worker.exit().await,
            None => exit(&mut self.lab.process).await,
        }
    }

    /// What whoever works has logged.
    pub(crate) fn log(&self, home: &Home) -> String {
        home.read(if self.worker.is_some() { "worker.log" } else { "lab.log" })
    }
}

/// Asks a process to end and waits for its exit.
pub(crate) async fn ended_by(process: &mut Child, signal: Signal, time: Duration) -> Option<i32> {
    Process(i32::try_from(process.id().unwrap()).unwrap()).signal(signal);
    let exit = tokio::time::timeout(time, process.wait()).await;
    exit.unwrap_or_else(|_| panic!("it has not ended within {time:?}")).unwrap().code()
}

/// The state of a run's numbers by what other guests and other programs of this machine took from it.
///
/// It is the only thing that a test of verdicts excuses, because no test can keep a shared machine quiet: those two rows
/// may be wrong, and then the verdict must be the one that follows. Any other row that is not valid fails the test; they
/// are kept valid by runs of a few users with little to do.
#[track_caller]
pub(crate) fn host_noise(summary: &Value) -> &'static str {
    let mut worst = "valid";
    for signal in summary["validity"]["signals"].as_array().unwrap() {
        let (code, state) = (signal["code"].as_str().unwrap(), signal["state"].as_str().unwrap());
        if state == "valid" {
            continue;
        }
        assert!(matches!(code, "steal" | "other"), "not the verdict that was meant: {signal:#}");
        eprintln!("this machine was busy: {code} is {state}, {}", signal["value"]);
        worst = if state == "invalid" || worst == "invalid" { "invalid" } else { "suspect" };
    }
    worst
}

fn sqlite_file(database: &str) -> Option<PathBuf> {
    let file = PathBuf::from(database.strip_prefix("sqlite:")?);
    assert!(file.ends_with("perflab.sqlite"), "a lab names its file itself: {}", file.display());
    Some(file)
}

/// What the lab's database file says of itself.
pub(crate) async fn integrity(file: &Path) -> String {
    use sqlx::{Connection, Row};
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    sqlx::raw_sql("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap().get(0)
}
