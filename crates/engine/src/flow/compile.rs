//! Compiles a plan's flows, log-ins and classes.
//!
//! In:  a [`Plan`] (validated by the suite's parser, but it came through a pipe) and its feeds. Out: a [`Program`], or
//! what cannot be run and where.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue, header};
use perflab_model::{
    flow::{Condition, Step, Think},
    plan::Plan,
    template::{Placeholder, Template},
};
use url::Url;

use super::{
    counting::groups_of,
    feed::FeedTable,
    fill::{Escape, Filler, Lookup, Piece, VarId, escaped},
    header::HeaderCode,
    request::{RequestCode, compile_request},
};
use crate::{
    guard::{Denied, Guard, Origin},
    record::{Groups, Names},
    settings::Settings,
};

/// What cannot be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    /// A secret is neither in the environment's secrets nor in the process environment.
    #[error(
        "secret `{0}` has no value: set it for the environment, or as the variable {0} of the process that runs the load"
    )]
    SecretMissing(String),
    /// A name that is not in the plan.
    #[error("{place} names {kind} `{name}`, which the plan does not hold")]
    Unknown {
        /// Where.
        place: String,
        /// A flow, an auth entry …
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A value that HTTP cannot carry.
    #[error("{place}: {why}")]
    Invalid {
        /// Where.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// A place that load may not go to.
    #[error("{place}: {source}")]
    Denied {
        /// Where.
        place: String,
        /// Why not.
        source: Denied,
    },
    /// Nothing to do.
    #[error("the plan holds no class with a flow: check the tags and classes that the scenario selects")]
    NothingToDo,
}

/// One operation of a flow. Jumps are indices into the same list.
#[derive(Debug, PartialEq)]
pub(crate) enum Op {
    Request(usize),
    Auth {
        auth: usize,
        fresh: bool,
    },
    Think(Think),
    /// Begins a repetition; goes to `after` when there is none to do.
    Begin {
        times: u32,
        after: usize,
    },
    /// Ends a round; goes to `body` while rounds are left.
    Next {
        body: usize,
    },
    /// Goes to `target` when the condition does not hold.
    Unless {
        condition: ConditionCode,
        target: usize,
    },
    Jump(usize),
}

/// A compiled condition.
#[derive(Debug, PartialEq)]
pub(crate) enum ConditionCode {
    Chance(f64),
    Exists(VarId),
    Equals { var: VarId, value: String },
}

/// A log-in.
#[derive(Debug)]
pub(crate) struct AuthCode {
    pub(crate) login: usize,
    pub(crate) bearer_from: String,
    pub(crate) refresh_on: Option<u16>,
    pub(crate) prefetch: u32,
    pub(crate) once: bool,
}

/// A kind of user.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) weight: u32,
    pub(crate) think: Think,
    pub(crate) headers: Vec<HeaderCode>,
    pub(crate) auth: Option<usize>,
    pub(crate) on_start: Option<usize>,
    pub(crate) on_stop: Option<usize>,
    pub(crate) iterations: Option<(u32, u32)>,
    pub(crate) flows: Vec<(usize, u32)>,
    /// Feeds that its requests and log-ins read from.
    pub(crate) feeds: Vec<usize>,
}

/// Everything that is done in a run, ready to be done.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) classes: Vec<Class>,
    pub(crate) flows: Vec<Vec<Op>>,
    pub(crate) flow_names: Vec<String>,
    pub(crate) groups: Groups,
    pub(crate) requests: Vec<RequestCode>,
    pub(crate) auth: Vec<AuthCode>,
    pub(crate) feeds: Vec<FeedTable>,
    pub(crate) initial_vars: Vec<Option<String>>,
    pub(crate) var_names: Vec<String>,
    pub(crate) base: Base,
    /// On every request: who we are and which run this is.
    pub(crate) common_headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) seed: u64,
}

impl Program {
    /// Every place that the plan names outright, each once.
    pub(crate) fn origins(&self) -> Vec<&Origin> {
        let mut all = vec![&self.base.origin];
        for origin in self.requests.iter().filter_map(RequestCode::fixed_origin) {
            if !all.contains(&origin) {
                all.push(origin);
            }
        }
        all
    }
}

/// Where paths start.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) origin: Origin,
    pub(crate) host: HeaderValue,
    /// Without a slash at its end.
    pub(crate) path: String,
}

