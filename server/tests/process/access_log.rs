//! The books of the generator against the books of servers that know nothing of it: each request that perflab says has
//! ended is a line of the server's own access log, and each line is such a request.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio};

use perflab_mita::{BackgroundTarget, Config, Secret};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{
    command_line::perflab,
    lab::{Home, PATIENCE, beside_others, until},
};

/// Pages that are there, one that is not, by every executor. Nothing is left out at the beginning, and nothing is cut off
/// at the end.
const SUITE: &str = r#"version: 1
suite: files
flows:
  visit:
    steps:
      - {get: /index.html, name: index, expect: [200]}
      - {get: /data.json, name: data, expect: [200]}
      - {get: /missing.html, name: missing, expect: [200]}
classes:
  visitor: {think: 50ms, flows: {visit: 1}}
defaults: {warmup: 0s, graceful_stop: 30s, max_in_flight: 200}
scenarios:
  open: {executor: constant_rate, rate: 10, duration: 3s}
  closed: {executor: constant_vus, users: 3, duration: 2s}
  ramping_rate: {executor: ramping_rate, stages: [{to: 12, for: 1s}, {to: 12, for: 1s}]}
  ramping_vus: {executor: ramping_vus, stages: [{to: 3, for: 1s}, {to: 3, for: 1s}]}
  spike: {executor: spike, of: rate, base: 4, peak: 12, before: 500ms, at_peak: 1s, after: 500ms}
  soak: {executor: soak, of: users, level: 3, hold: 2s}
  staircase: {executor: staircase, of: rate, first: 6, step: 6, steps: 2, each: 1s}
  shared: {executor: shared_iterations, users: 3, iterations: 20}
  each: {executor: per_user_iterations, users: 3, iterations: 7}
  both:
    parts:
      users: {executor: constant_vus, users: 2, duration: 2s}
      rate: {executor: constant_rate, rate: 10, duration: 1s, start_after: 500ms}
"#;

/// The scenarios of [`SUITE`], with the starts of those that say how many there are.
const SCENARIOS: [(&str, Option<u64>); 10] = [
    ("open", Some(30)),
    ("closed", None),
    ("ramping_rate", Some(18)),
    ("ramping_vus", None),
    ("spike", Some(16)),
    ("soak", None),
    ("staircase", Some(18)),
    ("shared", Some(20)),
    ("each", Some(21)),
    ("both", None),
];

/// A web server in a process of its own that writes down what it is asked.
struct WebServer {
    _process: Child,
    url: String,
    log: PathBuf,
}

impl WebServer {
    /// The server that comes with Python; it must be there where CI runs.
    async fn python(home: &Home) -> Option<Self> {
        if !is_installed("python3").await {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI is set, but there is no python3");
            eprintln!("skipped: there is no python3 whose web server could be asked for its log");
            return None;
        }
        let log = home.write("access.log", "");
        let mut process = Command::new("python3")
            .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"])
            .arg(files(home))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // "Serving HTTP on 127.0.0.1 port 43210 (http://127.0.0.1:43210/) ..."
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        let url = said.split(['(', ')']).nth(1).unwrap().trim_end_matches('/').to_owned();
        Some(Self { _process: process, url, log })
    }

