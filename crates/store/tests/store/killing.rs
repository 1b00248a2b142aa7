//! Kill switches: pulled once, felt by every run and claim, released by a person.

use perflab_model::{
    id::{EnvironmentId, KillSwitchId},
    kill_switch::KillScope,
    run::{Cancel, RunState},
};
use perflab_store::{Conflict, NewPull, StoreError};

use crate::{
    on_both,
    samples::{Ground, NOW, completed, outcome, worker},
};

fn pull(environment: Option<EnvironmentId>, reason: &str) -> NewPull {
    NewPull {
        id: KillSwitchId::new(uuid::Uuid::now_v7()),
        environment,
        reason: reason.to_owned(),
        by: "Ada in the browser".to_owned(),
        now_us: NOW,
    }
}

on_both! {
    async fn a_switch_aborts_what_it_concerns_and_lets_nothing_begin(place) {
        let staging = Ground::new(&place.db).await;
        let other = staging.another_environment("production").await;
        let (here, there) = (staging.running().await.run.row.id, other.running().await.run.row.id);
        let waiting = staging.launch().await.id;
        let (switch, aborted) = place.db.pull_kill_switch(&pull(Some(staging.environment), "orders fail")).await.unwrap();
        assert_eq!(aborted, 1);
        let scope = KillScope::Environment {
            project: "MITA".parse().unwrap(),
            environment: "staging".parse().unwrap(),
        };
        assert_eq!((&switch.scope, switch.reason.as_str()), (&scope, "orders fail"));

        let told = place.db.beat(here, 1).await.unwrap();
        assert_eq!((told.cancel, told.killed.as_ref()), (Some(Cancel::Abort), Some(&switch)));
        let untouched = place.db.beat(there, 1).await.unwrap();
        assert_eq!((untouched.cancel, untouched.killed), (None, None));
        assert_eq!(place.db.run(here).await.unwrap().unwrap().killed.as_ref(), Some(&switch));
        let late = place.db.finish(here, 1, &completed(), Some(&outcome(here, 1.0)), NOW).await;
        assert!(
            matches!(&late, Err(StoreError::Conflict(Conflict::Cancelled { how: Cancel::Abort, killed: Some(by) })) if **by == switch),
            "{late:?}"
        );
        assert!(place.db.finish(here, 1, &switch.end(), Some(&outcome(here, 1.0)), NOW).await.unwrap());

        assert_eq!(place.db.claim(worker(), "held", NOW).await.unwrap(), None, "waiting runs stay where they are");
        assert_eq!(staging.state(waiting).await, RunState::Queued);
        assert_eq!(place.db.kill_switch_on(staging.environment).await.unwrap(), Some(switch.clone()));
        assert_eq!(place.db.kill_switch_on(other.environment).await.unwrap(), None);

        let released = place.db.release_kill_switch(Some(staging.environment), "Grace", NOW + 5).await.unwrap().unwrap();
        assert_eq!((released.released_by.as_deref(), released.released_us), (Some("Grace"), Some(NOW + 5)));
        assert_eq!(place.db.claim(worker(), "again", NOW).await.unwrap().unwrap().run.row.id, waiting);
        assert_eq!(place.db.beat(waiting, 1).await.unwrap().cancel, None);
        assert_eq!(place.db.released_kill_switches(10).await.unwrap(), [released]);
    }

    async fn the_switch_of_the_whole_lab_concerns_every_environment(place) {
        let staging = Ground::new(&place.db).await;
        let other = staging.another_environment("production").await;
        let runs = [staging.running().await.run.row.id, other.running().await.run.row.id];
        other.launch().await;
        let (switch, aborted) = place.db.pull_kill_switch(&pull(None, "fire")).await.unwrap();
        assert_eq!((aborted, &switch.scope), (2, &KillScope::Lab));
        for run in runs {
            assert_eq!(place.db.beat(run, 1).await.unwrap().killed.as_ref(), Some(&switch));
        }
        assert_eq!(place.db.kill_switches().await.unwrap(), [switch]);
        assert_eq!(place.db.claim(worker(), "held", NOW).await.unwrap(), None);
    }

    async fn a_run_that_was_being_claimed_meanwhile_is_caught_by_its_first_beat(place) {
        let ground = Ground::new(&place.db).await;
        let (switch, _) = place.db.pull_kill_switch(&pull(Some(ground.environment), "orders fail")).await.unwrap();
        let run = ground.launch().await.id;
        // As a claim whose snapshot is older than the switch leaves it.
        place
            .past_the_store(format!(
                "UPDATE run SET state = 'claimed', attempt = 1, last_seq = last_seq + 1 WHERE id = '{run}'"
            ))
            .await;
        let before = place.db.run(run).await.unwrap().unwrap().last_seq;
        let told = place.db.beat(run, 1).await.unwrap();
        assert_eq!((told.cancel, told.killed.as_ref()), (Some(Cancel::Abort), Some(&switch)));
        assert_eq!(place.db.beat(run, 1).await.unwrap(), told);
        assert_eq!(place.db.run(run).await.unwrap().unwrap().last_seq, before + 1, "said once");
        // A release does not bring back what was aborted.
        place.db.release_kill_switch(Some(ground.environment), "Grace", NOW).await.unwrap();
        assert_eq!(place.db.beat(run, 1).await.unwrap().killed.map(|by| by.id), Some(switch.id));
    }

    async fn twenty_people_pull_one_switch(place) {
        let ground = Ground::new(&place.db).await;
        ground.running().await;
        let pulling: Vec<_> = (0..20)
            .map(|number| {
                let (db, new) = (place.db.clone(), pull(Some(ground.environment), &format!("reason {number}")));
                tokio::spawn(async move { db.pull_kill_switch(&new).await.unwrap() })
            })
            .collect();
        let (mut switches, mut aborted) = (Vec::new(), 0);
        for pulled in pulling {
            let (switch, runs) = pulled.await.unwrap();
            switches.push(switch.id);
            aborted += runs;
        }
        switches.dedup();
        assert_eq!((switches.len(), aborted), (1, 1), "the first pull stands");
        assert!(place.db.release_kill_switch(Some(ground.environment), "Grace", NOW).await.unwrap().is_some());
        assert_eq!(place.db.release_kill_switch(Some(ground.environment), "Grace", NOW).await.unwrap(), None);
    }

    async fn the_abort_of_a_person_stays_theirs(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        place.db.request_cancel(run, Cancel::Abort, NOW).await.unwrap();
        let (_, aborted) = place.db.pull_kill_switch(&pull(None, "fire")).await.unwrap();
        let told = place.db.beat(run, 1).await.unwrap();
        assert_eq!((aborted, told.cancel, told.killed), (0, Some(Cancel::Abort), None));
    }
}
