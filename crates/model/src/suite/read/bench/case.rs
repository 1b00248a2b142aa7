//! A case: its name, how much of it is measured, and the limits of its mean.

use indexmap::IndexMap;

use super::CaseRead;
use crate::{
    bench::{Amount, Case, CaseWarmup, Operation, Work},
    name::CaseName,
    suite::{
        check_name,
        error::Path,
        matrix::{self, Combined},
        raw::{RawCase, RawCaseWarmup, RawTerms, RawTime, RawWarmupWord},
        read::Reader,
    },
    unit::Millis,
};

/// What is measured where nothing is said.
const USUAL_ITERATIONS: u64 = 100;

/// The longest time of a case where nothing is said.
const USUAL_AT_MOST: Millis = Millis::from_secs(600);

/// Signs that mean something else in a rule's scope, or in the name of a combination.
const NOT_IN_NAMES: [char; 6] = ['*', '?', '"', '[', ']', ','];

/// A limit as it is written and in nanoseconds.
struct LimitTime {
    text: String,
    ns: f64,
}

impl Reader<'_, '_> {
    /// What is wrong with the defaults whatever the cases say.
    pub(super) fn check_defaults(&mut self, defaults: &RawTerms) {
        let path = Path::default().key("defaults");
        self.amount(defaults, &RawTerms::default(), &path);
        self.positive(defaults.at_most, &path.key("at_most"));
        self.check_texts(defaults, &path);
    }

    /// Reads a case with one combination of its matrix: one for each number of threads.
    pub(super) fn case(
        &mut self,
        combined: &Combined,
        raw: RawCase,
        defaults: &RawTerms,
        path: &Path,
    ) -> Vec<CaseRead> {
        let own = &raw.terms;
        let base = self.case_name(&combined.name, path);
        let work = self.work(raw.operation, raw.pair, combined, path);
        self.check_texts(own, path);
        let limits = self.limits_of_mean(own, defaults, work.as_ref(), path);
        let own_rules = own.thresholds.clone().map(|raw| self.parsed_rules(Some(raw), &path.key("thresholds")));
        let amount = self.amount(own, defaults, path);
        let at_most = self.positive(own.at_most, &path.key("at_most")).or(defaults.at_most).unwrap_or(USUAL_AT_MOST);
        let threads = self.threads(own, defaults, path);
        let (Some(base), Some(work)) = (base, work) else { return Vec::new() };
        self.check_expect(&raw.expect.0, &work, path);
        let leak_check = self.leak_check(own, defaults, &work, path);
        let mut combination: IndexMap<String, String> =
            combined.values.iter().map(|(name, value)| (name.clone(), matrix::shown(value))).collect();
        let (target, max, limits) = limits;
        let one = |concurrency: u32, name: CaseName, combination: IndexMap<String, String>| Case {
            name,
            base: base.clone(),
            title: raw.title.clone(),
            combination,
            work: work.clone(),
            expect: raw.expect.0.clone(),
            amount,
            warmup: warmup(own.warmup.as_ref().or(defaults.warmup.as_ref())),
            concurrency,
            leak_check,
            target_ns: target,
            max_ns: max,
            rationale: own.rationale.clone().or_else(|| defaults.rationale.clone()),
            category: own.category.clone().or_else(|| defaults.category.clone()),
            critical: own.critical.or(defaults.critical).unwrap_or(false),
            hints: own.hints.clone().or_else(|| defaults.hints.clone()).unwrap_or_default(),
            at_most,
        };
        let mut all = Vec::new();
        for &concurrency in &threads {
            if threads.len() > 1 {
                combination.insert("concurrency".to_owned(), concurrency.to_string());
            }
            if let Some(name) = self.combined_name(&base, &combination, path) {
                let case = one(concurrency, name, combination.clone());
                all.push(CaseRead { case, limits: limits.clone(), own: own_rules.clone() });
            }
        }
        all
    }

    /// Names are part of rules (`for NAME`) and of the names of combinations.
    fn case_name(&mut self, name: &str, path: &Path) -> Option<CaseName> {
        if let Some(sign) = name.chars().find(|c| NOT_IN_NAMES.contains(c)) {
            let hint = Some("use letters, digits, blanks, _, - and points".to_owned());
            self.problems.add_at_key(path, format!("the name of a case must not hold `{sign}`"), hint);
            return None;
        }
        check_name(name, path, self.problems)
    }

    /// `hash [cost=12]`.
    fn combined_name(
        &mut self,
        base: &CaseName,
        combination: &IndexMap<String, String>,
        path: &Path,
    ) -> Option<CaseName> {
        if combination.is_empty() {
            return Some(base.clone());
        }
        for (name, value) in combination {
            if let Some(sign) = value.chars().find(|c| NOT_IN_NAMES.contains(c) || c.is_control()) {
                let message = format!("the value `{}` holds `{}`", value.escape_debug(), sign.escape_debug());
                let hint =
                    "values stand in the names of cases: give each a short word, and what it stands for elsewhere";
                self.problems.add(&path.key("matrix").key(name), message, Some(hint.to_owned()));
                return None;
            }
        }
        let values: Vec<String> = combination.iter().map(|(name, value)| format!("{name}={value}")).collect();
        check_name(&format!("{base} [{}]", values.join(", ")), path, self.problems)
    }

    fn check_texts(&mut self, terms: &RawTerms, path: &Path) {
        let texts = [("rationale", terms.rationale.as_deref()), ("category", terms.category.as_deref())];
        for (key, text) in texts {
            if text.is_some_and(|text| text.trim().is_empty()) {
                self.problems.add(&path.key(key), format!("`{key}` says nothing"), None);
            }
        }
        for (i, hint) in terms.hints.iter().flatten().enumerate() {
            if hint.trim().is_empty() {
                self.problems.add(&path.key("hints").index(i), "the hint says nothing", None);
            }
        }
    }

