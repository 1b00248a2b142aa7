//! Baselines, findings and what is still to be followed.

use perflab_model::{
    blocks::{Better, BlockSeries, Blocks},
    comparison::Band,
    finding::{FindingKind, FindingState},
    id::{RunId, WorkerId},
    run::Revision,
    validity::ValidityState,
    verdict::Verdict,
};
use perflab_store::{
    BaselineQuery, FindingFilter, FindingUpdate, Followed, NewFinding, NewPin, NewRun, NewWorker, SeriesGroup,
};

use crate::{
    on_both,
    samples::{Ground, NOW, completed, outcome, run_id, started, worker},
};

/// What a run was: its branch and commit, its verdict, when it ended.
struct Was<'a> {
    branch: Option<&'a str>,
    commit: &'a str,
    verdict: Verdict,
    ended_us: i64,
}

fn was(verdict: Verdict, ended_us: i64) -> Was<'static> {
    Was { branch: Some("main"), commit: "c93e5aa0", verdict, ended_us }
}

/// A run of workers of a class, from launch to verdict.
async fn over(ground: &Ground, who: WorkerId, was: Was<'_>) -> RunId {
    let new = NewRun {
        revision: Revision {
            branch: was.branch.map(str::to_owned),
            commit: Some(was.commit.to_owned()),
            ..Revision::default()
        },
        created_us: was.ended_us,
        ..ground.new_run()
    };
    ground.db.create_run(&new, None).await.unwrap();
    let claimed = ground.db.claim(who, &run_id().to_string(), NOW).await.unwrap().unwrap();
    let run = claimed.run.row.id;
    ground.db.start(run, claimed.attempt, &started(), NOW).await.unwrap();
    let mut worth = outcome(run, 0.25);
    worth.judgement.verdict = was.verdict;
    worth.validity.state = ValidityState::Valid;
    worth.blocks = blocks();
    assert!(ground.db.finish(run, claimed.attempt, &completed(), Some(&worth), was.ended_us).await.unwrap());
    run
}

fn blocks() -> Blocks {
    Blocks {
        series: vec![BlockSeries {
            name: None,
            measure: "latency".to_owned(),
            stat: "p95".to_owned(),
            unit: "s".to_owned(),
            better: Better::Lower,
            values: vec![0.25; 20],
            samples: 600,
        }],
    }
}

async fn of_class(ground: &Ground, class: &str) -> WorkerId {
    let id = worker();
    let new = NewWorker { id, host: "host".to_owned(), class: class.to_owned(), started_us: NOW };
    ground.db.put_worker(&new).await.unwrap();
    id
}

fn query(ground: &Ground, class: &str) -> BaselineQuery {
    BaselineQuery {
        project: ground.project,
        suite: "mita".to_owned(),
        scenario: "smoke".to_owned(),
        environment: ground.environment,
        worker_class: class.to_owned(),
        family: Some(crate::samples::plan(run_id()).family()),
        branch: Some("main".to_owned()),
        until_us: None,
        without: Vec::new(),
    }
}

fn group(ground: &Ground, class: &str) -> SeriesGroup {
    SeriesGroup {
        project: ground.project,
        suite: "mita".to_owned(),
        scenario: "smoke".to_owned(),
        environment: ground.environment,
        worker_class: class.to_owned(),
        branch: "main".to_owned(),
    }
}

fn finding(first: RunId) -> NewFinding {
    NewFinding {
        request: None,
        measure: "latency".to_owned(),
        stat: "p95".to_owned(),
        unit: "s".to_owned(),
        better: Better::Lower,
        kind: FindingKind::Arrival,
        band: Some(Band::Significant),
        worse: true,
        first,
        from: first,
        to: first,
        good: None,
        before: 0.25,
        after: 0.35,
        shift: 0.4,
        evidence: Some(0.001),
    }
}

async fn ids(ground: &Ground, query: &BaselineQuery) -> Vec<RunId> {
    ground.db.accepted_runs(query, 10).await.unwrap().into_iter().map(|run| run.id).collect()
}

