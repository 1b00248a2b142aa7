//! Runners that say what a test lets them say.

use std::sync::Mutex;

use futures::FutureExt as _;
use perflab_model::{
    load::{Load, LoadPart},
    tick::Tick,
    unit::Millis,
};
use tokio::sync::mpsc;

use super::*;
use crate::worker::sample;

struct Puppet {
    says: mpsc::Receiver<Report>,
    orders: Mutex<Vec<Order>>,
}

impl Runner for Puppet {
    fn order(&self, order: Order) {
        self.orders.lock().expect("nobody panics while holding it").push(order);
    }

    async fn hear(&mut self) -> Option<Heard> {
        self.says.recv().await.map(|report| Heard::Report(Box::new(report)))
    }

    async fn end(self, _: Duration) -> (String, String) {
        ("exit status: 0".to_owned(), String::new())
    }
}

/// Two parts, and the voices of their runners.
fn two() -> (Several<Puppet>, [mpsc::Sender<Report>; 2]) {
    let part = |name: &str| LoadPart {
        name: name.parse().expect("a name"),
        start_after: Millis::ZERO,
        load: sample::plan().load,
    };
    let plan = Plan { load: Load::Combined { parts: vec![part("calm"), part("rush")] }, ..sample::plan() };
    let ((calm, calm_says), (rush, rush_says)) = (mpsc::channel(100), mpsc::channel(100));
    let puppet = |says| Puppet { says, orders: Mutex::default() };
    (Several::of(&plan, vec![puppet(calm_says), puppet(rush_says)]), [calm, rush])
}

fn second(second: u32) -> Report {
    Report::Tick(Box::new(sample::tick(second)))
}

fn done(ending: Ending) -> Report {
    Report::Done(Done { at_us: 0, ending, mismatches: vec!["home: 1 here".to_owned()] })
}

fn orders(several: &Several<Puppet>, at: usize) -> Vec<Order> {
    several.members[at].runner.orders.lock().expect("nobody panics while holding it").clone()
}

async fn next(several: &mut Several<Puppet>) -> Option<Report> {
    match several.hear().await? {
        Heard::Report(report) => Some(*report),
        Heard::Garbled(line) => panic!("{line}"),
    }
}

async fn tick(several: &mut Several<Puppet>) -> Tick {
    match next(several).await {
        Some(Report::Tick(tick)) => *tick,
        other => panic!("no second: {other:?}"),
    }
}

#[tokio::test]
async fn nobody_goes_before_all_are_ready_and_then_all_go_at_one_instant() {
    let (mut several, [calm, rush]) = two();
    calm.send(Report::Ready).await.expect("somebody listens");
    assert!(several.hear().now_or_never().is_none() && orders(&several, 0).is_empty(), "the other is not ready");
    rush.send(Report::Ready).await.expect("somebody listens");
    assert!(several.hear().now_or_never().is_none(), "that all are ready is between them and us");
    rush.send(Report::Started(sample::started())).await.expect("somebody listens");
    calm.send(Report::Started(sample::started())).await.expect("somebody listens");
    assert!(matches!(next(&mut several).await, Some(Report::Started(_))));
    assert!(matches!(orders(&several, 0).as_slice(), [Order::Go { .. }]));
    assert_eq!(orders(&several, 0), orders(&several, 1));
}

#[tokio::test]
async fn seconds_are_told_once_and_of_all_and_the_last_word_when_all_have_said_theirs() {
    let (mut several, [calm, rush]) = two();
    for report in [second(0), done(Ending::Completed)] {
        calm.send(report).await.expect("somebody listens");
    }
    for report in [second(0), second(1), done(Ending::Stopped)] {
        rush.send(report).await.expect("somebody listens");
    }
    assert_eq!(tick(&mut several).await.point.finished, 20);
    let last = tick(&mut several).await;
    assert_eq!((last.point.second, last.point.finished), (1, 10), "the part that has ended adds nothing");
    let Some(Report::Done(done)) = next(&mut several).await else { panic!("no last word") };
    assert_eq!(done.ending, Ending::Stopped);
    assert_eq!(done.mismatches, ["calm: home: 1 here", "rush: home: 1 here"]);
    assert!(next(&mut several).await.is_none());
}

#[tokio::test]
async fn a_part_that_cannot_begin_ends_the_others_and_says_why() {
    let (mut several, [calm, rush]) = two();
    rush.send(Report::Ready).await.expect("somebody listens");
    let failed = Ending::Failed { code: "dns".to_owned(), message: "no such name".to_owned() };
    calm.send(done(failed)).await.expect("somebody listens");
    rush.send(done(Ending::Aborted)).await.expect("somebody listens");
    let Some(Report::Done(done)) = next(&mut several).await else { panic!("no last word") };
    let told = Ending::Failed { code: "dns".to_owned(), message: "Part calm: no such name".to_owned() };
    assert_eq!((done.ending, orders(&several, 1)), (told, vec![Order::Abort]));
}

#[tokio::test]
async fn a_part_that_dies_ends_the_run_without_a_last_word_after_what_the_others_measured() {
    let (mut several, [calm, rush]) = two();
    drop(calm);
    for report in [second(0), done(Ending::Aborted)] {
        rush.send(report).await.expect("somebody listens");
    }
    assert_eq!(tick(&mut several).await.point.finished, 10);
    assert!(next(&mut several).await.is_none());
    assert_eq!(orders(&several, 1), [Order::Abort]);
    let (exit, _) = several.end(Duration::ZERO).await;
    assert_eq!(exit, "part calm: exit status: 0");
}

#[tokio::test]
async fn a_part_that_hangs_ends_the_run_after_what_the_others_measured() {
    let (mut several, [calm, rush]) = two();
    calm.send(second(0)).await.expect("somebody listens");
    for at in 0..=BEHIND {
        rush.send(second(at)).await.expect("somebody listens");
    }
    assert_eq!(tick(&mut several).await.point.finished, 20);
    assert!(several.hear().now_or_never().is_none() && orders(&several, 1).is_empty(), "it may only be slow");
    rush.send(second(BEHIND + 1)).await.expect("somebody listens");
    let Some(Report::Log(line)) = next(&mut several).await else { panic!("no word of it") };
    assert!(line.message.starts_with("Part calm has told nothing for 15 s"), "{}", line.message);
    for at in 1..=BEHIND + 1 {
        let tick = tick(&mut several).await;
        assert_eq!((tick.point.second, tick.point.finished), (at, 10), "nothing of the others is held back any more");
    }
    assert_eq!([orders(&several, 0), orders(&several, 1)], [[Order::Abort], [Order::Abort]]);
    rush.send(done(Ending::Aborted)).await.expect("somebody listens");
    assert!(next(&mut several).await.is_none(), "no last word: one of them has not said its own");
    let (exit, _) = several.end(Duration::ZERO).await;
    assert_eq!(exit, "part calm: exit status: 0");
}