    fn amount(&mut self, own: &RawTerms, defaults: &RawTerms, path: &Path) -> Amount {
        let time = self.positive(own.time, &path.key("time"));
        match (own.iterations, time) {
            (Some(_), Some(_)) => {
                let hint = Some("take one of them out".to_owned());
                self.problems.add(&path.key("time"), "a case has iterations or a time, not both", hint);
                Amount::Iterations(USUAL_ITERATIONS)
            }
            (Some(iterations), None) => Amount::Iterations(iterations),
            (None, Some(time)) => Amount::Time(time),
            (None, None) => match (defaults.iterations, defaults.time) {
                (_, Some(time)) => Amount::Time(time),
                (iterations, None) => Amount::Iterations(iterations.unwrap_or(USUAL_ITERATIONS)),
            },
        }
    }

    /// Numbers of threads, each once.
    fn threads(&mut self, own: &RawTerms, defaults: &RawTerms, path: &Path) -> Vec<u32> {
        let path = path.key("concurrency");
        let Some(raw) = own.concurrency.clone().or_else(|| defaults.concurrency.clone()) else { return vec![1] };
        let mut threads = Vec::new();
        for (i, number) in raw.into_vec().into_iter().enumerate() {
            if threads.contains(&number.0) {
                self.problems.add(&path.index(i), format!("the number {} stands there twice", number.0), None);
            } else {
                threads.push(number.0);
            }
        }
        if threads.is_empty() {
            self.problems.add(&path, "the list is empty", Some("write numbers, such as [1, 5, 10]".to_owned()));
            threads.push(1);
        }
        threads
    }

    /// Memory is that of the runner: what a target, a database or a program keeps is not seen there.
    fn leak_check(&mut self, own: &RawTerms, defaults: &RawTerms, work: &Work, path: &Path) -> bool {
        let local = work.operations().iter().all(|operation| matches!(operation, Operation::Builtin { .. }));
        if own.leak_check == Some(true) && !local {
            let hint = Some("leave it out: it watches the memory of the process that measures".to_owned());
            self.problems.add(&path.key("leak_check"), "only builtin operations are checked for leaks", hint);
        }
        local && own.leak_check.or(defaults.leak_check).unwrap_or(true)
    }

    /// Target and maximum in nanoseconds, and the rule that they stand for.
    fn limits_of_mean(
        &mut self,
        own: &RawTerms,
        defaults: &RawTerms,
        work: Option<&Work>,
        path: &Path,
    ) -> (Option<f64>, Option<f64>, Option<super::ParsedRule>) {
        let mut read = |raw: Option<&RawTime>, usual: Option<&RawTime>, key: &str| {
            raw.or(usual).and_then(|time| self.limit_time(time, &path.key(key)))
        };
        let target = read(own.target.as_ref(), defaults.target.as_ref(), "target");
        let max = read(own.max.as_ref(), defaults.max.as_ref(), "max");
        let place = path.key(if own.target.is_some() || own.max.is_none() { "target" } else { "max" });
        let ns = |time: &Option<LimitTime>| time.as_ref().map(|time| time.ns);
        let measure = if matches!(work, Some(Work::Pair { .. })) { "overhead" } else { "avg" };
        let text = match (&target, &max) {
            (None, None) => return (None, None, None),
            (Some(target), Some(max)) => {
                if target.ns > max.ns {
                    let message = format!("the target of {} is beyond the maximum of {}", target.text, max.text);
                    self.problems.add(&place, message, Some("swap the two".to_owned()));
                    return (None, None, None);
                }
                format!("{measure} < {}, max {}", target.text, max.text)
            }
            (Some(target), None) => format!("{measure} < {} warn", target.text),
            (None, Some(max)) => format!("{measure} < {}", max.text),
        };
        if own.rationale.is_none() && defaults.rationale.is_none() {
            let hint = "say why the limit is what it is: `rationale: a person waits for it`".to_owned();
            self.problems.add(&place, "a limit needs its `rationale`", Some(hint));
        }
        let rule = self.parsed_rule(text.parse(), text, &place);
        (ns(&target), ns(&max), rule)
    }

    pub(super) fn limit_time_ns(&mut self, raw: &RawTime, path: &Path) -> Option<f64> {
        self.limit_time(raw, path).map(|time| time.ns)
    }

    fn limit_time(&mut self, raw: &RawTime, path: &Path) -> Option<LimitTime> {
        let text: String = raw.0.chars().filter(|c| !c.is_whitespace()).collect();
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let unit = match &text[end..] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            _ => 3_600e9,
        };
        match text[..end].parse::<f64>() {
            Ok(amount) if amount > 0.0 && (amount * unit).is_finite() => Some(LimitTime { ns: amount * unit, text }),
            _ => {
                self.problems.add(path, format!("`{text}` is no limit"), Some("write a time above 0".to_owned()));
                None
            }
        }
    }
}

fn warmup(raw: Option<&RawCaseWarmup>) -> CaseWarmup {
    match raw {
        None | Some(RawCaseWarmup::Word(RawWarmupWord::Auto)) => CaseWarmup::Auto,
        Some(RawCaseWarmup::Word(RawWarmupWord::None)) => CaseWarmup::None,
        Some(RawCaseWarmup::Operations(operations)) => CaseWarmup::Iterations(*operations),
    }
}
