//! Runners and stores that behave badly at the worst moment. Nothing here waits for time to pass: a store answers, fails
//! or hangs when it is asked, and the runner speaks when the test lets it.

mod puppet;
mod store;

use std::sync::{Arc, Mutex};

use perflab_model::{
    id::KillSwitchId,
    kill_switch::{KillScope, KillSwitch},
    order::Orders,
    run::{Cancel, RunState},
    runner::{Ending, ErrorExample},
    verdict::{Gate, Verdict},
};

use self::{
    puppet::{Puppet, Strings},
    store::{Answer, Kept, Script},
};
use super::*;
use crate::worker::sample;

/// Much shorter where a store hangs, much longer elsewhere.
fn patience() -> Patience {
    Patience {
        answer: Duration::from_millis(20),
        unreachable: Duration::from_secs(3600),
        keep_trying: Duration::from_secs(3600),
        keep_trying_at_the_end: Duration::ZERO,
        ..Patience::default()
    }
}

/// Follows a puppet whose strings the test pulls meanwhile.
async fn follow<T>(
    mut sink: Script,
    patience: Patience,
    local: watch::Receiver<Option<Asked>>,
    pull: impl AsyncFnOnce(Strings) -> T,
) -> (Driven, T) {
    let plan = sample::plan();
    let (puppet, strings) = Puppet::new();
    let mut local = local;
    let following = Following::new(&plan, sample::live(), patience);
    tokio::join!(following.follow(puppet, &mut sink, &mut local, &|| 0), pull(strings))
}

fn nobody() -> watch::Receiver<Option<Asked>> {
    watch::channel(None).1
}

fn seconds(kept: &Mutex<Kept>) -> Vec<u32> {
    let kept = kept.lock().unwrap();
    kept.chunks.iter().flat_map(|chunk| &chunk.ticks).map(|tick| tick.point.second).collect()
}

/// What the store does whatever its script says; its calls are counted afresh.
fn from_now_on(kept: &Mutex<Kept>, always: Option<Answer>) {
    let mut kept = kept.lock().unwrap();
    kept.calls.clear();
    kept.always = always;
}

/// Comes back when the store has been called so often, whatever it answered.
async fn told(kept: &Mutex<Kept>, call: &str, times: usize) {
    while kept.lock().unwrap().calls.iter().filter(|known| **known == call).count() < times {
        tokio::task::yield_now().await;
    }
}

fn all() -> Vec<u32> {
    (0..20).collect()
}

#[tokio::test]
async fn a_run_is_kept_from_its_beginning_to_its_end() {
    let (sink, kept) = Script::new(&[], Answer::Well);
    let (driven, ()) = follow(sink, patience(), nobody(), async |strings| strings.complete().await).await;
    assert_eq!((driven.end.code.as_str(), driven.ours), ("completed", true));
    assert_eq!(seconds(&kept), all());
    let kept = kept.lock().unwrap();
    let told: Vec<_> = kept.calls.iter().filter(|call| **call != "beat").collect();
    assert_eq!((told.first(), told.last()), (Some(&&"started"), Some(&&"finishing")));
    let newest = kept.chunks.iter().filter_map(|chunk| chunk.progress.as_ref()).next_back();
    assert_eq!(newest.map(|progress| progress.second), Some(20));
}

#[tokio::test]
async fn a_beat_that_fails_after_a_chunk_was_kept_changes_nothing() {
    let script = [("chunk", Answer::Well), ("beat", Answer::Away), ("beat", Answer::Away)];
    let (sink, kept) = Script::new(&script, Answer::Well);
    let (driven, ()) = follow(sink, patience(), nobody(), async |strings| strings.complete().await).await;
    assert_eq!((driven.end.code.as_str(), seconds(&kept)), ("completed", all()));
}

#[tokio::test]
async fn a_lost_acknowledgement_costs_no_second_and_doubles_none() {
    let (sink, kept) = Script::new(&[], Answer::Well);
    let (driven, ()) = follow(sink, patience(), nobody(), async |strings| {
        strings.begin().await;
        strings.second(0).await;
        told(&kept, "chunk", 1).await;
        from_now_on(&kept, Some(Answer::Unacknowledged));
        strings.second(1).await;
        told(&kept, "chunk", 1).await;
        // What comes now must not find its way into a chunk that the store has already.
        for second in 2..20 {
            strings.second(second).await;
        }
        told(&kept, "chunk", 50).await;
        from_now_on(&kept, None);
        strings.done(Ending::Completed).await;
    })
    .await;
    assert_eq!((driven.end.code.as_str(), seconds(&kept)), ("completed", all()));
}