    /// nginx, where somebody has installed it.
    async fn nginx(home: &Home) -> Option<Self> {
        if !is_installed("nginx").await {
            eprintln!("skipped: there is no nginx");
            return None;
        }
        let (log, files) = (home.path("access.log"), files(home));
        std::fs::create_dir(home.path("temp")).unwrap();
        // It cannot choose a port by itself, and a free one may be taken meanwhile.
        for _ in 0..5 {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|kind| format!("{kind}_temp_path {};", home.path("temp").join(kind).display()))
                .join(" ");
            let settings = format!(
                "daemon off; master_process off; pid {pid}; error_log {error}; events {{}} \
                 http {{ access_log {log}; {temporary} \
                 server {{ listen {free}; root {files}; }} }}",
                pid = home.path("nginx.pid").display(),
                error = home.path("error.log").display(),
                log = log.display(),
                files = files.display(),
            );
            let mut process = Command::new("nginx")
                .arg("-c")
                .arg(home.write("nginx.conf", &settings))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let answers = until("nginx answers or has ended", PATIENCE, async || {
                if process.try_wait().unwrap().is_some() {
                    return Some(false);
                }
                tokio::net::TcpStream::connect(free).await.is_ok().then_some(true)
            })
            .await;
            if answers {
                return Some(Self { _process: process, url: format!("http://{free}"), log });
            }
        }
        panic!("nginx does not start: {}", home.read("error.log"));
    }

    /// How often each file was asked for, by the server's own log.
    fn asked(&self) -> BTreeMap<String, u64> {
        let mut asked = BTreeMap::new();
        for line in std::fs::read_to_string(&self.log).unwrap().lines() {
            if let Some((_, rest)) = line.split_once("\"GET ") {
                *asked.entry(rest.split(' ').next().unwrap().to_owned()).or_insert(0) += 1;
            }
        }
        asked
    }
}

async fn is_installed(program: &str) -> bool {
    let asked = Command::new(program).arg(if program == "nginx" { "-v" } else { "--version" }).output().await;
    asked.is_ok_and(|output| output.status.success())
}

/// The folder that is served.
fn files(home: &Home) -> PathBuf {
    let folder = home.path("files");
    std::fs::create_dir_all(&folder).unwrap();
    home.write("files/index.html", "<!doctype html><title>files</title>");
    home.write("files/data.json", "{\"rows\": []}");
    folder
}

/// Carries out a scenario and gives its summary.
async fn measured(home: &Home, args: &[&str]) -> Value {
    let output = perflab(home, &[&["run"], args, &["--json", "summary.json"]].concat()).await;
    serde_json::from_str(&home.read("summary.json")).unwrap_or_else(|_| panic!("no summary: {output:?}"))
}

/// Requests of a summary by name.
fn finished(summary: &Value) -> BTreeMap<String, u64> {
    let requests = summary["requests"].as_array().unwrap().iter();
    requests
        .map(|request| (request["name"].as_str().unwrap().to_owned(), request["finished"].as_u64().unwrap()))
        .collect()
}

