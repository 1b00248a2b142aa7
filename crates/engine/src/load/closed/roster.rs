//! The roster: which number a user of a closed run has, and so its class and the rows that are its own.
//!
//! In:  users that come and go. Out: the lowest free number and its class. Not here: when they come (goose).
//! Promise: however many users are there, each class has its share of them as nearly as whole users allow; the user of
//! a number always is of the same class; no two users have the same number at the same time.

use std::collections::BTreeSet;

use parking_lot::Mutex;

/// Numbers of users, given out and taken back.
#[derive(Debug)]
pub(crate) struct Roster {
    weights: Vec<u32>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Numbers that were given back.
    free: BTreeSet<u64>,
    /// The class of each number that was ever given out.
    classes: Vec<usize>,
    /// How many of these numbers each class has.
    shares: Vec<u64>,
}

/// A user on the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Counts the users who are there at the same time, from 0.
    pub(crate) number: u64,
    /// Index of its class.
    pub(crate) class: usize,
}

impl Roster {
    /// A roster of classes by weight. A class of weight 0 has no users.
    pub(crate) fn new(weights: Vec<u32>) -> Self {
        let shares = vec![0; weights.len()];
        Self { weights, state: Mutex::new(State { free: BTreeSet::new(), classes: Vec::new(), shares }) }
    }

    /// A user comes; nothing where every class has weight 0.
    pub(crate) fn enter(&self) -> Option<Entry> {
        let mut state = self.state.lock();
        if let Some(number) = state.free.pop_first() {
            let class = *state.classes.get(usize::try_from(number).ok()?)?;
            return Some(Entry { number, class });
        }
        let class = self.next_class(&state.shares)?;
        state.shares[class] += 1;
        state.classes.push(class);
        Some(Entry { number: state.classes.len() as u64 - 1, class })
    }

    /// A user goes; its number, and with it its rows, are free for the next.
    pub(crate) fn leave(&self, number: u64) {
        self.state.lock().free.insert(number);
    }

    /// The class that is furthest below its share: the method of Sainte-Laguë, which keeps to the weights after every
    /// single user, and not only after a whole round of them.
    fn next_class(&self, shares: &[u64]) -> Option<usize> {
        let claim = |class: usize| (u128::from(self.weights[class]), 2 * u128::from(shares[class]) + 1);
        (0..self.weights.len()).filter(|class| self.weights[*class] > 0).reduce(|best, other| {
            let ((weight, held), (other_weight, other_held)) = (claim(best), claim(other));
            if other_weight * held > weight * other_held { other } else { best }
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn counts(weights: &[u32], users: usize) -> Vec<usize> {
        let roster = Roster::new(weights.to_vec());
        let mut counts = vec![0; weights.len()];
        for _ in 0..users {
            counts[roster.enter().expect("there is a weight").class] += 1;
        }
        counts
    }

    #[rstest]
    #[case::less_than_a_round(&[97, 3], 60, &[58, 2])]
    #[case::three_classes(&[90, 9, 1], 50, &[45, 5, 0])]
    #[case::a_whole_round(&[1, 3], 8, &[2, 6])]
    #[case::nobody_of_weight_zero(&[0, 2, 1], 6, &[0, 4, 2])]
    #[case::one_user(&[1, 1, 3], 1, &[0, 0, 1])]
    fn every_number_of_users_is_split_by_weight(
        #[case] weights: &[u32],
        #[case] users: usize,
        #[case] expected: &[usize],
    ) {
        assert_eq!(counts(weights, users), expected);
    }

    #[test]
    fn a_number_that_was_given_back_goes_to_the_next_user_with_its_class() {
        let roster = Roster::new(vec![1, 1]);
        let entered: Vec<Entry> = (0..4).filter_map(|_| roster.enter()).collect();
        roster.leave(2);
        roster.leave(1);
        assert_eq!(roster.enter(), Some(entered[1]));
        assert_eq!(roster.enter(), Some(entered[2]));
        assert_eq!(roster.enter().map(|entry| entry.number), Some(4));
    }

    #[test]
    fn without_any_weight_nobody_comes() {
        assert_eq!(Roster::new(vec![0]).enter(), None);
    }
}