/// Collects what templates name while the plan is compiled.
pub(crate) struct Compiler<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) guard: &'a Guard,
    settings: &'a Settings,
    pub(crate) names: &'a mut Names,
    feeds: Vec<FeedTable>,
    vars: HashMap<String, usize>,
    pub(crate) requests: Vec<RequestCode>,
    auth_ids: HashMap<String, usize>,
    /// The first thing that a template could not be compiled for; templates report through [`Lookup`].
    pub(crate) failed: Option<CompileError>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        feeds: Vec<FeedTable>,
        guard: &'a Guard,
        settings: &'a Settings,
        names: &'a mut Names,
    ) -> Self {
        let auth_ids = plan.auth.iter().enumerate().map(|(index, auth)| (auth.name.clone(), index)).collect();
        Self { plan, guard, settings, names, feeds, vars: HashMap::new(), requests: Vec::new(), auth_ids, failed: None }
    }

    /// Compiles everything.
    pub(crate) fn compile(mut self) -> Result<Program, CompileError> {
        let plan = self.plan;
        let base = base(&plan.environment.base_url, self.guard)?;
        let auth = plan.auth.iter().map(|auth| self.auth(auth, &base)).collect::<Result<Vec<_>, _>>()?;
        let flows = plan
            .flows
            .iter()
            .map(|flow| {
                let mut code = Vec::new();
                self.steps(&flow.name, &flow.steps, &base, &mut code)?;
                Ok(code)
            })
            .collect::<Result<Vec<_>, CompileError>>()?;
        let mut classes = plan.classes.iter().map(|class| self.class(class)).collect::<Result<Vec<_>, _>>()?;
        for class in &mut classes {
            class.feeds = feeds_read(class, &flows, &auth, &self.requests);
        }
        // After every name of the plan, so that they take no place from those.
        for request in &mut self.requests {
            request.redirect_id = self.names.intern_own(&format!("{} [redirect]", request.name));
        }
        if !classes.iter().any(|class| class.weight > 0 && class.flows.iter().any(|(_, weight)| *weight > 0)) {
            return Err(CompileError::NothingToDo);
        }
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let mut var_names = vec![String::new(); self.vars.len()];
        for (name, index) in &self.vars {
            var_names[*index].clone_from(name);
        }
        let initial_vars = var_names.iter().map(|name| plan.environment.variables.get(name).cloned()).collect();
        let flow_names: Vec<String> = plan.flows.iter().map(|flow| flow.name.clone()).collect();
        Ok(Program {
            groups: groups_of(plan, &classes, &flow_names),
            classes,
            flows,
            flow_names,
            requests: self.requests,
            auth,
            feeds: self.feeds,
            initial_vars,
            var_names,
            base,
            common_headers: common_headers(plan)?,
            seed: plan.seed,
        })
    }

    pub(crate) fn var(&mut self, name: &str) -> VarId {
        let next = self.vars.len();
        VarId(*self.vars.entry(name.to_owned()).or_insert(next))
    }

    pub(crate) fn filler(&mut self, template: &Template, escape: Escape) -> Filler {
        let mut filler = Filler::default();
        filler.push_template(template, escape, self);
        filler
    }

    fn auth(&mut self, auth: &perflab_model::flow::Auth, base: &Base) -> Result<AuthCode, CompileError> {
        let mut login = compile_request(self, &auth.login, base, &format!("auth {}", auth.name))?;
        // The token is in the body.
        login.keep_body();
        self.requests.push(login);
        Ok(AuthCode {
            login: self.requests.len() - 1,
            bearer_from: auth.bearer_from.clone(),
            refresh_on: auth.refresh_on,
            prefetch: auth.prefetch,
            once: auth.once,
        })
    }

    fn class(&mut self, class: &perflab_model::flow::UserClass) -> Result<Class, CompileError> {
        let place = format!("class {}", class.name);
        let flow = |name: &String| {
            self.plan.flows.iter().position(|flow| flow.name == *name).ok_or_else(|| CompileError::Unknown {
                place: place.clone(),
                kind: "flow",
                name: name.clone(),
            })
        };
        let on_start = class.on_start.as_ref().map(flow).transpose()?;
        let on_stop = class.on_stop.as_ref().map(flow).transpose()?;
        let flows =
            class.flows.iter().map(|(name, weight)| Ok((flow(name)?, *weight))).collect::<Result<Vec<_>, _>>()?;
        Ok(Class {
            weight: class.weight,
            think: class.think,
            headers: self.headers(&place, &class.headers)?,
            auth: class.auth.as_ref().map(|name| self.auth_id(&place, name)).transpose()?,
            on_start,
            on_stop,
            iterations: class.iterations,
            flows,
            feeds: Vec::new(),
        })
    }

    fn auth_id(&self, place: &str, name: &str) -> Result<usize, CompileError> {
        self.auth_ids.get(name).copied().ok_or_else(|| CompileError::Unknown {
            place: place.to_owned(),
            kind: "auth",
            name: name.to_owned(),
        })
    }

    fn steps(&mut self, flow: &str, steps: &[Step], base: &Base, code: &mut Vec<Op>) -> Result<(), CompileError> {
        for step in steps {
            match step {
                Step::Request(request) => {
                    let place = format!("flow {flow}, request {}", request.name);
                    let compiled = compile_request(self, request, base, &place)?;
                    self.requests.push(compiled);
                    code.push(Op::Request(self.requests.len() - 1));
                }
                Step::Auth { auth, fresh } => {
                    let auth = self.auth_id(&format!("flow {flow}"), auth)?;
                    code.push(Op::Auth { auth, fresh: *fresh });
                }
                Step::Think(think) => code.push(Op::Think(*think)),
                Step::Repeat { times, steps } => {
                    let begin = code.len();
                    code.push(Op::Begin { times: *times, after: 0 });
                    self.steps(flow, steps, base, code)?;
                    code.push(Op::Next { body: begin + 1 });
                    code[begin] = Op::Begin { times: *times, after: code.len() };
                }
                Step::If { condition, then, otherwise } => {
                    let condition = self.condition(condition);
                    let unless = code.len();
                    code.push(Op::Jump(0));
                    self.steps(flow, then, base, code)?;
                    let jump = code.len();
                    code.push(Op::Jump(0));
                    code[unless] = Op::Unless { condition, target: code.len() };
                    self.steps(flow, otherwise, base, code)?;
                    code[jump] = Op::Jump(code.len());
                }
                Step::Group { steps, .. } => self.steps(flow, steps, base, code)?,
            }
        }
        Ok(())
    }

    fn condition(&mut self, condition: &Condition) -> ConditionCode {
        match condition {
            Condition::Chance(share) => ConditionCode::Chance(share.get()),
            Condition::Exists(var) => ConditionCode::Exists(self.var(var)),
            Condition::Equals { var, value } => ConditionCode::Equals { var: self.var(var), value: value.clone() },
        }
    }

    fn fail(&mut self, error: CompileError) -> Piece {
        self.failed.get_or_insert(error);
        Piece::Text(String::new())
    }
}

