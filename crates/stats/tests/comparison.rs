//! The comparison on simulated runs of known difference, on a machine that moves from run to run.

use perflab_stats::{
    Series,
    compare::{Better, Comparison, Question, Runs, Word, compare},
};

/// Numbers that look like chance and are the same in every test.
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Twelve uniform numbers less six: mean 0, variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// Medians of twenty blocks that scatter by 2 %, of a run that is off by about 1.5 %.
    fn run(&mut self, level: f64) -> Vec<f64> {
        let off = 0.015 * self.normal();
        (0..20).map(|_| level * (off + 0.02 * self.normal()).exp()).collect()
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    f64::midpoint(sorted[9], sorted[10])
}

/// Pairs of runs whose second is slower by a share, on an environment with a history of twenty pairs of the same code.
fn pairs(count: usize, slower: f64) -> Vec<Comparison> {
    let mut chance = Chance(0x2545_f491_4f6c_dd1d);
    (0..count)
        .map(|_| {
            let earlier = (0..20).map(|_| (median(&chance.run(100.0)) / median(&chance.run(100.0))).ln()).collect();
            let earlier = Series::new(earlier).expect("finite");
            let (baseline, candidate) = (chance.run(100.0), chance.run(100.0 * (1.0 + slower)));
            let question = Question { alpha: 0.05, earlier: &earlier, runs: Runs::SINGLE };
            let series = |values| Series::new(values).expect("finite");
            compare(&series(baseline), &series(candidate), &question).expect("positive")
        })
        .collect()
}

fn share(all: &[Comparison], is: impl Fn(&Comparison) -> bool) -> f64 {
    all.iter().filter(|comparison| is(comparison)).count() as f64 / all.len() as f64
}

#[test]
fn runs_of_the_same_code_are_called_different_about_as_often_as_promised() {
    let all = pairs(1_000, 0.0);
    let different = share(&all, |pair| matches!(pair.word(Better::Lower), Word::Slower | Word::Faster));
    assert!(different <= 0.08, "{different}");
    let covered = share(&all, |pair| pair.interval.is_some_and(|(low, high)| low <= 1.0 && high >= 1.0));
    assert!(covered >= 0.92, "{covered}");
}

#[test]
fn ten_percent_are_seen_although_the_machine_moves_by_one_and_a_half() {
    let all = pairs(300, 0.1);
    let seen = share(&all, |pair| pair.word(Better::Lower) == Word::Slower);
    assert!(seen >= 0.95, "{seen}");
    let covered = share(&all, |pair| pair.interval.is_some_and(|(low, high)| low <= 1.1 && high >= 1.1));
    assert!(covered >= 0.92, "{covered}");
}
