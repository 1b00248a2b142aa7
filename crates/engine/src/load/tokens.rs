//! Tokens that many users share: made before the run, or one for all.

use std::{collections::HashSet, sync::mpsc::SyncSender};

use parking_lot::{Mutex, RwLock};
use perflab_model::runner::{LogLevel, LogLine, Report};

use crate::{
    clock::wall_us,
    flow::{Session, Token},
};

/// The tokens of one `auth` entry, each in the place of the row that it was made with. A place whose log-in failed is
/// empty until somebody who uses it logs in.
pub(crate) type Stock = Vec<Option<Token>>;

/// The tokens of each `auth` entry; none where every user logs in by itself.
#[derive(Debug)]
pub(crate) struct Shelf {
    tokens: Vec<RwLock<Stock>>,
    /// Feeds without a row left that have been told of.
    exhausted: Mutex<HashSet<String>>,
    reports: SyncSender<Report>,
}

impl Shelf {
    pub(crate) fn new(tokens: Vec<Stock>, reports: SyncSender<Report>) -> Self {
        Self { tokens: tokens.into_iter().map(RwLock::new).collect(), exhausted: Mutex::default(), reports }
    }

    /// How many places for tokens an entry has.
    pub(crate) fn len(&self, auth: usize) -> u64 {
        self.tokens.get(auth).map_or(0, |tokens| tokens.read().len() as u64)
    }

    /// Gives a session the tokens of its turn, in place of those of an earlier one.
    pub(crate) fn lend(&self, session: &mut Session, turn: u64) {
        for (auth, tokens) in self.tokens.iter().enumerate() {
            let tokens = tokens.read();
            if let Some(index) = index(turn, tokens.len()) {
                session.tokens[auth].clone_from(&tokens[index]);
            }
        }
    }

    /// Keeps tokens that the session has renewed, and what it has learned of them. Of two the later one holds: a slow
    /// iteration must not put back a token that another has replaced meanwhile.
    pub(crate) fn take_back(&self, session: &Session, turn: u64) {
        for (auth, tokens) in self.tokens.iter().enumerate() {
            let Some(used) = &session.tokens[auth] else { continue };
            let is_news =
                |kept: &Option<Token>| kept.as_ref().is_none_or(|kept| kept.made <= used.made && kept != used);
            let Some(index) = index(turn, tokens.read().len()) else { continue };
            if is_news(&tokens.read()[index]) {
                let kept = &mut tokens.write()[index];
                if is_news(kept) {
                    *kept = Some(used.clone());
                }
            }
        }
    }

    /// Says once of each `unique` feed that it has no row left.
    pub(crate) fn tell_exhausted(&self, feed: &str) {
        let mut exhausted = self.exhausted.lock();
        if exhausted.contains(feed) {
            return;
        }
        exhausted.insert(feed.to_owned());
        let message = format!("feed `{feed}` has no row left: users without a row of their own send nothing");
        // Said for people; the run goes on without it.
        let _ = self.reports.try_send(Report::Log(LogLine { at_us: wall_us(), level: LogLevel::Warn, message }));
    }
}

fn index(turn: u64, len: usize) -> Option<usize> {
    (len > 0).then(|| usize::try_from(turn % len as u64).unwrap_or(0))
}