impl Lookup for Compiler<'_> {
    fn lookup(&mut self, placeholder: &Placeholder, escape: Escape) -> Piece {
        match placeholder {
            Placeholder::Var(name) => Piece::Var(self.var(name), escape),
            Placeholder::Feed { feed, column } => {
                let unknown = |kind, name: &String| CompileError::Unknown {
                    place: placeholder.to_string(),
                    kind,
                    name: name.clone(),
                };
                let Some(index) = self.feeds.iter().position(|table| table.name == *feed) else {
                    return self.fail(unknown("feed", feed));
                };
                match self.feeds[index].column(column) {
                    Some(column) => Piece::Feed { feed: index, column, escape },
                    None => self.fail(unknown("column", column)),
                }
            }
            Placeholder::Secret(name) => match self.settings.secret(name) {
                Some(value) => Piece::Text(escaped(&value, escape).into_owned()),
                None => self.fail(CompileError::SecretMissing(name.clone())),
            },
            Placeholder::Param(name) => match self.plan.parameters.get(name) {
                Some(value) => Piece::Text(escaped(value, escape).into_owned()),
                None => self.fail(CompileError::Unknown {
                    place: placeholder.to_string(),
                    kind: "parameter",
                    name: name.clone(),
                }),
            },
            Placeholder::Uuid => Piece::Uuid,
            Placeholder::Today => Piece::Today,
            Placeholder::Int(from, to) => Piece::Int(*from, *to),
            Placeholder::Choice(all) => {
                Piece::Choice(all.iter().map(|one| escaped(one, escape).into_owned()).collect())
            }
        }
    }
}

/// Feeds that the users of a class read from, in whatever they do.
fn feeds_read(class: &Class, flows: &[Vec<Op>], auth: &[AuthCode], requests: &[RequestCode]) -> Vec<usize> {
    let done = class.flows.iter().map(|(flow, _)| *flow).chain(class.on_start).chain(class.on_stop);
    let sent = done.flat_map(|flow| &flows[flow]).filter_map(|op| match op {
        Op::Request(index) => Some(*index),
        Op::Auth { auth: entry, .. } => Some(auth[*entry].login),
        _ => None,
    });
    let sent = sent.chain(class.auth.map(|entry| auth[entry].login));
    let own = class.headers.iter().flat_map(|header| header.value.feeds());
    let mut feeds: Vec<usize> = sent.flat_map(|index| requests[index].feeds()).chain(own).collect();
    feeds.sort_unstable();
    feeds.dedup();
    feeds
}

fn base(url: &Url, guard: &Guard) -> Result<Base, CompileError> {
    let place = || "the environment's base URL".to_owned();
    let origin = guard.check_url(url).map_err(|source| CompileError::Denied { place: place(), source })?;
    let host = host_header(url).ok_or_else(|| CompileError::Invalid {
        place: place(),
        why: "its host cannot be written as a header".to_owned(),
    })?;
    Ok(Base { origin, host, path: url.path().trim_end_matches('/').to_owned() })
}

/// `Host` as the URL writes it: the port is left out where the scheme implies it.
pub(crate) fn host_header(url: &Url) -> Option<HeaderValue> {
    let host = url.host_str()?;
    let text = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    HeaderValue::from_str(&text).ok()
}

fn common_headers(plan: &Plan) -> Result<Vec<(HeaderName, HeaderValue)>, CompileError> {
    let run = HeaderValue::from_str(&plan.run.to_string())
        .map_err(|error| CompileError::Invalid { place: "the run's id".to_owned(), why: error.to_string() })?;
    Ok(vec![
        (header::USER_AGENT, HeaderValue::from_static(concat!("perflab/", env!("CARGO_PKG_VERSION")))),
        (HeaderName::from_static("x-perflab-run"), run),
    ])
}
