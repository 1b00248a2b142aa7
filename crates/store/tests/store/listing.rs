//! The list of runs.

use perflab_model::{
    run::{RunState, Trigger},
    verdict::Verdict,
};
use perflab_store::{Refusal, RunFilter, StoreError};

use crate::{
    on_both,
    samples::{Ground, NOW},
};

async fn numbers(ground: &Ground, filter: RunFilter) -> Vec<u64> {
    let list = ground.db.runs(&filter, None, 100).await.unwrap();
    list.rows.iter().map(|row| row.number).collect()
}

on_both! {
    async fn filters_pick_and_combine(place) {
        let ground = Ground::new(&place.db).await;
        let production = ground.another_environment("Größe").await;
        ground.carried_out(NOW, 0.1).await;
        let mut second = production.new_run();
        second.plan.environment.name = "Größe".parse().unwrap();
        second.plan.scenario = "stress".parse().unwrap();
        second.revision.branch = Some("feature/100%_done".to_owned());
        second.trigger = Trigger::Browser;
        second.tags = vec!["weekly".to_owned()];
        second.created_us = NOW + 1;
        place.db.create_run(&second, None).await.unwrap();

        let text = |text: &str| RunFilter { text: Some(text.to_owned()), ..RunFilter::default() };
        let cases = [
            (RunFilter::default(), vec![2, 1]),
            (RunFilter { project: Some(ground.project), ..RunFilter::default() }, vec![2, 1]),
            (RunFilter { states: vec![RunState::Queued, RunState::Running], ..RunFilter::default() }, vec![2]),
            (RunFilter { suite: Some("mita".to_owned()), ..RunFilter::default() }, vec![2, 1]),
            (RunFilter { scenario: Some("smoke".to_owned()), ..RunFilter::default() }, vec![1]),
            (RunFilter { environment: Some("Größe".to_owned()), ..RunFilter::default() }, vec![2]),
            (RunFilter { branch: Some("main".to_owned()), ..RunFilter::default() }, vec![1]),
            (RunFilter { verdict: Some(Verdict::Critical), ..RunFilter::default() }, vec![1]),
            (RunFilter { verdict: Some(Verdict::Excellent), ..RunFilter::default() }, vec![]),
            (RunFilter { trigger: Some(Trigger::Browser), ..RunFilter::default() }, vec![2]),
            (RunFilter { tag: Some("weekly".to_owned()), ..RunFilter::default() }, vec![2]),
            (RunFilter { tag: Some("week".to_owned()), ..RunFilter::default() }, vec![]),
            (text("STRESS GRÖSSE"), vec![]),
            (text("STRESS GRÖßE"), vec![2]),
            (text("100%_"), vec![2]),
            (text("1__%"), vec![]),
            (text("#1"), vec![1]),
            (text("c93e5 smo"), vec![1]),
            (text("' OR 1=1 --"), vec![]),
            (text("\\"), vec![]),
            (RunFilter { tag: Some("weekly".to_owned()), ..text("main") }, vec![]),
        ];
        for (filter, expected) in cases {
            assert_eq!(numbers(&ground, filter.clone()).await, expected, "{filter:?}");
        }
        let nul = place.db.runs(&text("a\0"), None, 10).await;
        assert!(matches!(nul, Err(StoreError::Refused(Refusal::Nul))));
    }

    async fn pages_hold_every_run_once(place) {
        let ground = Ground::new(&place.db).await;
        for number in 0..25 {
            let mut new = ground.new_run();
            // Several were made in the same microsecond.
            new.created_us = NOW + number / 4;
            place.db.create_run(&new, None).await.unwrap();
        }
        let all = place.db.runs(&RunFilter::default(), None, 100).await.unwrap();
        assert_eq!((all.rows.len(), all.next), (25, None));
        let mut paged = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = place.db.runs(&RunFilter::default(), cursor.as_deref(), 4).await.unwrap();
            paged.extend(page.rows);
            // A run launched meanwhile stands before the first page and shifts nothing.
            let mut newer = ground.new_run();
            newer.created_us = NOW + 1_000;
            place.db.create_run(&newer, None).await.unwrap();
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, all.rows);
        for nonsense in ["", "x", "1.2", "zz.01890a5d-ac96-774b-bcce-b302099a8057", "' OR 1=1"] {
            let refused = place.db.runs(&RunFilter::default(), Some(nonsense), 4).await;
            assert!(matches!(refused, Err(StoreError::Refused(Refusal::Cursor))), "{nonsense}: {refused:?}");
        }
    }

    async fn states_are_counted(place) {
        let ground = Ground::new(&place.db).await;
        ground.running().await;
        ground.launch().await;
        ground.launch().await;
        let expected = vec![(RunState::Queued, 2), (RunState::Running, 1)];
        assert_eq!(place.db.counts(Some(ground.project)).await.unwrap(), expected);
        assert_eq!(place.db.counts(None).await.unwrap(), expected);
        let other = place.db.ensure_project(&"other".parse().unwrap(), NOW).await.unwrap();
        assert!(place.db.counts(Some(other)).await.unwrap().is_empty());
    }

    async fn ten_thousand_runs_are_read_by_their_indexes(place) {
        let ground = Ground::new(&place.db).await;
        ground.launch().await;
        let numbers = if place.is_postgres() {
            "generate_series(2, 10000) AS n (n)".to_owned()
        } else {
            "(WITH RECURSIVE c (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM c WHERE n < 10000) SELECT n FROM c) AS n"
                .to_owned()
        };
        place
            .past_the_store(format!(
                "INSERT INTO run (id, project_id, number, environment_id, suite_version_id, suite, scenario, state, \
                 asked_by, tags, search, load, planned_seconds, created_us, verdict, ended_us) \
                 SELECT 'run ' || n.n, project_id, n.n, environment_id, suite_version_id, suite, scenario, 'finished', \
                 asked_by, tags, search, load, planned_seconds, created_us - n.n, 'issues', created_us - n.n \
                 FROM run, {numbers} WHERE number = 1"
            ))
            .await;
        place.past_the_store("ANALYZE".to_owned()).await;
        assert_eq!(place.db.counts(None).await.unwrap(), vec![(RunState::Queued, 1), (RunState::Finished, 9_999)]);

        let project = ground.project;
        let explain = if place.is_postgres() { "EXPLAIN" } else { "EXPLAIN QUERY PLAN" };
        for (index, statement) in [
            ("run_newest", "SELECT id FROM run ORDER BY created_us DESC, id DESC LIMIT 51".to_owned()),
            (
                // Where one project has all the runs, the index over all projects serves as well.
                "run_newest",
                format!(
                    "SELECT id FROM run WHERE project_id = '{project}' AND (created_us, id) < (1700000000000000, 'x') \
                     ORDER BY created_us DESC, id DESC LIMIT 51"
                ),
            ),
            ("run_waiting", "SELECT id FROM run WHERE state = 'queued' ORDER BY created_us, id LIMIT 1".to_owned()),
            ("run_under_way", "SELECT id FROM run WHERE state IN ('claimed', 'running', 'finishing')".to_owned()),
            (
                "run_series",
                format!(
                    "SELECT id FROM run WHERE verdict IS NOT NULL AND project_id = '{project}' AND suite = 'mita' \
                     AND scenario = 'smoke' AND environment_id = '{}' ORDER BY ended_us DESC LIMIT 20",
                    ground.environment
                ),
            ),
        ] {
            let plan = query_plan(&place, format!("{explain} {statement}")).await;
            assert!(plan.contains(index), "{index} is not used:\n{plan}");
        }
    }
}

/// What the database says how it would run a statement.
async fn query_plan(place: &crate::place::Place, statement: String) -> String {
    use sqlx::{AssertSqlSafe, Connection, Row};
    if place.is_postgres() {
        return place.past_the_store(statement).await.join("\n");
    }
    let mut connection = sqlx::SqliteConnection::connect(&place.url).await.unwrap();
    let rows = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("\n")
}
