//! Income classification.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::parameters::Parameters;
use super::{Failure, Fields, NotReady, Operation, Ready, Receiver, unlisted};
use crate::finance::{
    Behaviour, IncomeError, PROFILES, Profile, Tier, classify, classify_in, cohort, next_tier_when_near, profile,
};
use crate::lru::Lru;

/// The monthly incomes that the original suite classifies.
pub(super) fn incomes() -> impl Iterator<Item = f64> {
    let few = [18_000, 20_000, 22_000, 25_000, 30_000, 35_000, 40_000, 50_000, 75_000, 100_000, 150_000];
    (3..=19).map(|step| step * 500).chain((10..=16).map(|step| step * 1000)).chain(few).map(f64::from)
}

/// How many of the 35 incomes fall into each class, as the service was measured to answer. Incomes and classes both
/// rise, so the counts say the class of every one of them.
const MEASURED: [(&str, [usize; 5]); 6] = [
    ("US-CA", [5, 4, 6, 7, 13]),
    ("US-TX", [3, 3, 5, 8, 16]),
    ("US-NY", [6, 4, 7, 7, 11]),
    ("US", [4, 3, 5, 8, 15]),
    ("US-FL", [3, 4, 5, 7, 16]),
    ("GB", [0, 7, 0, 13, 15]),
];

/// The class of the income with this number, as measured.
fn measured(region: &str, number: usize) -> Option<Tier> {
    let (_, counts) = MEASURED.iter().find(|(name, _)| *name == region)?;
    let mut below = 0;
    Tier::ALL.into_iter().zip(counts).find_map(|(tier, count)| {
        below += count;
        (number < below).then_some(tier)
    })
}

/// An income of the list and where it is earned.
#[derive(Clone, Copy, Debug)]
struct Earner {
    region: &'static str,
    number: usize,
    monthly: f64,
}

/// All incomes of the first regions, region after region.
fn earners(regions: usize) -> Vec<Earner> {
    let of_region = |region| incomes().enumerate().map(move |(number, monthly)| Earner { region, number, monthly });
    MEASURED.iter().take(regions).flat_map(|(region, _)| of_region(*region)).collect()
}

const MAX_INCOME: f64 = 1e9;

pub(super) fn prepare<R: Receiver>(name: &str, parameters: &Parameters, receiver: R) -> Result<R::Taken, NotReady> {
    // Wrong incomes are let through: that they are refused is part of what is measured.
    let income = || parameters.number("income", 1500.0, -MAX_INCOME..=MAX_INCOME);
    let region = || parameters.text("region", "US-CA");
    match name {
        "income.classify" => {
            let (income, region) = (income()?, region()?);
            match parameters.one_of("profiles", &["known", "loaded", "cached"])? {
                "known" => receiver.take(Ready::of(move |_| Ok(Classify { income, region: region.clone() }))),
                way => {
                    let is_cached = way == "cached";
                    let document = document()?;
                    receiver.take(Ready::of(move |_| {
                        Ok(ClassifyLoaded {
                            income,
                            region: region.clone(),
                            document: document.clone(),
                            cache: is_cached.then(|| Lru::new(32)),
                        })
                    }))
                }
            }
        }
        "income.cohort" | "income.register" => {
            let (income, region) = (income()?, region()?);
            let behaviour = Behaviour::from_word(&parameters.text("behavior", "neutral")?);
            let categories = parameters.texts("categories")?;
            let registered = (name == "income.register").then(HashMap::new);
            receiver.take(Ready::of(move |_| {
                Ok(Cohort {
                    income,
                    region: region.clone(),
                    behaviour,
                    categories: categories.clone(),
                    registered: registered.clone(),
                })
            }))
        }
        "income.cycle" => {
            let profiles = usize::try_from(parameters.whole("profiles", 105, 1..=210)?).unwrap_or(1);
            receiver.take(Ready::of(move |_| Ok(Cycle { earners: earners(6).into_iter().take(profiles).collect() })))
        }
        "income.classify_bulk" => {
            let profiles = usize::try_from(parameters.whole("profiles", 100, 1..=210)?).unwrap_or(1);
            let region = parameters.text("region", "")?;
            let earners: Vec<Earner> = earners(6)
                .into_iter()
                .filter(|earner| region.is_empty() || earner.region.eq_ignore_ascii_case(&region))
                .take(profiles)
                .collect();
            if earners.is_empty() {
                let known: Vec<&str> = MEASURED.iter().map(|(name, _)| *name).collect();
                let message = format!("there are no incomes of region `{region}`; there are {}", known.join(", "));
                return Err(NotReady::new("builtin.parameter", message));
            }
            receiver.take(Ready::of(move |_| Ok(Bulk { earners: earners.clone() })))
        }
        "income.near" => {
            let (income, region) = (income()?, region()?);
            receiver.take(Ready::of(move |_| Ok(Near { income, region: region.clone() })))
        }
        _ => Err(unlisted(name)),
    }
}

