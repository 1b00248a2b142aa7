//! Cases of benchmark suites: what is a sample and what is not, in which order, until when, and what is left behind.

use std::{
    collections::HashSet,
    hint::black_box,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use perflab_engine::bench::{Fault, PrepareError, Prepared};
use perflab_model::{
    bench::{Amount, Case, CaseOutcome, CasePhase, CaseWarmup, Measured, Sampling, Side, Steadiness},
    load::Load,
    runner::{Ending, Order, Report},
    unit::Millis,
};
use perflab_stats::FineHistogram;

use crate::bench::{Does, Shop, carry_out, case, does, measure, measured, pair, plan_of, progress};

fn side(measured: &Measured) -> &Side {
    measured.side.as_ref().expect("it was carried out")
}

/// How many operations were timed one by one.
fn timed(side: &Side) -> u64 {
    FineHistogram::decode(&side.times).expect("our own histogram").count()
}

/// Something that takes about a tenth of a millisecond: too long for batches.
fn slow() -> u64 {
    (0..100_000_u64).fold(1, |sum, n| black_box(sum ^ n))
}

#[test]
fn a_wrong_answer_is_an_error_with_its_input_and_never_a_sample() {
    let shop = Shop::default().knows("sum", || Does {
        perform: |nth| {
            slow();
            Ok(if nth % 10 == 3 { nth + 1 } else { nth })
        },
        check: |nth, answer: &u64| if *answer == nth { Ok(()) } else { Err(Fault::wrong(nth, answer)) },
    });
    let told = &measure(vec![case("sum", 50)], shop)[0];
    let side = side(told);
    assert_eq!((side.operations, side.failed, timed(side)), (50, 5, 45));
    assert_eq!(told.outcome, CaseOutcome::Completed);
    let fault = told.faults.iter().find(|fault| fault.message == "expected 3, got 4").expect("the third is told");
    assert_eq!((fault.code.as_str(), fault.input.as_deref(), fault.count), ("answer.wrong", Some("input 3"), 1));
}

#[test]
fn of_short_operations_a_batch_with_a_wrong_answer_is_no_sample_and_every_operation_is_counted() {
    let shop = Shop::default().knows("sum", || Does {
        perform: |nth| Ok(black_box(nth)),
        check: |nth, answer: &u64| if nth == 30_000 { Err(Fault::wrong("another", answer)) } else { Ok(()) },
    });
    let told = &measure(vec![case("sum", 40_000)], shop)[0];
    let side = side(told);
    assert!(matches!(side.sampling, Sampling::Batches { size } if size > 10), "{:?}", side.sampling);
    assert_eq!((side.operations, side.failed), (40_000, 1));
    assert!(told.warmup_operations > 0, "what was tried is told");
    assert_eq!(side.blocks.len(), 20);
    assert!(side.mean_ns.is_some_and(|mean| mean < 10_000.0));
}

#[test]
fn a_case_of_which_every_answer_is_wrong_has_no_times() {
    let shop = Shop::default().knows("lies", || Does {
        perform: |_| Ok(slow()),
        check: |_, _: &u64| Err(Fault::new("answer.wrong", "it lies")),
    });
    let told = &measure(vec![case("lies", 20)], shop)[0];
    let side = side(told);
    assert_eq!((side.operations, side.failed), (20, 20));
    assert_eq!((side.mean_ns, timed(side), side.blocks.len()), (None, 0, 0));
    assert_eq!(told.curve, []);
}

#[test]
fn an_operation_that_breaks_down_is_a_fault_with_its_text_and_the_run_goes_on() {
    let shop = Shop::default()
        .knows("breaks", || {
            does(|nth| {
                assert!(nth != 7, "seven is too much");
                slow()
            })
        })
        .knows("works", || does(|_| slow()));
    let told = measure(vec![case("breaks", 20), case("works", 20)], shop);
    let fault = &told[0].faults[0];
    assert_eq!(fault.code, "operation.panicked");
    assert!(fault.message.contains("seven is too much"), "{}", fault.message);
    assert_eq!((side(&told[0]).failed, side(&told[1]).failed), (1, 0));
}

#[test]
fn a_stop_ends_the_case_at_its_next_operation_and_tells_of_those_that_were_not_begun() {
    let is_stopped = Arc::new(AtomicBool::new(false));
    let after = Arc::new(AtomicU64::new(0));
    let (seen, count) = (Arc::clone(&is_stopped), Arc::clone(&after));
    let shop = Shop::default()
        .knows("endless", move || {
            let (seen, count) = (Arc::clone(&seen), Arc::clone(&count));
            does(move |_| {
                thread::sleep(Duration::from_millis(2));
                if seen.load(Ordering::SeqCst) {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .knows("next", || does(|_| slow()));
    let outcome = carry_out(plan_of(vec![case("endless", 1_000_000), case("next", 5)]), shop, |report, orders| {
        if let Report::Tick(_) = report
            && !is_stopped.swap(true, Ordering::SeqCst)
        {
            orders.send(Order::Stop).expect("the run listens");
        }
    });
    let told = measured(&outcome);
    assert_eq!(told[0].outcome, CaseOutcome::CutShort);
    assert!(side(&told[0]).operations > 10, "what was measured counts");
    assert!(side(&told[0]).mean_ns.is_some_and(|mean| mean > 2e6));
    assert!(matches!(&told[1].outcome, CaseOutcome::Skipped { .. }));
    assert_eq!(outcome.done().ending, Ending::Stopped);
}

#[test]
fn the_time_of_what_was_tried_counts_where_it_is_measured() {
    let shop = Shop::default().knows("slow", || does(|_| thread::sleep(Duration::from_millis(5))));
    let told = &measure(vec![case("slow", 1)], shop)[0];
    assert_eq!((side(told).operations, told.warmup_operations), (1, 0));
    assert!(told.seconds >= 0.005, "{}", told.seconds);
}

#[test]
fn a_case_that_takes_too_long_keeps_what_was_measured() {
    let shop = Shop::default().knows("slow", || does(|_| thread::sleep(Duration::from_millis(2))));
    let short = Case { at_most: Millis::new(100), ..case("slow", 1_000_000) };
    let told = &measure(vec![short], shop)[0];
    assert_eq!(told.outcome, CaseOutcome::TimeUp);
    assert!((5..60).contains(&side(told).operations), "{}", side(told).operations);
}

#[test]
fn a_case_for_which_the_run_has_no_time_left_is_not_begun() {
    let shop = Shop::default().knows("slow", || does(|_| thread::sleep(Duration::from_millis(2))));
    let mut plan =
        plan_of(vec![case("slow", 1_000_000), Case { name: "next".parse().expect("a name"), ..case("slow", 5) }]);
    if let Load::Cases(cases) = &mut plan.load {
        cases.at_most = Some(Millis::new(100));
    }
    let told = measured(&carry_out(plan, shop, |_, _| {}));
    assert_eq!(told[0].outcome, CaseOutcome::TimeUp);
    assert!(matches!(&told[1].outcome, CaseOutcome::Skipped { reason } if reason.contains("time")));
    assert_eq!(told[1].side, None);
}

#[test]
fn the_order_within_pairs_is_drawn_by_lot_and_the_same_for_the_same_seed() {
    let orders = |seed| {
        let shop = Shop::default().knows("a", || does(|_| slow())).knows("b", || does(|_| slow()));
        let plan = perflab_model::plan::Plan { seed, ..plan_of(vec![pair("both", "a", "b", 60)]) };
        let told = measured(&carry_out(plan, shop, |_, _| {}));
        // Trials of an unknown number come first; what they left of the lot is drawn on.
        let pairs: Vec<bool> = told[0].pairs.iter().map(|pair| pair.with_first).collect();
        assert!(pairs.len() >= 60);
        pairs[..60].to_vec()
    };
    let one = orders(7);
    assert_eq!(one, orders(7));
    assert_ne!(one, orders(8));
    assert!((15..=45).contains(&one.iter().filter(|with_first| **with_first).count()), "{one:?}");
}

#[test]
fn both_sides_of_a_pair_get_the_same_input() {
    let seen = Arc::new(Mutex::new((Vec::new(), Vec::new())));
    let (a, b) = (Arc::clone(&seen), Arc::clone(&seen));
    let shop = Shop::default()
        .knows("a", move || {
            let seen = Arc::clone(&a);
            does(move |nth| {
                seen.lock().expect("no panic").0.push(nth);
                slow()
            })
        })
        .knows("b", move || {
            let seen = Arc::clone(&b);
            does(move |nth| {
                seen.lock().expect("no panic").1.push(nth);
                slow()
            })
        });
    let told = measure(vec![pair("both", "a", "b", 30)], shop);
    assert!(told[0].without.is_some());
    let (without, mut with) = seen.lock().expect("no panic").clone();
    // What allocates is counted afterwards, with one side only.
    with.truncate(without.len());
    assert_eq!(without, with);
}

#[test]
fn five_at_once_do_it_at_the_same_time_each_with_its_own() {
    let inside = Arc::new(Mutex::new(HashSet::new()));
    let all_met = Arc::new(AtomicBool::new(false));
    let (seen, met) = (Arc::clone(&inside), Arc::clone(&all_met));
    let shop = Shop::default().knows("meets", move || {
        let (seen, met, maker) = (Arc::clone(&seen), Arc::clone(&met), thread::current().id());
        let mut own = HashSet::new();
        does(move |nth| {
            own.insert(thread::current().id());
            assert!(own.len() <= 2, "an operation wandered between threads");
            // What is tried before, and counted afterwards, is done by one alone. The others wait for each other once.
            while thread::current().id() != maker && !met.load(Ordering::SeqCst) {
                let mut seen = seen.lock().expect("no panic");
                seen.insert(thread::current().id());
                met.fetch_or(seen.len() == 5, Ordering::SeqCst);
                drop(seen);
                thread::yield_now();
            }
            nth
        })
    });
    let told = measure(vec![Case { concurrency: 5, ..case("meets", 1_000) }], shop);
    assert_eq!(inside.lock().expect("no panic").len(), 5);
    assert_eq!((side(&told[0]).operations, side(&told[0]).failed), (1_000, 0));
}

#[test]
fn what_was_made_ready_is_cleaned_up_whatever_happens() {
    let cleaned = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let cleaned = Arc::clone(&cleaned);
        move |case: &Case| {
            let cleaned = Arc::clone(&cleaned);
            let mut prepared = Prepared::each(case, |_| Ok(does(|nth| assert!(nth != 2, "broken"))))?;
            prepared.after = Some(Box::new(move || {
                cleaned.lock().expect("no panic").push(name);
                if name == "a" { Err("the table would not go".to_owned()) } else { Ok(()) }
            }));
            Ok(prepared)
        }
    };
    let refuses = |_: &Case| Err(PrepareError { code: "sql.connect".into(), message: "nobody answers".to_owned() });
    let shop = Shop::default().makes("a", note("a")).makes("b", note("b")).makes("c", refuses);
    let cases = vec![pair("breaks", "a", "b", 5), pair("is refused", "a", "c", 5)];
    let outcome = carry_out(plan_of(cases), shop, |_, _| {});
    assert_eq!(*cleaned.lock().expect("no panic"), ["b", "a", "a"], "the last that was begun is undone first");
    let refused = CaseOutcome::Failed { code: "sql.connect".to_owned(), message: "nobody answers".to_owned() };
    assert_eq!(measured(&outcome)[1].outcome, refused);
    let warned = |report: &Report| matches!(report, Report::Log(line) if line.message.contains("would not go"));
    assert_eq!(outcome.rest.iter().filter(|report| warned(report)).count(), 2);
    assert_eq!(outcome.done().ending, Ending::Completed);
}

#[test]
fn allocations_are_counted_exactly_and_beside_the_clock() {
    let shop = Shop::default()
        .knows("allocates", || does(|_| (vec![7_u8; 1_000], Box::new(7_u64))))
        .knows("does not", || does(|nth| nth));
    let told = measure(vec![case("allocates", 1_000), case("does not", 1_000)], shop);
    let counted = told.iter().map(|told| told.allocations.expect("this binary counts")).collect::<Vec<_>>();
    assert_eq!((counted[0].allocations, counted[0].bytes), (2 * counted[0].operations, 1_008 * counted[0].operations));
    assert_eq!((counted[1].allocations, counted[1].bytes), (0, 0));
    assert_eq!(side(&told[0]).operations, 1_000, "what was counted was not timed");
}

#[test]
fn declared_warm_up_is_left_out_and_nobody_asks_for_steadiness() {
    let shop = Shop::default().knows("slow", || does(|_| slow()));
    let declared = Case { warmup: CaseWarmup::Iterations(300), ..case("slow", 100) };
    let told = &measure(vec![declared], shop)[0];
    assert_eq!((told.warmup_operations, side(told).operations), (300, 100));
    assert_eq!(told.steadiness, Steadiness::Declared);
}

#[test]
fn operations_that_are_slow_at_first_are_found_to_be_warm_up_and_measured_again() {
    let shop = Shop::default().knows("warms", || {
        does(|nth| {
            let times = if nth < 100 { 8 } else { 1 };
            (0..times).map(|_| slow()).sum::<u64>()
        })
    });
    let auto = Case { warmup: CaseWarmup::Auto, ..case("warms", 1_000) };
    let told = &measure(vec![auto], shop)[0];
    assert!(told.warmup_operations >= 100, "{}", told.warmup_operations);
    assert!(side(told).operations >= 1_000, "as many are measured as were asked for: {}", side(told).operations);
}

#[test]
fn each_case_is_told_of_when_it_begins_and_ticks_count_what_was_done() {
    let shop = Shop::default()
        .knows("a", || does(|_| slow()))
        .knows("b", || does(|_| thread::sleep(Duration::from_millis(4))));
    let timed = Case { amount: Amount::Time(Millis::new(2_300)), ..case("b", 0) };
    let outcome = carry_out(plan_of(vec![case("a", 100), timed]), shop, |_, _| {});
    let told = progress(&outcome);
    assert_eq!(told.iter().filter(|told| told.case.as_str() == "a").count(), 1);
    let last = told.last().expect("b takes seconds");
    assert_eq!((last.case.as_str(), last.phase, last.planned), ("b", CasePhase::Measuring, None));
    assert!(last.mean_ns.is_some_and(|mean| mean > 4e6));
    assert!(!last.recent.is_empty() && last.recent.len() <= 20);
    let done: u64 = measured(&outcome).iter().map(|told| side(told).operations + told.warmup_operations).sum();
    assert_eq!(outcome.sum(|tick| tick.point.finished), done);
    assert!(outcome.ticks.len() >= 3);
}
