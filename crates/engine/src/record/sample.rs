//! One timed request, small enough that a second of a hundred thousand of them stays in the cache's reach.

use std::time::Duration;

use perflab_model::unit::Nanos;

use super::{groups::GroupId, names::NameId};
use crate::code::ErrorCode;

/// The largest value that histograms hold: one hour in microseconds. Larger ones saturate there.
pub(crate) const MAX_US: u64 = 3_600_000_000;

/// Under what a sample is counted: name, status class and error code, packed so that sorting groups them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(u32);

const NO_CODE: u8 = u8::MAX;

impl Key {
    pub(crate) fn new(name: NameId, status_class: u8, code: Option<ErrorCode>) -> Self {
        let code = code.map_or(NO_CODE, |code| code as u8);
        Self((u32::from(name.0) << 16) | (u32::from(status_class) << 8) | u32::from(code))
    }

    pub(crate) const fn name(self) -> NameId {
        NameId((self.0 >> 16) as u16)
    }

    pub(crate) const fn status_class(self) -> u8 {
        (self.0 >> 8) as u8
    }

    pub(crate) fn code(self) -> Option<ErrorCode> {
        ErrorCode::from_number(self.0 as u8)
    }
}

/// Microseconds, rounded, at least 1 (the histograms' smallest value) and saturating at [`MAX_US`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Micros(u32);

impl Micros {
    const NONE: Self = Self(u32::MAX);

    pub(crate) fn of(nanos: Nanos) -> Self {
        let rounded = (nanos.get() + 500) / 1000;
        // MAX_US fits in 32 bits, and NONE lies above it.
        Self(rounded.clamp(1, MAX_US) as u32)
    }

    pub(crate) const fn get(self) -> Option<u64> {
        if self.0 == u32::MAX { None } else { Some(self.0 as u64) }
    }
}

/// One request that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) key: Key,
    /// Whose it was, and in which flow.
    pub(crate) group: GroupId,
    /// The second of the run in which it ended.
    pub(crate) second: u32,
    response: Micros,
    service: Micros,
    lag: Micros,
    /// Whether the start waited for a slot, which is no fault of ours.
    queued: bool,
    ttfb: Micros,
    pub(crate) checks_passed: u16,
    pub(crate) checks_failed: u16,
    pub(crate) bytes_sent: u32,
    pub(crate) bytes_received: u64,
}

/// When a request should have been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) at: Nanos,
    /// Whether its start had to wait for a slot.
    pub(crate) queued: bool,
}

/// The instants of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamps {
    /// When it should have been sent, for the first request of an iteration of an open run.
    pub(crate) planned: Option<Planned>,
    /// When it was begun: before a connection is looked for, so that a target that accepts slowly shows.
    pub(crate) sent: Nanos,
    /// When the head of the answer was there.
    pub(crate) first_byte: Option<Nanos>,
    /// When the last byte of the body was there, or the failure was known.
    pub(crate) ended: Nanos,
}

/// What else is counted of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) checks_passed: u16,
    pub(crate) checks_failed: u16,
}

impl Sample {
    pub(crate) fn new(key: Key, stamps: Stamps, counts: Counts) -> Self {
        let service = Micros::of(stamps.ended.since(stamps.sent));
        Self {
            key,
            group: GroupId::OTHER,
            second: second_of(stamps.ended),
            response: stamps.planned.map_or(service, |planned| Micros::of(stamps.ended.since(planned.at))),
            service,
            lag: stamps.planned.map_or(Micros::NONE, |planned| Micros::of(stamps.sent.since(planned.at))),
            queued: stamps.planned.is_some_and(|planned| planned.queued),
            ttfb: stamps.first_byte.map_or(Micros::NONE, |first| Micros::of(first.since(stamps.sent))),
            checks_passed: counts.checks_passed,
            checks_failed: counts.checks_failed,
            bytes_sent: u32::try_from(counts.bytes_sent).unwrap_or(u32::MAX),
            bytes_received: counts.bytes_received,
        }
    }

    /// The same as part of a group.
    pub(crate) const fn of(self, group: GroupId) -> Self {
        Self { group, ..self }
    }

    /// `end − planned` where there was a plan, else `end − sent`.
    pub(crate) fn response_us(&self) -> u64 {
        self.response.get().unwrap_or(MAX_US)
    }

    /// `end − sent`.
    pub(crate) fn service_us(&self) -> u64 {
        self.service.get().unwrap_or(MAX_US)
    }

    /// `sent − planned`.
    pub(crate) const fn lag_us(&self) -> Option<u64> {
        self.lag.get()
    }

    /// Whether that was the wait for a slot.
    pub(crate) const fn is_queued(&self) -> bool {
        self.queued
    }

    /// First byte − sent.
    pub(crate) const fn ttfb_us(&self) -> Option<u64> {
        self.ttfb.get()
    }
}

/// The second of the run in which an instant lies.
pub(crate) fn second_of(instant: Nanos) -> u32 {
    u32::try_from(instant.get() / 1_000_000_000).unwrap_or(u32::MAX)
}

/// An elapsed time as goose takes it.
pub(crate) fn service_time(stamps: &Stamps) -> Duration {
    stamps.ended.since(stamps.sent).duration()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None)]
    #[case(Some(ErrorCode::Http5xx))]
    #[case(Some(ErrorCode::Internal))]
    fn a_key_gives_back_what_was_packed(#[case] code: Option<ErrorCode>) {
        let key = Key::new(NameId(499), 5, code);
        assert_eq!((key.name(), key.status_class(), key.code()), (NameId(499), 5, code));
    }

    #[test]
    fn a_sample_stays_small() {
        // Of a hundred thousand requests a second each byte is memory that the ticker's thread must walk through.
        assert!(size_of::<Sample>() <= 48, "{}", size_of::<Sample>());
    }

    #[test]
    fn response_counts_from_the_plan_and_service_from_the_sending() {
        let stamps = Stamps {
            planned: Some(Planned { at: Nanos::new(1_000_000), queued: false }),
            sent: Nanos::new(3_000_000),
            first_byte: Some(Nanos::new(9_000_000)),
            ended: Nanos::new(11_000_400),
        };
        let sample = Sample::new(Key::new(NameId(0), 2, None), stamps, Counts::default());
        assert_eq!(sample.response_us(), 10_000);
        assert_eq!(sample.service_us(), 8_000);
        assert_eq!(sample.lag_us(), Some(2_000));
        assert_eq!(sample.ttfb_us(), Some(6_000));
        assert_eq!(sample.second, 0);
    }

    #[test]
    fn without_a_plan_there_is_no_lag_and_response_is_service() {
        let stamps = Stamps { planned: None, sent: Nanos::new(0), first_byte: None, ended: Nanos::new(u64::MAX / 2) };
        let sample = Sample::new(Key::new(NameId(0), 0, None), stamps, Counts::default());
        assert_eq!((sample.lag_us(), sample.ttfb_us()), (None, None));
        assert_eq!(sample.response_us(), MAX_US, "beyond an hour the value saturates");
    }
}