impl From<IncomeError> for Failure {
    fn from(error: IncomeError) -> Self {
        Self { code: "income.refused", message: error.to_string().into() }
    }
}

/// The class of one income.
struct Classify {
    income: f64,
    region: String,
}

impl Operation for Classify {
    type Answer = Tier;

    fn perform(&mut self, _: u64) -> Result<Tier, Failure> {
        Ok(classify(self.income, &self.region)?)
    }

    fn fields(&self, _: u64, tier: &Tier) -> Fields {
        vec![("tier", json!(tier)), ("annual_income", json!(self.income * 12.0))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} a month in {}", self.income, self.region)
    }
}

/// A profile as a configuration would hold it.
#[derive(Serialize, Deserialize)]
struct Written {
    name: String,
    low: u32,
    lower_middle: Option<u32>,
    middle: u32,
    upper_middle: Option<u32>,
    cost_of_living_percent: u32,
}

/// All profiles as a text.
fn document() -> Result<String, NotReady> {
    let written: Vec<Written> = PROFILES
        .iter()
        .map(|profile| Written {
            name: profile.name.to_owned(),
            low: profile.low,
            lower_middle: profile.lower_middle,
            middle: profile.middle,
            upper_middle: profile.upper_middle,
            cost_of_living_percent: profile.cost_of_living_percent,
        })
        .collect();
    serde_json::to_string(&written).map_err(|error| NotReady::new("builtin.failed", error.to_string()))
}

/// The class of one income, by a profile that is read from a text: each time, or kept in a cache of 32.
struct ClassifyLoaded {
    income: f64,
    region: String,
    document: String,
    cache: Option<Lru<String, Profile>>,
}

impl ClassifyLoaded {
    fn load(&self) -> Result<Profile, Failure> {
        let written: Vec<Written> = serde_json::from_str(&self.document)
            .map_err(|error| Failure { code: "operation.failed", message: error.to_string().into() })?;
        let known = profile(&self.region);
        Ok(written.into_iter().find(|written| written.name == known.name).map_or(*known, |written| Profile {
            name: known.name,
            low: written.low,
            lower_middle: written.lower_middle,
            middle: written.middle,
            upper_middle: written.upper_middle,
            cost_of_living_percent: written.cost_of_living_percent,
        }))
    }
}

impl Operation for ClassifyLoaded {
    type Answer = Tier;

    fn perform(&mut self, _: u64) -> Result<Tier, Failure> {
        if let Some(kept) = self.cache.as_mut().and_then(|cache| cache.get(&self.region)) {
            return Ok(classify_in(self.income, kept)?);
        }
        let loaded = self.load()?;
        if let Some(cache) = &mut self.cache {
            cache.put(self.region.clone(), loaded);
        }
        Ok(classify_in(self.income, &loaded)?)
    }

    fn fields(&self, _: u64, tier: &Tier) -> Fields {
        vec![("tier", json!(tier)), ("annual_income", json!(self.income * 12.0))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} a month in {}", self.income, self.region)
    }
}

