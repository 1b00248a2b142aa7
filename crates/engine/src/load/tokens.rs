//! Tokens that many users share: made before the run, or one for all.

use std::sync::{
    atomic::{AtomicBool, Ordering},
    mpsc::SyncSender,
};

use parking_lot::RwLock;
use perflab_model::runner::{LogLevel, LogLine, Report};

use crate::{
    clock::wall_us,
    flow::{Session, Token},
};

/// The tokens of each `auth` entry; none where every user logs in by itself.
#[derive(Debug)]
pub(crate) struct Shelf {
    tokens: Vec<RwLock<Vec<Token>>>,
    exhaustion_told: AtomicBool,
    reports: SyncSender<Report>,
}

impl Shelf {
    pub(crate) fn new(tokens: Vec<Vec<Token>>, reports: SyncSender<Report>) -> Self {
        Self { tokens: tokens.into_iter().map(RwLock::new).collect(), exhaustion_told: AtomicBool::new(false), reports }
    }

    /// How many tokens an entry has.
    pub(crate) fn len(&self, auth: usize) -> u64 {
        self.tokens.get(auth).map_or(0, |tokens| tokens.read().len() as u64)
    }

    /// Gives a session the tokens of its turn.
    pub(crate) fn lend(&self, session: &mut Session, turn: u64) {
        for (auth, tokens) in self.tokens.iter().enumerate() {
            let tokens = tokens.read();
            if let Some(index) = index(turn, tokens.len()) {
                session.tokens[auth] = Some(tokens[index].clone());
            }
        }
    }

    /// Keeps tokens that the session has renewed.
    pub(crate) fn take_back(&self, session: &Session, turn: u64) {
        for (auth, tokens) in self.tokens.iter().enumerate() {
            let Some(renewed) = &session.tokens[auth] else { continue };
            let changed = {
                let tokens = tokens.read();
                index(turn, tokens.len()).filter(|index| tokens[*index] != *renewed)
            };
            if let Some(index) = changed {
                tokens.write()[index] = renewed.clone();
            }
        }
    }

    /// Says once that a `unique` feed has no row left.
    pub(crate) fn tell_exhausted(&self, feed: &str) {
        if self.exhaustion_told.swap(true, Ordering::Relaxed) {
            return;
        }
        let message = format!("feed `{feed}` has no row left: users without a row of their own send nothing");
        // Said for people; the run goes on without it.
        let _ = self.reports.try_send(Report::Log(LogLine { at_us: wall_us(), level: LogLevel::Warn, message }));
    }
}

fn index(turn: u64, len: usize) -> Option<usize> {
    (len > 0).then(|| usize::try_from(turn % len as u64).unwrap_or(0))
}