on_both! {
    async fn only_accepted_runs_of_the_same_line_are_a_baseline(place) {
        let ground = Ground::new(&place.db).await;
        let (here, elsewhere) = (of_class(&ground, "bench-1").await, of_class(&ground, "bench-2").await);
        let one = over(&ground, here, was(Verdict::Excellent, NOW + 1)).await;
        over(&ground, elsewhere, was(Verdict::Excellent, NOW + 2)).await;
        over(&ground, here, was(Verdict::Critical, NOW + 3)).await;
        let feature = Was { branch: Some("feature"), ..was(Verdict::Excellent, NOW + 4) };
        over(&ground, here, feature).await;
        let named_none = Was { branch: None, ..was(Verdict::Excellent, NOW + 5) };
        let bare = over(&ground, here, named_none).await;
        let two = over(&ground, here, was(Verdict::Inconclusive, NOW + 6)).await;
        let other = ground.another_environment("production").await;
        over(&other, here, was(Verdict::Excellent, NOW + 7)).await;

        assert_eq!(ids(&ground, &query(&ground, "bench-1")).await, [one, two]);
        let without = BaselineQuery { without: vec![two], ..query(&ground, "bench-1") };
        assert_eq!(ids(&ground, &without).await, [one]);
        let before = BaselineQuery { until_us: Some(NOW + 5), ..query(&ground, "bench-1") };
        assert_eq!(ids(&ground, &before).await, [one]);
        let of_no_branch = BaselineQuery { branch: None, ..query(&ground, "bench-1") };
        assert_eq!(ids(&ground, &of_no_branch).await, [bare]);
        let changed = BaselineQuery { family: Some("other".to_owned()), ..query(&ground, "bench-1") };
        assert_eq!(ids(&ground, &changed).await, []);
        place.db.reject(one, Some("a cold cache")).await.unwrap();
        assert_eq!(ids(&ground, &query(&ground, "bench-1")).await, [two]);
        place.db.reject(one, None).await.unwrap();
        assert_eq!(place.db.blocks(&[one]).await.unwrap()[&one], blocks());
    }

    async fn a_critical_run_becomes_a_baseline_once_its_findings_are_wanted(place) {
        let ground = Ground::new(&place.db).await;
        let here = of_class(&ground, "bench-1").await;
        let run = over(&ground, here, was(Verdict::Critical, NOW + 1)).await;
        let followed = Followed { raised: vec![finding(run)], ..Followed::default() };
        let seen = place.db.is_to_follow(run).await.unwrap().unwrap();
        place.db.write_followed(run, &group(&ground, "bench-1"), seen, &followed, NOW + 2).await.unwrap().unwrap();
        assert_eq!(ids(&ground, &query(&ground, "bench-1")).await, []);
        let found = place.db.findings(&FindingFilter::default(), None, 10).await.unwrap().findings;
        let wanted = FindingUpdate { state: Some(FindingState::WontFix), ..FindingUpdate::default() };
        assert!(place.db.change_finding(found[0].id, &wanted, "Ada", NOW + 3).await.unwrap());
        assert_eq!(ids(&ground, &query(&ground, "bench-1")).await, [run]);
    }

    async fn a_merge_base_is_found_by_a_short_or_a_long_commit(place) {
        let ground = Ground::new(&place.db).await;
        let here = of_class(&ground, "bench-1").await;
        over(&ground, here, Was { commit: "aaaaaaa1111", ..was(Verdict::Excellent, NOW + 1) }).await;
        over(&ground, here, Was { commit: "bbbbbbb", ..was(Verdict::Excellent, NOW + 2) }).await;
        let query = query(&ground, "bench-1");
        for (commit, ended_us) in
            [("aaaaaaa", Some(NOW + 1)), ("bbbbbbb2222", Some(NOW + 2)), ("ccccccc", None), ("bbbbbbc2222", None)]
        {
            assert_eq!(place.db.ended_at_commit(&query, commit).await.unwrap(), ended_us, "{commit}");
        }
    }

    async fn of_two_who_follow_a_run_one_is_heard(place) {
        let ground = Ground::new(&place.db).await;
        let here = of_class(&ground, "bench-1").await;
        let run = over(&ground, here, was(Verdict::Excellent, NOW + 1)).await;
        assert_eq!(place.db.runs_to_follow(10).await.unwrap(), [run]);
        let seen = place.db.is_to_follow(run).await.unwrap().unwrap();
        let repeat = NewRun { repeat_of: Some(run), ..ground.new_run() };
        let followed =
            Followed { raised: vec![finding(run)], repeats: vec![repeat.clone()], ..Followed::default() };
        let group = group(&ground, "bench-1");
        let again = Followed { repeats: vec![NewRun { id: run_id(), ..repeat }], ..followed.clone() };
        let (one, other) = tokio::join!(
            place.db.write_followed(run, &group, seen, &followed, NOW + 2),
            place.db.write_followed(run, &group, seen, &again, NOW + 2),
        );
        let heard = [one.unwrap(), other.unwrap()].into_iter().flatten().count();
        assert_eq!(heard, 1);
        assert_eq!(place.db.repeats_made(&group, run, None).await.unwrap(), 1);
        assert_eq!(place.db.findings(&FindingFilter::default(), None, 10).await.unwrap().findings.len(), 1);
        assert_eq!(place.db.runs_to_follow(10).await.unwrap(), []);
        assert_eq!(place.db.is_to_follow(run).await.unwrap(), None);
    }

    async fn a_persons_word_is_never_written_over(place) {
        let ground = Ground::new(&place.db).await;
        let here = of_class(&ground, "bench-1").await;
        let group = group(&ground, "bench-1");
        let first = over(&ground, here, was(Verdict::Excellent, NOW + 1)).await;
        let seen = place.db.is_to_follow(first).await.unwrap().unwrap();
        let raised = Followed { raised: vec![finding(first)], ..Followed::default() };
        place.db.write_followed(first, &group, seen, &raised, NOW + 2).await.unwrap().unwrap();
        let second = over(&ground, here, was(Verdict::Excellent, NOW + 3)).await;
        let seen = place.db.is_to_follow(second).await.unwrap().unwrap();
        let mut known = place.db.findings_of(&group).await.unwrap();
        let closed = FindingUpdate {
            state: Some(FindingState::FalseAlarm),
            assignee: Some(Some("Ada".to_owned())),
            notes: vec!["A cold cache".to_owned()],
            ..FindingUpdate::default()
        };
        assert!(place.db.change_finding(known[0].id, &closed, "Ada in the browser", NOW + 4).await.unwrap());
        known[0].state = FindingState::Faded;
        let faded = Followed { changed: vec![(known[0].clone(), None)], ..Followed::default() };
        assert_eq!(place.db.write_followed(second, &group, seen, &faded, NOW + 5).await.unwrap(), None);
        let now = place.db.finding(known[0].id).await.unwrap().unwrap();
        assert_eq!((now.state, now.assignee.as_deref()), (FindingState::FalseAlarm, Some("Ada")));
        assert_eq!(now.closed_by.as_deref(), Some("Ada in the browser"));
        assert_eq!(place.db.finding_notes(now.id).await.unwrap()[0].text, "A cold cache");
        assert!(place.db.is_to_follow(second).await.unwrap().is_some(), "it is looked at again");
    }

    async fn findings_are_paged_and_filtered(place) {
        let ground = Ground::new(&place.db).await;
        let here = of_class(&ground, "bench-1").await;
        let group = group(&ground, "bench-1");
        let mut runs = Vec::new();
        for at in 0..5 {
            let run = over(&ground, here, was(Verdict::Excellent, NOW + at)).await;
            let seen = place.db.is_to_follow(run).await.unwrap().unwrap();
            let better = NewFinding { worse: at % 2 == 0, band: None, ..finding(run) };
            let followed = Followed { raised: vec![better], ..Followed::default() };
            place.db.write_followed(run, &group, seen, &followed, NOW + 10 + at).await.unwrap().unwrap();
            runs.push(run);
        }
        let all = FindingFilter::default();
        let page = place.db.findings(&all, None, 3).await.unwrap();
        let rest = place.db.findings(&all, page.next.as_deref(), 3).await.unwrap();
        let firsts: Vec<RunId> = page.findings.iter().chain(&rest.findings).map(|finding| finding.first.id).collect();
        runs.reverse();
        assert_eq!((firsts, rest.next), (runs.clone(), None));
        let better = FindingFilter { worse: Some(false), ..FindingFilter::default() };
        assert_eq!(place.db.findings(&better, None, 10).await.unwrap().findings.len(), 2);
        let of_run = FindingFilter { run: Some(runs[0]), ..FindingFilter::default() };
        assert_eq!(place.db.findings(&of_run, None, 10).await.unwrap().findings.len(), 1);
        assert_eq!(place.db.open_findings(Some(ground.project)).await.unwrap(), 3);
    }

    async fn a_pin_is_one_for_each_scenario_and_environment(place) {
        let ground = Ground::new(&place.db).await;
        let here = of_class(&ground, "bench-1").await;
        let one = over(&ground, here, was(Verdict::Excellent, NOW + 1)).await;
        let two = over(&ground, here, was(Verdict::Excellent, NOW + 2)).await;
        let pin = |run| NewPin {
            project: ground.project,
            suite: "mita".to_owned(),
            scenario: "smoke".to_owned(),
            environment: ground.environment,
            run,
            reason: "release 1".to_owned(),
            by: "Ada".to_owned(),
            now_us: NOW,
        };
        place.db.pin(&pin(one)).await.unwrap();
        place.db.pin(&pin(two)).await.unwrap();
        let of = ("mita", "smoke");
        assert_eq!(place.db.pinned(ground.project, of, ground.environment).await.unwrap().unwrap().run, two);
        assert!(!place.db.unpin(one).await.unwrap());
        assert!(place.db.unpin(two).await.unwrap());
        assert_eq!(place.db.pinned(ground.project, of, ground.environment).await.unwrap(), None);
    }
}