#[tokio::test]
async fn a_store_that_is_away_when_the_run_ends_still_gets_everything() {
    let script = [
        ("started", Answer::Unacknowledged),
        ("chunk", Answer::Away),
        ("chunk", Answer::Unacknowledged),
        ("finishing", Answer::Unacknowledged),
    ];
    let (sink, kept) = Script::new(&script, Answer::Well);
    from_now_on(&kept, Some(Answer::Away));
    let (driven, ()) = follow(sink, patience(), nobody(), async |strings| {
        strings.complete().await;
        strings.gone.await.unwrap();
        from_now_on(&kept, None);
    })
    .await;
    assert_eq!((driven.end.code.as_str(), driven.ours), ("completed", true));
    assert_eq!(seconds(&kept), all());
    assert_eq!(kept.lock().unwrap().calls.last(), Some(&"finishing"));
}

#[tokio::test]
async fn a_beginning_that_could_not_be_told_is_told_before_the_first_second() {
    let (sink, kept) = Script::new(&[("started", Answer::Away), ("started", Answer::Well)], Answer::Well);
    follow(sink, patience(), nobody(), async |strings| strings.complete().await).await;
    let kept = kept.lock().unwrap();
    let told: Vec<_> = kept.calls.iter().filter(|call| **call != "beat").take(3).copied().collect();
    assert_eq!(told, ["started", "started", "chunk"]);
}

#[tokio::test]
async fn a_store_that_hangs_keeps_no_order_from_the_runner() {
    let (sink, _) = Script::new(&[], Answer::Hangs);
    let (order, local) = watch::channel(None);
    let patience = Patience { answer: Duration::from_secs(3600), ..patience() };
    let (driven, order) = follow(sink, patience, local, async |mut strings| {
        strings.begin().await;
        order.send(Some(Asked::Ending { drain: Duration::ZERO })).unwrap();
        let ordered = strings.order().await;
        strings.done(Ending::Aborted).await;
        ordered
    })
    .await;
    assert_eq!((order, driven.end.code.as_str()), (Order::Abort, "worker_stopped"));
}

#[tokio::test]
async fn a_run_that_is_over_soon_is_carried_out_although_its_worker_is_to_end() {
    let (sink, kept) = Script::new(&[], Answer::Well);
    let (order, local) = watch::channel(None);
    let (driven, orders) = follow(sink, patience(), local, async |mut strings| {
        strings.begin().await;
        told(&kept, "started", 1).await;
        order.send(Some(Asked::Ending { drain: Duration::from_secs(20) })).unwrap();
        told(&kept, "beat", 20).await;
        (0..20).for_each(|second| strings.say_now(Report::Tick(Box::new(sample::tick(second)))));
        strings.done(Ending::Completed).await;
        strings.orders_so_far()
    })
    .await;
    assert_eq!((orders, driven.end.code.as_str(), seconds(&kept)), (Vec::new(), "completed", all()));
}

#[tokio::test]
async fn a_run_that_takes_longer_than_its_worker_may_is_aborted_at_once() {
    let (sink, kept) = Script::new(&[], Answer::Well);
    let (order, local) = watch::channel(None);
    let (driven, order) = follow(sink, patience(), local, async |mut strings| {
        strings.begin().await;
        strings.second(0).await;
        told(&kept, "chunk", 1).await;
        order.send(Some(Asked::Ending { drain: Duration::from_secs(10) })).unwrap();
        let ordered = strings.order().await;
        strings.done(Ending::Aborted).await;
        ordered
    })
    .await;
    assert_eq!((order, driven.end.code.as_str(), seconds(&kept)), (Order::Abort, "worker_stopped", vec![0]));
}

