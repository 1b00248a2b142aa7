//! Cases for tests: what a harness would have told of them.

use perflab_model::{
    bench::{
        Amount, BudgetTree, Case, CaseFault, CaseOutcome, CaseWarmup, Cases, Measured, MemoryReading, Operation,
        PairTimes, SampleBlock, Sampling, Side, Steadiness, Work,
    },
    load::Load,
    plan::{Plan, Rule},
    unit::Millis,
};

use crate::{FineHistogram, Series, robust, summary};

fn builtin(name: &str) -> Operation {
    Operation::Builtin { name: name.to_owned(), parameters: Default::default() }
}

/// A case of one operation.
pub(crate) fn case(name: &str) -> Case {
    let base = name.split(' ').next().unwrap_or(name);
    Case {
        name: name.parse().expect("a name"),
        base: base.parse().expect("a name"),
        title: None,
        combination: Default::default(),
        work: Work::Single(builtin("probe.spin")),
        expect: Default::default(),
        amount: Amount::Iterations(500),
        warmup: CaseWarmup::Auto,
        concurrency: 1,
        leak_check: true,
        target_ns: None,
        max_ns: None,
        rationale: None,
        category: None,
        critical: false,
        hints: Vec::new(),
        at_most: Millis::from_secs(60),
    }
}

/// A case that is a pair.
pub(crate) fn pair(name: &str) -> Case {
    Case { work: Work::Pair { without: builtin("probe.spin"), with: builtin("probe.more") }, ..case(name) }
}

/// A plan of these cases, judged by these rules of its suite.
pub(crate) fn plan(cases: Vec<Case>, budgets: Vec<BudgetTree>, rules: &[&str]) -> Plan {
    let rules = rules
        .iter()
        .map(|text| Rule { threshold: text.parse().expect("a rule"), source: "suite probe".to_owned() })
        .collect();
    Plan {
        load: Load::Cases(Cases { cases, budgets, at_most: None }),
        rules,
        flows: Vec::new(),
        ..crate::sample::plan(&[])
    }
}

/// A budget.
pub(crate) fn budget(name: &str, limit_ms: f64, parts: &[&str]) -> BudgetTree {
    BudgetTree {
        name: name.to_owned(),
        limit_ns: limit_ms * 1e6,
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
    }
}

/// So many times about a centre in milliseconds, up to 5 % more.
pub(crate) fn about(ms: f64, samples: u32) -> Vec<f64> {
    (0..samples).map(|i| ms * (1.0 + 0.05 * f64::from(i * 37 % 101) / 101.0)).collect()
}

/// One way of doing an operation: each time in milliseconds a sample, and so many failures besides.
pub(crate) fn side(times_ms: &[f64], failed: u64) -> Side {
    let ns: Vec<f64> = times_ms.iter().map(|ms| ms * 1e6).collect();
    let mut times = FineHistogram::new();
    ns.iter().for_each(|ns| times.record_ns(*ns));
    let series = Series::new(ns.clone()).expect("finite");
    let any = !ns.is_empty();
    Side {
        sampling: Sampling::OneByOne,
        operations: ns.len() as u64 + failed,
        failed,
        mean_ns: any.then(|| robust::mean(&ns)),
        deviation_ns: any.then(|| robust::variance(&ns).sqrt()),
        times: times.encode(),
        blocks: summary::blocks(&series)
            .into_iter()
            .map(|block| SampleBlock { median_ns: block.median, mean_ns: block.mean, p95_ns: block.p95 })
            .collect(),
        far_out: 0,
    }
}

/// A case that went well, with these times in milliseconds.
pub(crate) fn measured(name: &str, times_ms: &[f64]) -> Measured {
    failing(name, times_ms, 0)
}

/// The same, and so many operations that answered wrongly.
pub(crate) fn failing(name: &str, times_ms: &[f64], failed: u64) -> Measured {
    let fault = CaseFault {
        code: "answer.wrong".to_owned(),
        message: "tier: expected low, got middle".to_owned(),
        input: None,
        count: failed,
    };
    Measured {
        case: name.parse().expect("a name"),
        outcome: CaseOutcome::Completed,
        steadiness: if times_ms.len() < 20 { Steadiness::Unknown } else { Steadiness::Steady },
        warmup_operations: 10,
        seconds: times_ms.iter().sum::<f64>() / 1e3,
        side: Some(side(times_ms, failed)),
        without: None,
        pairs: Vec::new(),
        curve: Vec::new(),
        clock_ns: 25.0,
        cpu_ns: None,
        memory: Vec::new(),
        heap: Vec::new(),
        allocations: None,
        faults: if failed > 0 { vec![fault] } else { Vec::new() },
        plans: Vec::new(),
        steal: Some(0.0),
        other: Some(0.0),
    }
}

/// So many pairs of which the second costs about so many milliseconds more than 50.
pub(crate) fn paired(name: &str, more_ms: f64, pairs: u32) -> Measured {
    let differences: Vec<f64> = (0..pairs).map(|i| more_ms + 0.02 * f64::from(i * 7 % 30) - 0.3).collect();
    let without: Vec<f64> = about(50.0, pairs);
    let with: Vec<f64> = without.iter().zip(&differences).map(|(without, more)| without + more).collect();
    let times = without.iter().zip(&with).enumerate().map(|(i, (without, with))| PairTimes {
        without_ns: without * 1e6,
        with_ns: with * 1e6,
        with_first: i % 2 == 0,
    });
    Measured { without: Some(side(&without, 0)), pairs: times.collect(), ..measured(name, &with) }
}

/// 240 readings of memory that grows by so many bytes an operation.
pub(crate) fn growing(bytes: u64) -> Vec<MemoryReading> {
    (0..240_u64)
        .map(|i| MemoryReading { operations: 10 * i, bytes: 100_000_000 + bytes * 10 * i + i % 7 * 3_000_000 })
        .collect()
}
