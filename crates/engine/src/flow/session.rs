//! What one user (closed) or iteration (open) knows: variables, rows, tokens, cookies, random numbers.

use std::sync::Arc;

use cookie_store::CookieStore;
use perflab_model::{flow::FeedOrder, unit::Nanos};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{compile::Program, fill::VarId};

/// A token of an `auth` entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    /// `Bearer …`, ready to be sent.
    pub(crate) header: http::HeaderValue,
    /// Whether the last refresh brought this token, and nothing has been accepted with it yet. Refreshing again would
    /// turn a target that refuses everybody into a storm of log-ins.
    pub(crate) unproven: bool,
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
    pub(crate) cookies: Option<CookieStore>,
    /// When the next request should have been sent; only the first of an iteration of an open run has a plan.
    pub(crate) planned: Option<Nanos>,
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
        Self { program, class, rng, vars, rows, tokens, active_auth, cookies: None, planned: None }
    }

    /// Makes it a new visitor of the class: nothing known but the tokens, which outlive iterations.
    pub(crate) fn begin_iteration(&mut self, class: usize, rng: ChaCha8Rng) {
        self.class = class;
        self.rng = rng;
        self.vars.clone_from(&self.program.initial_vars);
        self.active_auth = self.program.classes[class].auth;
        self.cookies = None;
    }

    /// Forgets everything, tokens included.
    pub(crate) fn forget(&mut self) {
        self.vars.clone_from(&self.program.initial_vars);
        self.tokens.iter_mut().for_each(|token| *token = None);
        self.active_auth = self.program.classes[self.class].auth;
        self.cookies = None;
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

    /// A `unique` feed that has no row for this user.
    pub(crate) fn exhausted_feed(&self) -> Option<&str> {
        let index = self.rows.iter().position(Option::is_none)?;
        Some(&self.program.feeds[index].name)
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