#[tokio::test]
async fn a_run_that_is_not_over_when_it_should_be_is_aborted_before_its_worker_ends() {
    let (mut sink, _) = Script::new(&[], Answer::Well);
    let (order, mut local) = watch::channel(None);
    let plan = sample::plan_of("brief");
    let (puppet, mut strings) = Puppet::new();
    let pull = async {
        strings.begin().await;
        order.send(Some(Asked::Ending { drain: Duration::from_millis(20) })).unwrap();
        let ordered = strings.order().await;
        strings.done(Ending::Aborted).await;
        ordered
    };
    let following = Following::new(&plan, sample::live(), patience());
    let (driven, order) = tokio::join!(following.follow(puppet, &mut sink, &mut local, &|| 0), pull);
    assert_eq!((order, driven.end.code.as_str()), (Order::Abort, "worker_stopped"));
}

#[tokio::test]
async fn what_a_store_that_is_away_does_not_take_is_on_disk_when_a_worker_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (mut sink, kept) = Script::new(&[], Answer::Away);
    sink.spool = Some(Arc::new(Spool::new(folder.path(), sample::plan().run, 1)));
    let (order, local) = watch::channel(None);
    let patience = Patience { keep_trying_at_the_end: Duration::from_secs(3600), ..patience() };
    let (driven, ()) = follow(sink, patience, local, async |strings| {
        strings.complete().await;
        strings.gone.await.unwrap();
        order.send(Some(Asked::Ending { drain: Duration::ZERO })).unwrap();
    })
    .await;
    assert_eq!((driven.is_aside, driven.end.code.as_str(), seconds(&kept)), (true, "completed", Vec::new()));
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(text.contains("\"started\"") && text.contains("\"second\":19,"), "{text}");
    assert!(text.contains("\"finishing\"\n{\"end\":{\"end\":{\"state\":\"finished\""), "its end waits with it: {text}");
}

#[tokio::test]
async fn what_was_on_disk_is_not_there_any_more_once_the_store_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut sink, kept) = Script::new(&[], Answer::Well);
    sink.spool = Some(Arc::new(Spool::new(folder.path(), sample::plan().run, 1)));
    from_now_on(&kept, Some(Answer::Away));
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let (driven, ()) = follow(sink, patience(), nobody(), async |strings| {
        strings.complete().await;
        strings.gone.await.unwrap();
        while files() == 0 {
            tokio::task::yield_now().await;
        }
        from_now_on(&kept, None);
    })
    .await;
    assert_eq!((driven.is_aside, seconds(&kept), files()), (false, all(), 0));
}

#[tokio::test]
async fn an_answer_that_never_comes_is_asked_for_again() {
    let (sink, kept) = Script::new(&[("chunk", Answer::Hangs), ("chunk", Answer::Well)], Answer::Well);
    let (driven, ()) = follow(sink, patience(), nobody(), async |strings| strings.complete().await).await;
    assert_eq!((driven.end.code.as_str(), seconds(&kept)), ("completed", all()));
}

#[tokio::test]
async fn load_that_nobody_could_recall_is_stopped_also_when_the_store_only_hangs() {
    let (sink, kept) = Script::new(&[], Answer::Hangs);
    let patience = Patience {
        answer: Duration::from_secs(3600),
        unreachable: Duration::from_millis(20),
        keep_trying: Duration::from_millis(20),
        ..patience()
    };
    let (driven, order) = follow(sink, patience, nobody(), async |mut strings| {
        let ordered = strings.order().await;
        strings.done(Ending::Aborted).await;
        ordered
    })
    .await;
    assert_eq!((order, driven.end.code.as_str()), (Order::Abort, "unreachable"));
    assert_eq!(kept.lock().unwrap().calls.len(), 1);
}

#[tokio::test]
async fn a_run_that_is_no_longer_ours_is_aborted_and_nothing_more_is_kept() {
    let (sink, kept) = Script::new(&[("started", Answer::Well), ("chunk", Answer::Stale)], Answer::Well);
    let (driven, order) = follow(sink, patience(), nobody(), async |mut strings| {
        strings.begin().await;
        strings.second(0).await;
        let ordered = strings.order().await;
        strings.second(1).await;
        strings.done(Ending::Aborted).await;
        ordered
    })
    .await;
    assert_eq!((order, driven.ours, driven.end.state), (Order::Abort, false, RunState::Lost));
    assert!(seconds(&kept).is_empty());
}

