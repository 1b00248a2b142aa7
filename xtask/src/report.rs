//! What people see while a verb works: one line a step, sizes and durations in units they use.

use std::fmt;
use std::time::{Duration, Instant};

/// Announces a step.
pub(crate) fn step(text: impl fmt::Display) {
    println!("==> {text}");
}

/// Adds a fact to the step that was announced last.
pub(crate) fn fact(text: impl fmt::Display) {
    println!("    {text}");
}

/// Announces a step, does it, and says how long it took.
pub(crate) fn timed<T, E>(text: impl fmt::Display, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    step(&text);
    let started = Instant::now();
    let done = work()?;
    fact(format_args!("done in {}", Took(started.elapsed())));
    Ok(done)
}

/// A duration as `0.4 s` or `2 min 05 s`.
pub(crate) struct Took(pub(crate) Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds < 60 {
            write!(f, "{:.1} s", self.0.as_secs_f64())
        } else {
            write!(f, "{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

/// A size in bytes as `84.2 KB`.
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ 0..1_000 => write!(f, "{bytes} B"),
            bytes @ 1_000..1_000_000 => write!(f, "{:.1} KB", bytes as f64 / 1e3),
            bytes => write!(f, "{:.1} MB", bytes as f64 / 1e6),
        }
    }
}