async fn compare(home: &Home, server: &WebServer) {
    home.write("suites/files.yaml", SUITE);
    let mut before: BTreeMap<String, u64> = BTreeMap::new();
    for (scenario, starts) in SCENARIOS {
        let args = ["suites/files.yaml", "--scenario", scenario, "--target", &server.url];
        let summary = measured(home, &args).await;
        let totals = &summary["totals"];
        assert_eq!(totals["aborted"], 0, "{summary:#}");
        let finished = finished(&summary);
        let by_file = [("/index.html", "index"), ("/data.json", "data"), ("/missing.html", "missing")];
        let expected: BTreeMap<String, u64> = by_file
            .into_iter()
            .map(|(file, name)| (file.to_owned(), before.get(file).copied().unwrap_or_default() + finished[name]))
            .collect();
        // A server may write its line after its answer has arrived.
        let sum = |books: &BTreeMap<String, u64>| books.values().sum::<u64>();
        let asked = until("the log is as long as the books", PATIENCE, async || {
            let asked = server.asked();
            (sum(&asked) >= sum(&expected)).then_some(asked)
        })
        .await;
        assert_eq!(asked, expected, "{scenario}: {summary:#}");
        assert_eq!(totals["finished"], sum(&finished), "{scenario}");
        assert!(sum(&finished) > 20, "{scenario}: too few to compare: {finished:?}");
        assert_eq!(totals["failed"], finished["missing"], "{scenario}: every missing page has failed, and no other");
        if let Some(starts) = starts {
            assert_eq!(totals["planned"], starts, "{scenario}");
        }
        assert_eq!(totals["started"], finished["index"], "{scenario}: each start asks for the first page once");
        before = asked;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_what_pythons_web_server_has_logged() {
    let _turn = beside_others().await;
    let home = Home::new();
    if let Some(server) = WebServer::python(&home).await {
        compare(&home, &server).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_what_nginx_has_logged() {
    let _turn = beside_others().await;
    let home = Home::new();
    if let Some(server) = WebServer::nginx(&home).await {
        compare(&home, &server).await;
    }
}

/// The shipped suite with nothing left out at the beginning.
fn write_shipped_suite(home: &Home) {
    let shipped = |name: &str| {
        let path = format!("{}/../suites/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let suite = shipped("mita-load.yaml");
    assert!(suite.contains("warmup: ramp"), "the suite leaves out something else now");
    home.write("suites/mita.yaml", &suite.replace("warmup: ramp", "warmup: 0s"));
    home.write("suites/users.csv", &shipped("users.csv"));
}

/// What the target says at `/_stats` of everybody but those who ask for it.
async fn stats(target: &BackgroundTarget) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let reply = client.get(format!("{}/_stats", target.target().url())).send().await.unwrap();
    let mut stats: Value = reply.json().await.unwrap();
    stats["answered"].as_array_mut().unwrap().retain(|answered| !answered["path"].as_str().unwrap().starts_with("/_"));
    stats
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_of_the_reference_target_agree_while_it_fails() {
    let _turn = beside_others().await;
    let home = Home::new();
    write_shipped_suite(&home);
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        hash_cost: 4,
        load_users: 100,
        load_password: Some(Secret::new("Load-test-only-1!")),
        faults: r#"{"errors": {"rate": 0.2}, "resets": {"rate": 0.1}}"#.parse().unwrap(),
        ..Config::default()
    };
    let target = BackgroundTarget::start(config, 1).unwrap();
    let url = target.target().url();
    let mut command = home.perflab();
    command.env("LOAD_PW", "Load-test-only-1!").args([
        "run",
        "suites/mita.yaml",
        "--scenario",
        "smoke",
        "--target",
        &url,
    ]);
    command.args(["--users", "20", "--spawn-rate", "20", "--duration", "8s", "--json", "summary.json"]);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let summary: Value =
        serde_json::from_str(&home.read("summary.json")).unwrap_or_else(|_| panic!("no summary: {output:?}"));
    let stats = stats(&target).await;
    let answered = |fits: &dyn Fn(&Value) -> bool| -> u64 {
        let all = stats["answered"].as_array().unwrap().iter().filter(|answered| fits(answered));
        all.map(|answered| answered["count"].as_u64().unwrap()).sum()
    };
    let requests = summary["requests"].as_array().unwrap();
    let failed_with =
        |code: &str| -> u64 { requests.iter().filter_map(|request| request["errors"][code].as_u64()).sum() };
    let both = format!("{stats:#}\n{summary:#}");
    let reset = stats["reset"].as_u64().unwrap();
    assert_eq!((&stats["abandoned"], &summary["totals"]["aborted"]), (&Value::from(0), &Value::from(0)), "{both}");
    assert_eq!(summary["totals"]["finished"], answered(&|_| true) + reset, "{both}");
    let status = |answered: &Value| answered["status"].as_u64().unwrap();
    assert_eq!(failed_with("connect.reset"), reset, "{both}");
    assert_eq!(failed_with("http.5xx"), answered(&|answered| status(answered) >= 500), "{both}");
    assert_eq!(summary["totals"]["failed"], answered(&|answered| status(answered) >= 400) + reset, "{both}");
    let enough = failed_with("http.5xx") > 0 && reset > 0 && summary["totals"]["finished"].as_u64() > Some(40);
    assert!(enough, "too few: {both}");
    for (name, method, path) in [
        ("login", "POST", "/api/auth/login"),
        ("register", "POST", "/api/auth/register"),
        ("logout", "POST", "/api/auth/logout"),
        ("transactions_list", "GET", "/api/transactions"),
        ("update_profile", "PUT", "/api/users/profile"),
    ] {
        let theirs = answered(&|answered| answered["method"] == method && answered["path"] == path);
        // The target does not know what a reset request was about: it has not been answered.
        let ours = requests.iter().filter(|request| request["name"] == name).map(|request| {
            request["finished"].as_u64().unwrap() - request["errors"]["connect.reset"].as_u64().unwrap_or_default()
        });
        assert_eq!(ours.sum::<u64>(), theirs, "{name}: {both}");
    }
}