/// The group of users that one is compared with; where users are registered, the profile is kept first.
struct Cohort {
    income: f64,
    region: String,
    behaviour: Behaviour,
    categories: Vec<String>,
    registered: Option<HashMap<u64, (f64, String)>>,
}

/// Users that are registered at a time.
const REGISTERED: u64 = 1000;

impl Operation for Cohort {
    type Answer = String;

    fn perform(&mut self, nth: u64) -> Result<String, Failure> {
        if let Some(registered) = &mut self.registered {
            registered.insert(nth % REGISTERED, (self.income, self.region.clone()));
            let (income, region) = &registered[&(nth % REGISTERED)];
            return Ok(cohort(*income, Some(region), self.behaviour, self.categories.iter().map(String::as_str))?);
        }
        Ok(cohort(self.income, Some(&self.region), self.behaviour, self.categories.iter().map(String::as_str))?)
    }

    fn fields(&self, _: u64, cohort: &String) -> Fields {
        // The tier is the only part that may hold an underscore and never holds a dash.
        let tier = Tier::ALL.iter().map(ToString::to_string).find(|tier| cohort.contains(&format!("-{tier}-")));
        vec![("cohort", json!(cohort)), ("tier", json!(tier))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} a month in {}, {:?}, {:?}", self.income, self.region, self.behaviour, self.categories)
    }
}

/// One income after the other.
struct Cycle {
    earners: Vec<Earner>,
}

impl Cycle {
    fn earner(&self, nth: u64) -> Earner {
        let count = self.earners.len().max(1) as u64;
        self.earners[usize::try_from(nth % count).unwrap_or(0)]
    }
}

impl Operation for Cycle {
    type Answer = Tier;

    fn perform(&mut self, nth: u64) -> Result<Tier, Failure> {
        let earner = self.earner(nth);
        Ok(classify(earner.monthly, earner.region)?)
    }

    fn fields(&self, nth: u64, tier: &Tier) -> Fields {
        let earner = self.earner(nth);
        let as_measured = measured(earner.region, earner.number) == Some(*tier);
        vec![("tier", json!(tier)), ("as_measured", json!(as_measured))]
    }

    fn input(&self, nth: u64) -> String {
        let earner = self.earner(nth);
        format!("{} a month in {}", earner.monthly, earner.region)
    }
}

/// Many incomes in one go.
struct Bulk {
    earners: Vec<Earner>,
}

impl Operation for Bulk {
    type Answer = Vec<Tier>;

    fn perform(&mut self, _: u64) -> Result<Vec<Tier>, Failure> {
        Ok(self.earners.iter().map(|earner| classify(earner.monthly, earner.region)).collect::<Result<_, _>>()?)
    }

    fn fields(&self, _: u64, tiers: &Vec<Tier>) -> Fields {
        let count = |tier: Tier| json!(tiers.iter().filter(|got| **got == tier).count());
        let right = self
            .earners
            .iter()
            .zip(tiers)
            .filter(|(earner, tier)| measured(earner.region, earner.number) == Some(**tier));
        vec![
            ("items", json!(tiers.len())),
            ("as_measured", json!(right.count() == tiers.len())),
            ("low", count(Tier::Low)),
            ("lower_middle", count(Tier::LowerMiddle)),
            ("middle", count(Tier::Middle)),
            ("upper_middle", count(Tier::UpperMiddle)),
            ("high", count(Tier::High)),
        ]
    }

    fn input(&self, _: u64) -> String {
        format!("{} incomes", self.earners.len())
    }
}

/// Whether the next class is near.
struct Near {
    income: f64,
    region: String,
}

impl Operation for Near {
    type Answer = Option<Tier>;

    fn perform(&mut self, _: u64) -> Result<Option<Tier>, Failure> {
        Ok(next_tier_when_near(self.income, &self.region)?)
    }

    fn fields(&self, _: u64, next: &Option<Tier>) -> Fields {
        vec![("is_near", json!(next.is_some())), ("next", json!(next))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} a month in {}", self.income, self.region)
    }
}
