//! The number of iterations of a run that ends when they are done.
//!
//! In:  users that ask whether they may start another. Out: yes or no, how many were given out, and whether everybody is
//! through. Not here: doing them ([`super::user`]).
//! Promise: never more are given out than there are, whoever asks at the same time.

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

use perflab_model::{
    load::{Iterations, Share},
    unit::Nanos,
};

/// Iterations that are given out to users.
#[derive(Debug)]
pub(crate) struct Quota {
    iterations: Iterations,
    in_all: u64,
    taken: AtomicU64,
    /// When the last of them was given out; `u64::MAX` until then.
    exhausted: AtomicU64,
    /// Users who have nothing to do any more.
    through: AtomicU32,
    users: u32,
}

/// What one user may still start.
#[derive(Clone, Debug)]
pub(crate) struct Ration {
    quota: Arc<Quota>,
    own: u64,
    through: bool,
}

impl Quota {
    pub(crate) fn new(iterations: Iterations, users: u32) -> Self {
        Self {
            iterations,
            in_all: iterations.in_all(users),
            taken: AtomicU64::new(0),
            exhausted: AtomicU64::new(u64::MAX),
            through: AtomicU32::new(0),
            users,
        }
    }

    /// The ration of another user.
    pub(crate) fn ration(self: &Arc<Self>) -> Ration {
        Ration { quota: Arc::clone(self), own: 0, through: false }
    }

    /// When the last iteration was started; nothing while some are left.
    pub(crate) fn last_start(&self) -> Option<Nanos> {
        Some(self.exhausted.load(Ordering::Acquire)).filter(|at| *at < u64::MAX).map(Nanos::new)
    }

    /// Whether no user has anything to do any more.
    pub(crate) fn is_through(&self) -> bool {
        self.through.load(Ordering::Acquire) >= self.users
    }

    /// Iterations that nobody has started.
    pub(crate) fn left(&self) -> u64 {
        self.in_all.saturating_sub(self.taken.load(Ordering::Acquire))
    }
}

impl Ration {
    /// Takes an iteration, if there is one for this user.
    pub(crate) fn take(&mut self, now: Nanos) -> bool {
        let quota = &self.quota;
        if quota.iterations.share == Share::Each && self.own >= quota.iterations.count {
            return false;
        }
        let next = |taken: u64| (taken < quota.in_all).then_some(taken + 1);
        let Ok(before) = quota.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) else { return false };
        if before + 1 == quota.in_all {
            quota.exhausted.store(now.get(), Ordering::Release);
        }
        self.own += 1;
        true
    }

    /// Whether there is nothing left for this user.
    pub(crate) fn is_used_up(&self) -> bool {
        let quota = &self.quota;
        quota.left() == 0 || (quota.iterations.share == Share::Each && self.own >= quota.iterations.count)
    }

    /// The user does nothing any more. Said twice it counts once.
    pub(crate) fn through(&mut self) {
        if !std::mem::replace(&mut self.through, true) {
            self.quota.through.fetch_add(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(share: Share, users: u32) -> (Vec<u64>, Arc<Quota>) {
        let quota = Arc::new(Quota::new(Iterations { count: 10, share }, users));
        let threads: Vec<_> = (0..users)
            .map(|_| {
                let mut ration = quota.ration();
                std::thread::spawn(move || {
                    let mut taken = 0;
                    while ration.take(Nanos::new(7)) {
                        taken += 1;
                    }
                    assert!(ration.is_used_up());
                    ration.through();
                    ration.through();
                    taken
                })
            })
            .collect();
        (threads.into_iter().map(|thread| thread.join().expect("no panic")).collect(), quota)
    }

    #[test]
    fn users_who_share_take_exactly_what_there_is() {
        let (taken, quota) = taken(Share::All, 3);
        assert_eq!(taken.iter().sum::<u64>(), 10);
        assert_eq!((quota.left(), quota.last_start()), (0, Some(Nanos::new(7))));
        assert!(quota.is_through(), "who says twice that it is through counts once, and all have said it");
    }

    #[test]
    fn each_user_takes_its_own_number() {
        let (taken, quota) = taken(Share::Each, 3);
        assert_eq!(taken, [10, 10, 10]);
        assert_eq!(quota.left(), 0);
    }

    #[test]
    fn a_user_who_cannot_go_on_leaves_its_iterations_undone() {
        let quota = Arc::new(Quota::new(Iterations { count: 2, share: Share::Each }, 2));
        let (mut able, mut dead) = (quota.ration(), quota.ration());
        dead.through();
        assert!(able.take(Nanos::new(1)) && able.take(Nanos::new(2)) && !able.take(Nanos::new(3)));
        able.through();
        assert!(quota.is_through());
        assert_eq!((quota.left(), quota.last_start()), (2, None));
    }
}
