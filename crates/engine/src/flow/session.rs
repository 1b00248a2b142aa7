//! What one user (closed) or iteration (open) knows: variables, rows, tokens, cookies, random numbers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http::HeaderValue;
use perflab_model::flow::FeedOrder;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{compile::Program, cookies::Cookies, fill::VarId};

/// How long a refresh that failed is not tried again. The target refuses everybody then, and a log-in for each refused
/// request would be a storm that the suite does not ask for.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);

/// Before a bearer token in its header.
const SCHEME: &str = "Bearer ";
use crate::record::Planned;

/// A token of an `auth` entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    /// `Bearer …`, ready to be sent.
    pub(crate) header: HeaderValue,
    /// Tokens in the order in which they were made: of two, the later one is the one that holds.
    pub(crate) made: u64,
    /// Whether the last refresh brought this token, and nothing has been accepted with it yet. Refreshing again would
    /// turn a target that refuses everybody into a storm of log-ins.
    pub(crate) unproven: bool,
    /// Until when no refresh is tried, because one has failed.
    refresh_from: Option<Instant>,
}

static TOKENS_MADE: AtomicU64 = AtomicU64::new(0);

impl Token {
    /// A token as a log-in's answer holds it; nothing when no header can hold it.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut header = HeaderValue::from_str(&format!("{SCHEME}{text}")).ok()?;
        header.set_sensitive(true);
        let made = TOKENS_MADE.fetch_add(1, Ordering::Relaxed);
        Some(Self { header, made, unproven: false, refresh_from: None })
    }

    /// As the log-in's answer held it.
    fn text(&self) -> Option<&str> {
        self.header.to_str().ok()?.strip_prefix(SCHEME)
    }

    /// Whether a refusal may be answered by another log-in.
    pub(crate) fn may_refresh(&self) -> bool {
        !self.unproven && self.refresh_from.is_none_or(|from| Instant::now() >= from)
    }

    /// A refresh has failed.
    pub(crate) fn could_not_refresh(&mut self) {
        self.refresh_from = Some(Instant::now() + REFRESH_PAUSE);
    }
}

/// The state of one user or iteration.
pub(crate) struct Session {
    pub(crate) program: Arc<Program>,
    /// Index of the class in the program.
    pub(crate) class: usize,
    pub(crate) rng: ChaCha8Rng,
    vars: Vec<Option<String>>,
    rows: Vec<Option<usize>>,
    pub(crate) tokens: Vec<Option<Token>>,
    /// The token that requests carry.
    pub(crate) active_auth: Option<usize>,
    pub(crate) cookies: Cookies,
    /// When the next request should have been sent; only the first of an iteration of an open run has a plan.
    pub(crate) planned: Option<Planned>,
}

/// Which rows a user or iteration gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counts users; each value has the rows of `unique` feeds for itself.
    pub(crate) persona: u64,
    /// Counts iterations over all users, so that `sequential` rows follow each other.
    pub(crate) turn: u64,
}

impl Session {
    pub(crate) fn new(program: Arc<Program>, class: usize, rng: ChaCha8Rng) -> Self {
        let tokens = vec![None; program.auth.len()];
        let rows = vec![None; program.feeds.len()];
        let vars = program.initial_vars.clone();
        let active_auth = program.classes[class].auth;
        Self { program, class, rng, vars, rows, tokens, active_auth, cookies: Cookies::default(), planned: None }
    }

    /// Makes it a new visitor of the class: nothing known but the tokens, which outlive iterations.
    pub(crate) fn begin_iteration(&mut self, class: usize, rng: ChaCha8Rng) {
        self.class = class;
        self.rng = rng;
        self.vars.clone_from(&self.program.initial_vars);
        self.active_auth = self.program.classes[class].auth;
        self.cookies.clear();
    }

    /// Forgets everything, tokens included.
    pub(crate) fn forget(&mut self) {
        self.vars.clone_from(&self.program.initial_vars);
        self.tokens.iter_mut().for_each(|token| *token = None);
        self.active_auth = self.program.classes[self.class].auth;
        self.cookies.clear();
    }

    /// Moves every feed to the row of this turn.
    ///
    /// Rows follow from persona and turn and not from who asks first, so that the same seed gives the same rows.
    pub(crate) fn turn_rows(&mut self, place: Place) {
        for (index, feed) in self.program.feeds.iter().enumerate() {
            let rows = feed.len() as u64;
            self.rows[index] = match feed.order {
                FeedOrder::Sequential => Some(place.turn % rows),
                FeedOrder::Shuffle => Some(self.rng.random_range(0..rows)),
                FeedOrder::Unique => Some(place.persona).filter(|row| *row < rows),
            }
            .and_then(|row| usize::try_from(row).ok());
        }
    }

    /// A `unique` feed that the class reads and that has no row for this user.
    pub(crate) fn exhausted_feed(&self) -> Option<&str> {
        let mut read = self.program.classes[self.class].feeds.iter().copied();
        let index = read.find(|feed| self.rows[*feed].is_none())?;
        Some(&self.program.feeds[index].name)
    }

    /// What reports must not show of this user: its tokens, and what it has taken from answers.
    pub(crate) fn private_values(&self) -> impl Iterator<Item = &str> {
        let taken = self.vars.iter().zip(&self.program.initial_vars).filter(|(now, first)| now != first);
        taken.filter_map(|(value, _)| value.as_deref()).chain(self.tokens.iter().flatten().filter_map(Token::text))
    }

    pub(crate) fn var(&self, id: VarId) -> Option<&str> {
        self.vars.get(id.0)?.as_deref()
    }

    pub(crate) fn set_var(&mut self, id: VarId, value: String) {
        if let Some(slot) = self.vars.get_mut(id.0) {
            *slot = Some(value);
        }
    }

    pub(crate) fn cell(&self, feed: usize, column: usize) -> Option<&str> {
        let row = (*self.rows.get(feed)?)?;
        self.program.feeds.get(feed).map(|table| table.cell(row, column))
    }
}
