//! What became of a known finding when its history grew: told once, updated, faded, fixed; never told twice.
//!
//! In:  the findings of a series as they were, and the changes that the newest evaluation finds.
//! Out: the findings as they are now, and the changes that are new.
//! Not here: who is told, and the series' key (`lab`).

use super::Change;

/// A change within so many runs of a known one is the known one.
const SAME_WITHIN: usize = 5;
/// A finding that so many evaluations in a row do not show has faded.
const FADES_AFTER: u32 = 2;

/// What a finding is at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It holds.
    Open,
    /// More runs took the evidence away.
    Faded,
    /// The level came back.
    Fixed,
    /// A person closed it; only another move of the level is news.
    Closed,
}

/// A finding that was told before.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The change as it was last seen.
    pub change: Change,
    /// What it is.
    pub state: State,
    /// Evaluations in a row without it.
    pub unsupported: u32,
}

/// What one evaluation means for the findings of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// The known ones, in their order.
    pub known: Vec<Known>,
    /// Changes that nobody was told of.
    pub raised: Vec<Change>,
}

/// Follows the findings. Each change belongs to at most one of them, the nearest.
pub fn follow(known: &[Known], found: &[Change]) -> Followed {
    let mut taken = vec![false; found.len()];
    let mut followed = Vec::with_capacity(known.len());
    for finding in known {
        let nearest = (0..found.len())
            .filter(|at| !taken[*at] && is_same(&finding.change, &found[*at]))
            .min_by_key(|at| found[*at].index.abs_diff(finding.change.index));
        let mut next = finding.clone();
        match nearest {
            Some(at) => {
                taken[at] = true;
                next.change = found[at].clone();
                next.unsupported = 0;
                if next.state == State::Faded {
                    next.state = State::Open;
                }
            }
            None => {
                next.unsupported = next.unsupported.saturating_add(1);
                if next.state == State::Open && next.unsupported >= FADES_AFTER {
                    next.state = State::Faded;
                }
            }
        }
        if next.state == State::Open && found.iter().any(|later| takes_back(&next.change, later)) {
            next.state = State::Fixed;
        }
        followed.push(next);
    }
    let raised = found.iter().zip(taken).filter(|(_, taken)| !taken).map(|(change, _)| change.clone()).collect();
    Followed { known: followed, raised }
}

/// The same place and the same direction.
fn is_same(known: &Change, found: &Change) -> bool {
    known.index.abs_diff(found.index) <= SAME_WITHIN && (known.shift > 0.0) == (found.shift > 0.0)
}

/// Whether a later change leaves less than half of an earlier one.
fn takes_back(change: &Change, later: &Change) -> bool {
    let left = (later.after - change.before) / (change.after - change.before);
    later.index > change.index && (later.shift > 0.0) != (change.shift > 0.0) && left < 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(index: usize, before: f64, after: f64) -> Change {
        let ratio = after / before;
        Change { index, plausible: index..=index, before, after, shift: ratio - 1.0, step: ratio.ln(), p: 1e-6 }
    }

    fn known(change: Change, state: State) -> Known {
        Known { change, state, unsupported: 0 }
    }

    #[test]
    fn a_change_near_a_known_one_updates_it_and_is_not_told_again() {
        let followed = follow(&[known(change(40, 100.0, 110.0), State::Open)], &[change(43, 100.0, 111.0)]);
        assert_eq!((followed.known[0].change.index, followed.raised.len()), (43, 0));
        let followed = follow(&[known(change(40, 100.0, 110.0), State::Open)], &[change(46, 100.0, 111.0)]);
        assert_eq!(followed.raised.len(), 1);
    }

    #[test]
    fn a_finding_fades_when_two_evaluations_do_not_show_it_and_comes_back_in_silence() {
        let once = follow(&[known(change(40, 100.0, 110.0), State::Open)], &[]);
        assert_eq!(once.known[0].state, State::Open);
        let twice = follow(&once.known, &[]);
        assert_eq!(twice.known[0].state, State::Faded);
        let again = follow(&twice.known, &[change(41, 100.0, 110.0)]);
        assert_eq!((again.known[0].state, again.raised.len()), (State::Open, 0));
    }

    #[test]
    fn a_level_that_comes_back_fixes_the_finding_and_is_itself_news() {
        let found = [change(40, 100.0, 120.0), change(60, 120.0, 101.0)];
        let followed = follow(&[known(found[0].clone(), State::Open)], &found);
        assert_eq!((followed.known[0].state, followed.raised.len()), (State::Fixed, 1));
    }

    #[test]
    fn what_a_person_closed_stays_closed_until_the_level_moves_again() {
        let closed = [known(change(40, 100.0, 120.0), State::Closed)];
        let same = follow(&closed, &[change(41, 100.0, 121.0)]);
        assert_eq!((same.known[0].state, same.raised.len()), (State::Closed, 0));
        let moved = follow(&closed, &[change(40, 100.0, 120.0), change(70, 120.0, 150.0)]);
        assert_eq!((moved.known[0].state, moved.raised.len()), (State::Closed, 1));
    }

    #[test]
    fn a_step_the_other_way_is_another_finding() {
        let followed = follow(&[known(change(40, 100.0, 110.0), State::Open)], &[change(42, 110.0, 100.0)]);
        assert_eq!(followed.raised.len(), 1);
    }
}
