//! What went wrong in a case, by kinds.
//!
//! In:  wrong answers and failures, one by one. Out: at most 20 kinds with an example each, most frequent first.

use perflab_model::bench::CaseFault;

use super::timed::Wrong;
use crate::redact::Redactor;

/// Kinds that are told.
const TOLD: usize = 20;
/// Kinds that are told apart: messages may name what differs each time.
const KINDS: usize = 100;
/// Longest text of a message or an input, characters.
const TEXT: usize = 500;

/// What went wrong so far.
#[derive(Debug)]
pub(super) struct Faults {
    kinds: Vec<CaseFault>,
    redactor: Redactor,
}

impl Faults {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self { kinds: Vec::new(), redactor }
    }

    /// Counts one.
    pub(super) fn note(&mut self, wrong: &Wrong) {
        let shown = |text: &str| cut(&self.redactor.redact(text));
        let fault = CaseFault {
            code: wrong.fault.code().to_owned(),
            message: shown(wrong.fault.message()),
            input: wrong.input.as_deref().map(shown),
            count: 1,
        };
        self.add(fault);
    }

    /// Adds what another thread noted.
    pub(super) fn merge(&mut self, other: &Self) {
        other.kinds.iter().for_each(|fault| self.add(fault.clone()));
    }

    fn add(&mut self, fault: CaseFault) {
        let full = self.kinds.len() >= KINDS;
        let same = self.kinds.iter().position(|kind| kind.code == fault.code && kind.message == fault.message);
        let like = same.or_else(|| self.kinds.iter().position(|kind| full && kind.code == fault.code));
        match like {
            Some(at) => self.kinds[at].count += fault.count,
            None if full => self.kinds[KINDS - 1].count += fault.count,
            None => self.kinds.push(fault),
        }
    }

    /// The kinds, most frequent first.
    pub(super) fn told(mut self) -> Vec<CaseFault> {
        self.kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        self.kinds.truncate(TOLD);
        self.kinds
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT - 1) {
        Some((end, _)) if text.chars().count() > TEXT => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Fault;

    fn wrong(message: &str) -> Wrong {
        Wrong { fault: Fault::new("answer.wrong", message), input: Some("37".to_owned()) }
    }

    #[test]
    fn kinds_are_counted_and_the_most_frequent_comes_first() {
        let mut faults = Faults::new(Redactor::new(["hunter22".to_owned()]));
        faults.note(&wrong("expected low, got high"));
        for _ in 0..3 {
            faults.note(&wrong("expected hunter22, got nothing"));
        }
        let told = faults.told();
        assert_eq!(told[0].message, "expected [secret], got nothing");
        assert_eq!((told[0].count, told[1].count), (3, 1));
        assert_eq!(told[0].input.as_deref(), Some("37"));
    }

    #[test]
    fn messages_that_differ_each_time_cost_no_memory_and_none_is_uncounted() {
        let mut faults = Faults::new(Redactor::default());
        (0..1_000).for_each(|n| faults.note(&wrong(&format!("expected 0, got {n}"))));
        assert_eq!(faults.kinds.len(), KINDS);
        assert_eq!(faults.kinds.iter().map(|kind| kind.count).sum::<u64>(), 1_000);
        assert_eq!(faults.told().len(), TOLD);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut(&"ä".repeat(600)).chars().count(), TEXT);
        assert_eq!(cut("short"), "short");
    }
}