#[tokio::test]
async fn a_second_that_will_never_be_kept_ends_the_run_at_once_and_says_so() {
    let (sink, _) = Script::new(&[("started", Answer::Well), ("chunk", Answer::Refuses)], Answer::Well);
    let (driven, order) = follow(sink, patience(), nobody(), async |mut strings| {
        strings.begin().await;
        strings.second(0).await;
        let ordered = strings.order().await;
        strings.done(Ending::Aborted).await;
        ordered
    })
    .await;
    assert_eq!((order, driven.ours), (Order::Abort, true));
    assert_eq!((driven.end.state, driven.end.code.as_str()), (RunState::Failed, "store"));
    assert!(driven.end.message.contains("a number is too large"), "{}", driven.end.message);
}

#[tokio::test]
async fn what_a_person_asks_for_reaches_the_runner_with_the_next_answer() {
    let (sink, kept) = Script::new(&[], Answer::Well);
    let (driven, orders) = follow(sink, patience(), nobody(), async |mut strings| {
        strings.begin().await;
        kept.lock().unwrap().orders.cancel = Some(Cancel::Stop);
        let first = strings.order().await;
        kept.lock().unwrap().orders.cancel = Some(Cancel::Abort);
        let second = strings.order().await;
        strings.done(Ending::Aborted).await;
        [first, second]
    })
    .await;
    assert_eq!((orders, driven.end.code.as_str()), ([Order::Stop, Order::Abort], "aborted"));
}

fn change(number: u32, by: f64) -> RateChange {
    RateChange { number, by, asked_by: "a person in the browser".to_owned(), asked_us: 0, from_second: None }
}

#[tokio::test]
async fn a_changed_rate_is_told_to_the_runner_once_however_often_the_store_tells_it() {
    let (sink, kept) = Script::new(&[], Answer::Well);
    let (driven, orders) = follow(sink, patience(), nobody(), async |mut strings| {
        strings.begin().await;
        kept.lock().unwrap().orders.rates = vec![change(1, 10.0)];
        let first = strings.order().await;
        told(&kept, "beat", 20).await;
        strings.say(Report::Adjusted(RateObeyed { number: 1, from_second: 3 })).await;
        // Nobody gave this one.
        strings.say(Report::Adjusted(RateObeyed { number: 9, from_second: 3 })).await;
        kept.lock().unwrap().orders.rates = vec![change(1, 10.0), change(2, -5.0)];
        let second = strings.order().await;
        strings.second(0).await;
        strings.done(Ending::Completed).await;
        [first, second]
    })
    .await;
    assert_eq!(orders, [Order::Adjust { number: 1, by: 10.0 }, Order::Adjust { number: 2, by: -5.0 }]);
    let made = RateChange { from_second: Some(3), ..change(1, 10.0) };
    let changes = driven.outcome.summary.rate_changes;
    assert_eq!(changes, std::slice::from_ref(&made), "the second has not taken effect");
    let kept = kept.lock().unwrap();
    let events = kept.chunks.iter().flat_map(|chunk| &chunk.events);
    let rates: Vec<_> = events.filter(|(_, event)| matches!(event, EventKind::Rate(_))).collect();
    assert_eq!(rates, [&(0, EventKind::Rate(made))]);
}

#[tokio::test]
async fn a_kill_switch_ends_a_run_that_was_being_stopped_and_is_named_in_its_end() {
    let (sink, kept) = Script::new(&[], Answer::Well);
    let switch = KillSwitch {
        id: KillSwitchId::new(uuid::Uuid::nil()),
        scope: KillScope::Lab,
        reason: "fire".to_owned(),
        pulled_by: "Ada in the browser".to_owned(),
        pulled_us: 0,
        released_by: None,
        released_us: None,
    };
    let (driven, orders) = follow(sink, patience(), nobody(), async |mut strings| {
        strings.begin().await;
        kept.lock().unwrap().orders.cancel = Some(Cancel::Stop);
        let first = strings.order().await;
        kept.lock().unwrap().orders =
            Orders { cancel: Some(Cancel::Abort), killed: Some(switch.clone()), ..Orders::default() };
        let second = strings.order().await;
        strings.done(Ending::Aborted).await;
        [first, second]
    })
    .await;
    assert_eq!(orders, [Order::Stop, Order::Abort]);
    assert_eq!(driven.end, switch.end());
    assert!(
        driven.outcome.judgement.sentence.starts_with("Aborted by a kill switch"),
        "{:?}",
        driven.outcome.judgement
    );
}

