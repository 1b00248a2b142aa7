//! Projects, environments, suites, workers.

use std::collections::BTreeMap;

use perflab_model::id::DraftId;
use perflab_store::{Draft, EnvironmentQueue, NewWorker};

use crate::{
    on_both,
    samples::{Ground, NOW, environment, worker},
};

on_both! {
    async fn a_project_is_made_once(place) {
        let name = "MITA".parse().unwrap();
        let first = place.db.ensure_project(&name, NOW).await.unwrap();
        let again = place.db.ensure_project(&name, NOW + 1).await.unwrap();
        let other = place.db.ensure_project(&"Åland".parse().unwrap(), NOW).await.unwrap();
        assert_eq!(first, again);
        assert_eq!(place.db.projects().await.unwrap(), vec![(first, name), (other, "Åland".parse().unwrap())]);
    }

    async fn an_environment_is_replaced_under_its_name(place) {
        let ground = Ground::new(&place.db).await;
        let mut changed = environment("staging");
        changed.labels = vec!["production_clone".to_owned()];
        let id = place.db.put_environment(ground.project, &changed, NOW + 1).await.unwrap();
        assert_eq!(id, ground.environment);
        assert_eq!(place.db.environment(id).await.unwrap(), Some(changed.clone()));
        assert_eq!(place.db.environments(ground.project).await.unwrap(), vec![(id, changed)]);
    }

    async fn an_environment_tells_who_has_it_and_who_waits(place) {
        let ground = Ground::new(&place.db).await;
        assert_eq!(place.db.environment_queue(ground.environment).await.unwrap(), EnvironmentQueue::default());
        let claimed = ground.claimed().await;
        ground.launch().await;
        ground.launch().await;
        let queue = place.db.environment_queue(ground.environment).await.unwrap();
        assert_eq!(queue, EnvironmentQueue { running: Some(claimed.run.row.number), waiting: 2 });
    }

    async fn a_suite_text_is_kept_once_and_may_come_back(place) {
        let ground = Ground::new(&place.db).await;
        let name = "mita".parse().unwrap();
        let files = BTreeMap::from([("users.csv".to_owned(), "name\nÅsa\n".to_owned())]);
        let put = async |sha256: &str, at: i64| {
            place.db.put_suite(ground.project, &name, &format!("# {sha256}"), &files, sha256, at).await.unwrap()
        };
        let first = put("1111", NOW + 1).await;
        let second = put("2222", NOW + 2).await;
        assert_eq!(put("2222", NOW + 3).await, second, "the newest says the same");
        let newest = place.db.newest_suites(ground.project).await.unwrap();
        assert_eq!(newest.len(), 1);
        assert_eq!((newest[0].id, newest[0].created_us), (second, NOW + 2));
        assert_eq!(newest[0].files, files);

        assert_eq!(put("1111", NOW + 4).await, first, "an old text is found again");
        let newest = place.db.newest_suites(ground.project).await.unwrap();
        assert_eq!((newest[0].id, newest[0].text.as_str()), (first, "# 1111"));
        assert_eq!(place.db.suite_version(second).await.unwrap().unwrap().sha256, "2222");
    }

    async fn versions_of_a_suite_are_listed_newest_first_with_their_runs(place) {
        let ground = Ground::new(&place.db).await;
        let name = "shop".parse().unwrap();
        let put = async |sha256: &str, at: i64| {
            place.db.put_suite(ground.project, &name, sha256, &BTreeMap::new(), sha256, at).await.unwrap()
        };
        put("1111", NOW + 1).await;
        put("2222", NOW + 2).await;
        put("1111", NOW + 3).await;
        let versions = place.db.suite_versions(ground.project, &name).await.unwrap();
        let told: Vec<_> = versions.iter().map(|row| (row.sha256.as_str(), row.since_us, row.runs)).collect();
        assert_eq!(told, [("1111", NOW + 3, 0), ("2222", NOW + 2, 0)]);
        ground.launch().await;
        let versions = place.db.suite_versions(ground.project, &"mita".parse().unwrap()).await.unwrap();
        assert_eq!(versions.iter().map(|row| row.runs).collect::<Vec<_>>(), [1]);
    }

    async fn a_draft_is_replaced_under_its_id_and_forgotten_when_nobody_touches_it(place) {
        let ground = Ground::new(&place.db).await;
        let draft = |id: u128, text: &str, changed_us: i64| Draft {
            id: DraftId::new(uuid::Uuid::from_u128(id)),
            text: text.to_owned(),
            files: BTreeMap::from([("users.csv".to_owned(), "name\nÅsa\n".to_owned())]),
            changed_us,
        };
        place.db.put_draft(ground.project, &draft(1, "first", NOW), 0).await.unwrap();
        place.db.put_draft(ground.project, &draft(1, "second", NOW + 1), 0).await.unwrap();
        let kept = place.db.draft(draft(1, "", 0).id).await.unwrap();
        assert_eq!(kept, Some((ground.project, draft(1, "second", NOW + 1))));
        place.db.put_draft(ground.project, &draft(2, "other", NOW + 100), NOW + 50).await.unwrap();
        assert_eq!(place.db.draft(draft(1, "", 0).id).await.unwrap(), None, "nobody has touched it for so long");
        place.db.forget_draft(draft(2, "", 0).id).await.unwrap();
        assert_eq!(place.db.draft(draft(2, "", 0).id).await.unwrap(), None);
    }

    async fn a_worker_is_known_until_it_says_goodbye(place) {
        let me = NewWorker { id: worker(), host: "bench-1".to_owned(), class: "2-core".to_owned(), started_us: NOW };
        assert!(!place.db.worker_seen(me.id, NOW).await.unwrap());
        place.db.put_worker(&me).await.unwrap();
        assert!(place.db.worker_seen(me.id, NOW + 5).await.unwrap());
        let workers = place.db.workers().await.unwrap();
        assert_eq!((workers.len(), workers[0].seen_us, workers[0].beat), (1, NOW + 5, 1));
        assert_eq!(workers[0].worker, me);
        place.db.forget_worker(me.id).await.unwrap();
        assert!(place.db.workers().await.unwrap().is_empty());
    }

    async fn workers_that_were_killed_are_forgotten_in_the_end(place) {
        let [killed, alive] = [NOW, NOW + 100].map(|started_us| NewWorker {
            id: worker(),
            host: "bench-1".to_owned(),
            class: "2-core".to_owned(),
            started_us,
        });
        place.db.put_worker(&killed).await.unwrap();
        place.db.put_worker(&alive).await.unwrap();
        place.db.forget_silent_workers(NOW + 100).await.unwrap();
        let workers = place.db.workers().await.unwrap();
        assert_eq!(workers.iter().map(|known| known.worker.id).collect::<Vec<_>>(), [alive.id]);
        assert!(!place.db.worker_seen(killed.id, NOW + 200).await.unwrap(), "one that lives after all learns of it");
    }
}
