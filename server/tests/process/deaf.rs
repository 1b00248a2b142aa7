//! A stand-in for a runner that does not hear: it ignores SIGTERM, and what it started has lost its parent.
//!
//! A worker starts its own program again with the one argument `exec`. Here that program is this test binary, which takes
//! the argument for a filter: the only test whose name contains it takes the runner's place.

use std::{collections::BTreeMap, os::unix::process::CommandExt, time::Duration};

use async_trait::async_trait;
use perflab_model::{
    environment::{Caps, Environment},
    event::EventKind,
    id::RunId,
    launch::Overrides,
    order::Orders,
    run::{Cancel, Revision},
    runner::{Job, Started},
    suite::{PlanRequest, Suite},
};
use perflab_server::worker::{
    child::Allowance,
    drive::{Asked, Chunk, Host, Sink, SinkError, drive},
};
use tokio::sync::{mpsc, watch};

use crate::{
    lab::{PATIENCE, SUITE},
    runner::Process,
};

/// What the worker calls a runner.
const RUNNER: &str = "perflab";

/// Says which processes there are, then waits for ever. What it starts ignores the signal as it does.
const DEAF: &str = "trap '' TERM
left=$(sh -c 'sleep 600 >/dev/null & echo $!')
printf '\\n%s\\n' \"deaf $$ $left\"
while :; do sleep 600; done";

#[test]
fn exec() {
    if std::env::args().next().as_deref() == Some(RUNNER) {
        panic!("no shell: {}", std::process::Command::new("sh").args(["-c", DEAF]).exec());
    }
}

fn job() -> Job {
    let suite = Suite::parse(SUITE, &BTreeMap::new()).unwrap();
    let environment = Environment {
        name: "nowhere".parse().unwrap(),
        base_url: "http://127.0.0.1:9".parse().unwrap(),
        allow: vec!["127.0.0.1:9".parse().expect("an entry")],
        caps: Caps::default(),
        variables: indexmap::IndexMap::new(),
        labels: Vec::new(),
        vouched: None,
        unverified_tls: None,
        history: perflab_model::environment::History::default(),
    };
    let request = PlanRequest {
        run: RunId::new(uuid::Uuid::now_v7()),
        scenario: &"short".parse().unwrap(),
        environment,
        overrides: &Overrides::default(),
        seed: 1,
    };
    Job { plan: suite.plan(request).unwrap(), feeds: BTreeMap::new() }
}

/// Passes on what the runner prints, which is no report and so comes as a line of the run's log.
struct Lines(mpsc::Sender<String>);

#[async_trait]
impl Sink for Lines {
    async fn started(&mut self, _: &Started) -> Result<(), SinkError> {
        panic!("a real runner has started")
    }

    async fn write(&mut self, chunk: &Chunk) -> Result<Orders, SinkError> {
        for (_, event) in &chunk.events {
            if let EventKind::Log(line) = event {
                self.0.try_send(line.message.clone()).unwrap();
            }
        }
        Ok(Orders::default())
    }

    async fn finishing(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// The processes that the stand-in tells of.
async fn told(lines: &mut mpsc::Receiver<String>) -> Vec<Process> {
    loop {
        let line = tokio::time::timeout(PATIENCE, lines.recv()).await.unwrap().unwrap();
        if let Some((_, numbers)) = line.split_once("deaf ") {
            return numbers.split(' ').map(|number| Process(number.parse().unwrap())).collect();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_ignores_a_polite_signal_is_killed_with_all_that_it_had_started() {
    let (said, mut lines) = mpsc::channel(100);
    let (ask, asked) = watch::channel(None);
    // It ignores the signal for ever, so a second is as good as ten.
    let allowance = Allowance { grace: Duration::from_secs(1), ..Allowance::default() };
    let host = Host { allowance, ..Host::default() };
    let driving = tokio::spawn(async move {
        drive(&job(), &Revision::default(), None, &mut Lines(said), asked, host, || 1_790_000_000_000_000).await
    });
    let processes = told(&mut lines).await;
    assert_eq!(processes.len(), 2);
    assert!(processes.iter().all(|process| !process.is_gone()));
    ask.send(Some(Asked::Person(Cancel::Abort))).unwrap();
    let driven = tokio::time::timeout(PATIENCE, driving).await.unwrap().unwrap();
    assert_eq!(driven.end.code, "aborted", "{:?}", driven.end);
    for process in processes {
        process.gone_within(PATIENCE).await;
    }
}