#[tokio::test]
async fn a_store_that_takes_beats_but_no_seconds_ends_the_load_before_memory_does() {
    let (sink, _) = Script::new(&[("started", Answer::Well), ("chunk", Answer::Hangs)], Answer::Well);
    let patience = Patience { answer: Duration::from_secs(3600), keep_trying: Duration::from_millis(20), ..patience() };
    let (driven, order) = follow(sink, patience, nobody(), async |mut strings| {
        strings.begin().await;
        for second in 0..200 {
            strings.second(second).await;
        }
        let ordered = strings.order().await;
        strings.done(Ending::Aborted).await;
        ordered
    })
    .await;
    assert_eq!((order, driven.end.code.as_str()), (Order::Abort, "unreachable"));
}

#[tokio::test]
async fn a_run_that_a_person_had_wanted_to_end_is_judged_again_as_inconclusive() {
    let (sink, _) = Script::new(&[], Answer::Well);
    let (driven, ()) = follow(sink, patience(), nobody(), async |strings| strings.complete().await).await;
    assert_eq!(driven.end.code, "completed");
    let finished = driven.outcome.summary.totals.finished;
    let again = driven.cancelled(Cancel::Stop, None);
    assert_eq!((again.end.state, again.end.code.as_str()), (RunState::Cancelled, "stopped"));
    assert_eq!(
        (again.outcome.judgement.verdict, again.outcome.summary.gate),
        (Verdict::Inconclusive, Gate::Inconclusive)
    );
    assert_eq!(again.outcome.summary.totals.finished, finished, "what was measured stays");
}

#[test]
fn the_time_of_a_run_counts_from_its_beginning() {
    let plan = sample::plan();
    let (outbox, begin) = (Outbox::default(), || Heard::Report(Box::new(Report::Started(sample::started()))));
    let mut following = Following::new(&plan, sample::live(), Patience::default());
    let spawned = Instant::now();
    assert!(
        following.deadline >= spawned + PREPARATION - Duration::from_secs(1),
        "names and log-ins have their own time"
    );
    following.hear(begin(), &outbox, 0);
    let planned = Duration::from_secs(21);
    assert!(following.deadline >= spawned + planned + Allowance::default().overtime);
    assert!(following.deadline < spawned + PREPARATION);

    let mut stopped = Following::new(&plan, sample::live(), Patience::default());
    stopped.stop(&Puppet::new().0, Why::Person(Cancel::Abort));
    let deadline = stopped.deadline;
    stopped.hear(begin(), &outbox, 0);
    assert_eq!(stopped.deadline, deadline, "a run that was stopped before it began gets no more time");
}

#[test]
fn a_runner_that_never_begins_is_told_from_one_that_never_ends() {
    let known =
        |begun| how_it_ended(&Known { why: Some(&Why::Overtime), last: None, begun, exit: "signal: 15" }).message;
    assert!(known(false).contains("not begun"));
    assert!(known(true).contains("did not end in time"));
}

#[tokio::test]
async fn examples_and_lines_are_kept_in_the_order_in_which_they_were_said() {
    let (sink, kept) = Script::new(&[], Answer::Well);
    let example = ErrorExample {
        code: "http.5xx".to_owned(),
        request: "probe".to_owned(),
        second: 0,
        message: "503 Service Unavailable".to_owned(),
    };
    let line = LogLine { at_us: 5, level: LogLevel::Info, message: "20 log-ins".to_owned() };
    let (_, ()) = follow(sink, patience(), nobody(), async |strings| {
        strings.say(Report::Log(line.clone())).await;
        strings.begin().await;
        strings.say(Report::Example(example.clone())).await;
        strings.second(0).await;
        strings.done(Ending::Completed).await;
    })
    .await;
    let kept = kept.lock().unwrap();
    let events: Vec<_> = kept.chunks.iter().flat_map(|chunk| chunk.events.iter().map(|(_, event)| event)).collect();
    assert!(matches!(events[..], [EventKind::Log(_), EventKind::Example(_), EventKind::Tick(_)]), "{events:?}");
}
