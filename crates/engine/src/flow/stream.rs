//! Random numbers: a ChaCha stream of its own for every user and iteration, from the one seed of the run.
//!
//! Same seed, same picks, whatever the threads do meanwhile: no two users share a stream.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is for, so that the picks of one kind do not shift those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// A user of a closed run, for as long as it lives.
    User = 1,
    /// An iteration of an open run.
    Iteration = 2,
    /// Which class an iteration of an open run belongs to.
    Class = 3,
    /// Gaps between the starts of an open run.
    Arrivals = 4,
    /// Log-ins made before an open run.
    Prefetch = 5,
    /// Which side of a pair of a benchmark case goes first.
    Pair = 6,
}

/// The stream of one user or iteration of a class.
pub(crate) fn stream(seed: u64, domain: Domain, class: u32, index: u64) -> ChaCha8Rng {
    let mut key = [0_u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..12].copy_from_slice(&(domain as u32).to_le_bytes());
    key[12..16].copy_from_slice(&class.to_le_bytes());
    key[16..24].copy_from_slice(&index.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use rand::RngCore;

    use super::*;

    #[test]
    fn streams_repeat_by_key_and_differ_between_keys() {
        let first = |seed, domain, class, index| stream(seed, domain, class, index).next_u64();
        let one = first(7, Domain::User, 1, 2);
        assert_eq!(one, first(7, Domain::User, 1, 2));
        for other in [
            first(8, Domain::User, 1, 2),
            first(7, Domain::Iteration, 1, 2),
            first(7, Domain::User, 2, 1),
            first(7, Domain::User, 1, 3),
        ] {
            assert_ne!(one, other);
        }
    }
}
