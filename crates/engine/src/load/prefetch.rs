//! Log-ins before the first start: one for all users (`once`), or a stock of tokens for an open run (`prefetch`).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{Crew, Model};
use crate::flow::{Domain, Login, Place, Session, Token, stream};

/// Log-ins under way at once: many passwords hashed at the same time take no less time.
const AT_ONCE: u64 = 8;

/// The tokens of each `auth` entry, and how many log-ins failed.
pub(crate) struct Prefetched {
    pub(crate) tokens: Vec<Vec<Token>>,
    pub(crate) failed: u64,
}

/// Makes the tokens that the plan wants before its start.
pub(crate) async fn prefetch(crew: &Arc<Crew>, model: Model) -> Prefetched {
    let mut prefetched = Prefetched { tokens: Vec::new(), failed: 0 };
    for (auth, code) in crew.program.auth.iter().enumerate() {
        let wanted = match (code.once, model) {
            (true, _) => 1,
            (false, Model::Open) => u64::from(code.prefetch),
            (false, Model::Closed) => 0,
        };
        let tokens = log_in_many(crew, auth, wanted).await;
        prefetched.failed += wanted - tokens.len() as u64;
        prefetched.tokens.push(tokens);
    }
    prefetched
}

async fn log_in_many(crew: &Arc<Crew>, auth: usize, wanted: u64) -> Vec<Token> {
    let next = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..AT_ONCE.min(wanted))
        .map(|_| {
            let (crew, next) = (Arc::clone(crew), Arc::clone(&next));
            tokio::spawn(async move {
                let mut performer = crew.performer(Arc::clone(&crew.h2), Model::Open);
                let mut tokens = Vec::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= wanted || crew.stop.starts_over() {
                        return tokens;
                    }
                    let rng = stream(crew.program.seed, Domain::Prefetch, 0, index);
                    let mut session = Session::new(Arc::clone(&crew.program), 0, rng);
                    session.turn_rows(Place { persona: index, turn: index });
                    if performer.log_in(&mut session, auth, true).await == Login::Ready {
                        tokens.extend(session.tokens[auth].take().map(|token| (index, token)));
                    }
                }
            })
        })
        .collect();
    let mut tokens: Vec<(u64, Token)> = Vec::new();
    for task in tasks {
        tokens.extend(task.await.unwrap_or_default());
    }
    // In the order of their rows, whoever was faster.
    tokens.sort_by_key(|(index, _)| *index);
    tokens.into_iter().map(|(_, token)| token).collect()
}
