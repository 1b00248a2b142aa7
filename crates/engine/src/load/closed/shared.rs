//! `shared_iterations`: users who take the next of a number of iterations until none is left.
//!
//! In:  a quota and a program. Out: samples, to the recorder. goose has no such executor, so the users are tasks of ours;
//! what one of them does is the same as under goose.

use std::sync::Arc;

use super::{Crew, quota::Quota, roster::Roster, user::User};

/// Lets all users come at once and waits until each of them has left.
pub(super) async fn work(crew: &Arc<Crew>, quota: &Arc<Quota>, users: u32) {
    let roster = Roster::new(crew.program.classes.iter().map(|class| class.weight).collect());
    let tasks: Vec<_> = (0..users)
        .filter_map(|_| roster.enter())
        .map(|entry| {
            let user = User::new(Arc::clone(crew), entry, u64::from(users)).with_ration(quota.ration());
            tokio::spawn(stay(user))
        })
        .collect();
    for task in tasks {
        // Breakdowns inside iterations are caught and counted there; a task that ends otherwise is a fault of ours.
        if let Err(error) = task.await {
            tracing::error!(%error, "a user broke down outside its iterations");
        }
    }
}

async fn stay(mut user: User) {
    while user.has_more_to_do() {
        user.turn().await;
        tokio::task::yield_now().await;
    }
    user.leave().await;
}
