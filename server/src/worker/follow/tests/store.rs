//! A store that does what a script says.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use perflab_model::{order::Orders, runner::Started};

use crate::worker::{
    sink::{Chunk, Sink, SinkError},
    spool::Spool,
};

/// What a store is to do with one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    Well,
    /// Nothing is written.
    Away,
    /// It is written, and the acknowledgement is lost.
    Unacknowledged,
    /// It is written, and nothing is ever said.
    Hangs,
    Refuses,
    Stale,
}

/// What a store has, as the real one would: a chunk of a number that it knows is a repeat.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) calls: Vec<&'static str>,
    pub(super) chunks: Vec<Chunk>,
    pub(super) orders: Orders,
    /// What it does meanwhile, whatever the script says.
    pub(super) always: Option<Answer>,
}

/// A store with a script: what it answers to the first calls, and what to all others.
pub(super) struct Script {
    kept: Arc<Mutex<Kept>>,
    answers: std::vec::IntoIter<(&'static str, Answer)>,
    next: Option<(&'static str, Answer)>,
    otherwise: Answer,
    pub(super) spool: Option<Arc<Spool>>,
}

impl Script {
    pub(super) fn new(answers: &[(&'static str, Answer)], otherwise: Answer) -> (Self, Arc<Mutex<Kept>>) {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let mut answers = Vec::from(answers).into_iter();
        let next = answers.next();
        (Self { kept: Arc::clone(&kept), answers, next, otherwise, spool: None }, kept)
    }

    /// Takes the next line of the script if it is about this call.
    async fn answer(&mut self, call: &'static str, write: impl FnOnce(&mut Kept)) -> Result<Orders, SinkError> {
        let always = self.kept.lock().unwrap().always;
        let answer = match (always, self.next) {
            (Some(answer), _) => answer,
            (None, Some((about, answer))) if about == call => {
                self.next = self.answers.next();
                answer
            }
            _ => self.otherwise,
        };
        let orders = {
            let mut kept = self.kept.lock().unwrap();
            kept.calls.push(call);
            if matches!(answer, Answer::Well | Answer::Unacknowledged | Answer::Hangs) {
                write(&mut kept);
            }
            kept.orders.clone()
        };
        match answer {
            Answer::Well => Ok(orders),
            Answer::Away | Answer::Unacknowledged => Err(SinkError::Unreachable("away".to_owned())),
            Answer::Hangs => std::future::pending().await,
            Answer::Refuses => Err(SinkError::Refused("a number is too large".to_owned())),
            Answer::Stale => Err(SinkError::Stale),
        }
    }
}

#[async_trait]
impl Sink for Script {
    async fn started(&mut self, _: &Started) -> Result<(), SinkError> {
        self.answer("started", |_| {}).await.map(|_| ())
    }

    async fn write(&mut self, chunk: &Chunk) -> Result<Orders, SinkError> {
        if chunk.is_empty() {
            return self.answer("beat", |_| {}).await;
        }
        let chunk = chunk.clone();
        self.answer("chunk", move |kept| match kept.chunks.iter().find(|known| known.number == chunk.number) {
            Some(known) => assert_eq!(known, &chunk, "a repeat is the same, or what it adds is lost"),
            None => {
                assert_eq!(kept.chunks.len() as u64 + 1, chunk.number, "no gap");
                kept.chunks.push(chunk);
            }
        })
        .await
    }

    async fn finishing(&mut self) -> Result<(), SinkError> {
        self.answer("finishing", |_| {}).await.map(|_| ())
    }

    fn spool(&self) -> Option<Arc<Spool>> {
        self.spool.clone()
    }

    /// Always worth another look, so that no test waits for the next second.
    async fn woken(&mut self) {
        tokio::task::yield_now().await;
    }
}
