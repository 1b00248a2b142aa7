//! How a load goes over time: its rate or users at a moment, its highest, its corners.
//!
//! In:  a [`Load`]. Out: numbers and lines for plans, ticks and drawings. Of several parts those of one unit add up; a rate
//! and users never do.

use super::Load;
use crate::unit::Rps;

impl Load {
    /// The highest rate, of runs with a rate; of several parts that of all together.
    pub fn peak_rate(&self) -> Option<Rps> {
        match self {
            Self::Open { stages, .. } => {
                stages.iter().flat_map(|stage| [stage.from, stage.to]).max_by(|a, b| a.get().total_cmp(&b.get()))
            }
            Self::Closed { .. } | Self::Cases(_) => None,
            Self::Combined { .. } => {
                let rates = self.pieces_where(|load| matches!(load, Self::Open { .. }));
                (!rates.is_empty()).then(|| Rps::new(highest(&rates)).unwrap_or(Rps::ZERO))
            }
        }
    }

    /// The highest number of users, of runs with users; of several parts that of all together.
    pub fn peak_users(&self) -> Option<u32> {
        match self {
            Self::Closed { stages, .. } => stages.iter().flat_map(|stage| [stage.from, stage.to]).max(),
            Self::Open { .. } | Self::Cases(_) => None,
            Self::Combined { .. } => {
                let users = self.pieces_where(|load| matches!(load, Self::Closed { .. }));
                (!users.is_empty()).then(|| highest(&users).ceil() as u32)
            }
        }
    }

    /// The planned rate `seconds` after the start, else the planned number of users; after the end it is zero. Of several
    /// parts the sum of those with a rate, where there is one.
    pub fn planned_at(&self, seconds: f64) -> f64 {
        match self {
            Self::Open { .. } | Self::Closed { .. } | Self::Cases(_) => self.at(seconds, Side::Right),
            Self::Combined { parts } => {
                let rate = self.has_rate();
                let counts = parts.iter().filter(|part| part.load.has_rate() == rate);
                counts.map(|part| part.load.at(seconds - part.start_after.as_secs_f64(), Side::Right)).sum()
            }
        }
    }

    /// The planned rate as a line: second and starts a second at its corners, of several parts all that have a rate
    /// together. Empty where none has.
    pub fn rate_line(&self) -> Vec<(f64, f64)> {
        line(&self.pieces_where(|load| matches!(load, Self::Open { .. })))
    }

    /// The same of the number of users.
    pub fn users_line(&self) -> Vec<(f64, f64)> {
        line(&self.pieces_where(|load| matches!(load, Self::Closed { .. })))
    }

    /// Its corners: seconds from its own start, and rate or users there. Of one model only; none of several parts.
    pub fn corners(&self) -> Vec<(f64, f64)> {
        let mut second = 0.0;
        let mut corners = Vec::new();
        for (from, to, over) in self.stretches() {
            corners.push((second, from));
            second += over;
            corners.push((second, to));
        }
        corners
    }

    /// Value at its start, at its end, and seconds of each stage. Of one model only.
    fn stretches(&self) -> Vec<(f64, f64, f64)> {
        match self {
            Self::Open { stages, .. } => {
                stages.iter().map(|s| (s.from.get(), s.to.get(), s.over.as_secs_f64())).collect()
            }
            Self::Closed { stages, .. } => {
                stages.iter().map(|s| (f64::from(s.from), f64::from(s.to), s.over.as_secs_f64())).collect()
            }
            Self::Combined { .. } | Self::Cases(_) => Vec::new(),
        }
    }

    fn pieces_where(&self, fits: impl Fn(&Self) -> bool) -> Vec<(f64, &Self)> {
        let pieces = self.pieces().into_iter().filter(|(_, load)| fits(load));
        pieces.map(|(after, load)| (after.as_secs_f64(), load)).collect()
    }

    /// The value at a moment, or just before it.
    fn at(&self, seconds: f64, side: Side) -> f64 {
        let mut start = 0.0;
        for (from, to, over) in self.stretches() {
            let within = match side {
                Side::Right => (start..start + over).contains(&seconds),
                Side::Left => start < seconds && seconds <= start + over,
            };
            if over > 0.0 && within {
                return from + (to - from) * (seconds - start) / over;
            }
            start += over;
        }
        0.0
    }
}

/// From which side a moment is looked at: at a jump it has two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// The sum of several loads at every corner of one of them; one alone as it is.
fn line(pieces: &[(f64, &Load)]) -> Vec<(f64, f64)> {
    if let [(after, load)] = pieces {
        let before = (*after > 0.0).then_some([(0.0, 0.0), (*after, 0.0)]);
        return before
            .into_iter()
            .flatten()
            .chain(load.corners().into_iter().map(|(at, value)| (after + at, value)))
            .collect();
    }
    let mut moments: Vec<f64> =
        pieces.iter().flat_map(|(after, load)| load.corners().into_iter().map(move |(at, _)| after + at)).collect();
    moments.sort_by(f64::total_cmp);
    moments.dedup();
    let sum = |at: f64, side: Side| -> f64 { pieces.iter().map(|(after, load)| load.at(at - after, side)).sum() };
    moments.into_iter().flat_map(|at| [(at, sum(at, Side::Left)), (at, sum(at, Side::Right))]).collect()
}

/// The highest sum of several loads. Between two corners all of them are straight, so it is at a corner.
fn highest(pieces: &[(f64, &Load)]) -> f64 {
    let moments = pieces.iter().flat_map(|(after, load)| load.corners().into_iter().map(move |(at, _)| after + at));
    let sum = |at: f64, side: Side| -> f64 { pieces.iter().map(|(after, load)| load.at(at - after, side)).sum() };
    moments.flat_map(|at| [sum(at, Side::Left), sum(at, Side::Right)]).fold(0.0, f64::max)
}
