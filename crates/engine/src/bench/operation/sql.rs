//! A prepared statement: on a database whose address is a secret, or on the data of the reference target.
//!
//! In:  the statement and its parameters, texts among them templates. Out: an operation for each thread with a connection
//! of its own, and the plan of the query where it is asked for.

use perflab_mita::operations::{Answered, AtHand, Database, Statement};
use perflab_model::{
    bench::QueryPlan,
    template::{Part, Placeholder, Template},
};
use rand::Rng;
use serde_json::{Value, json};

use super::{Fault, Perform, PrepareError, Prepared, Wanted, expectation::Expectation};
use crate::flow::{Domain, stream};

/// A statement as a suite has it.
pub(super) struct Asked<'a> {
    pub(super) query: &'a str,
    pub(super) params: &'a [Value],
    pub(super) before: &'a [String],
    pub(super) after: &'a [String],
    pub(super) explain: bool,
    /// The address of the database; nothing where the data of the reference target is meant.
    pub(super) address: Option<&'a str>,
    pub(super) seed: u64,
}

/// Makes a statement ready.
pub(super) fn prepare(wanted: Wanted<'_>, asked: &Asked<'_>, at_hand: &AtHand) -> Result<Prepared, PrepareError> {
    let expectation = Expectation::new(&wanted.case.expect, None)?;
    let params = asked.params.iter().map(Param::read).collect::<Result<Vec<_>, _>>()?;
    let database = match asked.address {
        Some(address) => Database::at(address)?,
        None => Database::made_up(at_hand)?,
    };
    let after = asked.after.to_vec();
    let made = made_ready(wanted, asked, &database, &params, &expectation);
    let clean_up = move || {
        let undone = database.execute(&after).map_err(|error| error.to_string());
        let removed = database.finish();
        undone.and(removed)
    };
    match made {
        Ok(prepared) => Ok(Prepared { after: Some(Box::new(clean_up)), ..prepared }),
        Err(error) => {
            if let Err(left) = clean_up() {
                tracing::warn!("a case that could not begin has left something: {left}");
            }
            Err(error)
        }
    }
}

fn made_ready(
    wanted: Wanted<'_>,
    asked: &Asked<'_>,
    database: &Database,
    params: &[Param],
    expectation: &Expectation,
) -> Result<Prepared, PrepareError> {
    database.execute(asked.before)?;
    let values = |nth| params.iter().map(|param| param.fill(asked.seed, nth)).collect::<Vec<_>>();
    let plans = if asked.explain {
        let (text, time_ns) = database.explain(asked.query, &values(0))?;
        vec![QueryPlan { query: asked.query.to_owned(), text, time_ns }]
    } else {
        Vec::new()
    };
    let prepared = Prepared::each(wanted.case, |_| {
        Ok(Query {
            statement: database.statement(asked.query)?,
            params: params.to_vec(),
            seed: asked.seed,
            expectation: expectation.clone(),
        })
    })?;
    Ok(Prepared { plans, ..prepared })
}

/// A parameter: a value, or a text that is filled anew each time.
#[derive(Clone)]
enum Param {
    Same(Value),
    Filled(Template),
}

impl Param {
    fn read(value: &Value) -> Result<Self, PrepareError> {
        let Some(text) = value.as_str() else { return Ok(Self::Same(value.clone())) };
        let template: Template = text.parse().map_err(|error: perflab_model::template::TemplateError| {
            PrepareError { code: "plan.invalid".into(), message: error.to_string() }
        })?;
        Ok(match template.as_constant() {
            Some(text) => Self::Same(text.into()),
            None => Self::Filled(template),
        })
    }

    /// The same for the same number of an operation. A text that is one number only is a number.
    fn fill(&self, seed: u64, nth: u64) -> Value {
        let template = match self {
            Self::Same(value) => return value.clone(),
            Self::Filled(template) => template,
        };
        let mut draw = stream(seed, Domain::Iteration, 0, nth);
        if let [Part::Placeholder(Placeholder::Int(from, to))] = template.parts() {
            return draw.random_range(*from..=*to).into();
        }
        let mut text = String::new();
        for part in template.parts() {
            match part {
                Part::Text(same) => text.push_str(same),
                Part::Placeholder(Placeholder::Uuid) => {
                    text.push_str(&uuid::Builder::from_random_bytes(draw.random()).into_uuid().to_string());
                }
                Part::Placeholder(Placeholder::Today) => {
                    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
                    text.push_str(&today.to_string());
                }
                Part::Placeholder(Placeholder::Int(from, to)) => {
                    text.push_str(&draw.random_range(*from..=*to).to_string());
                }
                Part::Placeholder(Placeholder::Choice(all)) if !all.is_empty() => {
                    text.push_str(&all[draw.random_range(0..all.len())]);
                }
                // The suite was refused with anything else.
                Part::Placeholder(_) => {}
            }
        }
        text.into()
    }
}

/// A statement and its parameters.
struct Query {
    statement: Statement,
    params: Vec<Param>,
    seed: u64,
    expectation: Expectation,
}

impl Query {
    fn values(&self, nth: u64) -> Vec<Value> {
        self.params.iter().map(|param| param.fill(self.seed, nth)).collect()
    }
}

impl Perform for Query {
    type Answer = Answered;

    fn perform(&mut self, nth: u64) -> Result<Answered, Fault> {
        let values = self.values(nth);
        Ok(self.statement.run(&values)?)
    }

    fn check(&self, _: u64, answer: &Answered) -> Result<(), Fault> {
        self.expectation.check(|name| match name {
            "rows" => Some(json!(answer.rows)),
            column => answer.first.iter().find(|(known, _)| known == column).map(|(_, value)| value.clone()),
        })
    }

    fn input(&self, nth: u64) -> Option<String> {
        Some(Value::Array(self.values(nth)).to_string())
    }
}
