//! Log-ins before the first start: one for all users (`once`), or a stock of tokens for an open run (`prefetch`).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{Crew, Model, tokens::Stock};
use crate::flow::{Domain, Login, Place, Session, Token, stream};

/// Log-ins under way at once: many passwords hashed at the same time take no less time.
const AT_ONCE: u64 = 8;

/// The tokens of each `auth` entry, and how many log-ins failed.
pub(crate) struct Prefetched {
    pub(crate) tokens: Vec<Stock>,
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
        prefetched.failed += tokens.iter().filter(|token| token.is_none()).count() as u64;
        prefetched.tokens.push(tokens);
    }
    prefetched
}

async fn log_in_many(crew: &Arc<Crew>, auth: usize, wanted: u64) -> Stock {
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
                    if performer.log_in(&crew.program, &mut session, auth, true).await == Login::Ready {
                        tokens.extend(session.tokens[auth].take().map(|token| (index, token)));
                    }
                }
            })
        })
        .collect();
    // Each in the place of its row, whoever was faster: the user of that row gets it, and no other.
    let mut stock: Stock = (0..wanted).map(|_| None).collect();
    for task in tasks {
        let made: Vec<(u64, Token)> = task.await.unwrap_or_default();
        for (index, token) in made {
            if let Some(place) = usize::try_from(index).ok().and_then(|index| stock.get_mut(index)) {
                *place = Some(token);
            }
        }
    }
    stock
}
