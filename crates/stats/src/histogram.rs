//! Times in HDR histograms: decoded from ticks, merged by adding counters, never by averaging percentiles.
//!
//! In:  V2 or V2-deflate encodings of histograms from 1 µs with 3 digits (error at most 0.1 %).
//! Out: counts and quantiles in microseconds. Whatever is no such histogram is refused.
//! Benchmark cases, whose operations may be far shorter, count picoseconds: [`FineHistogram`].

mod fine;

use std::io::Read;

use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use perflab_model::tick::EncodedHistogram;

pub use fine::FineHistogram;

/// Significant digits of every histogram of the lab.
const DIGITS: u8 = 3;
/// The largest value that is told apart: one hour in microseconds. Larger ones count as this.
const HIGHEST_US: u64 = 3_600_000_000;
/// Head of a V2 encoding: cookie, length, offset, digits, lowest, highest, ratio.
const HEAD_BYTES: usize = 40;
/// The whole range (an hour in picoseconds is the longest) at nine bytes a counter: no real encoding is longer, so nothing
/// longer is unpacked.
const MAX_BYTES: u64 = 40 + 9 * 44_000;
const V2_DEFLATE_COOKIE: [u8; 4] = [0x1c, 0x84, 0x93, 0x14];

/// Why bytes are not a histogram of ours.
#[derive(Debug, thiserror::Error)]
pub enum HistogramError {
    /// The compressed part cannot be unpacked.
    #[error("the histogram cannot be unpacked")]
    Unpack(#[source] std::io::Error),
    /// Digits or range are not those of the lab, so merging would lose.
    #[error(
        "the histogram has {digits} digits from {low} to {high}, expected {DIGITS} digits from 1 to at most {most}"
    )]
    Shape {
        /// Its digits.
        digits: u32,
        /// Its lowest value.
        low: u64,
        /// Its highest value.
        high: u64,
        /// The highest that it may have.
        most: u64,
    },
    /// It ends too early or is no histogram at all.
    #[error("the histogram is damaged")]
    Damaged,
    /// Its counters cannot be read.
    #[error("the histogram cannot be read")]
    Read(#[source] hdrhistogram::serialization::DeserializeError),
}

/// A distribution of times in microseconds. Grows with its largest value, so small times cost little memory.
#[derive(Clone, Debug)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

impl Default for Histogram {
    fn default() -> Self {
        Self(empty())
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Histogram {
    /// One without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an encoding. No bytes at all are no values.
    ///
    /// # Errors
    /// When the bytes are damaged or are a histogram of another shape.
    pub fn decode(encoded: &EncodedHistogram) -> Result<Self, HistogramError> {
        decode(encoded, HIGHEST_US).map(Self)
    }

    /// The encoding that ticks carry (V2, deflated).
    pub fn encode(&self) -> EncodedHistogram {
        encode(&self.0)
    }

    /// Adds `count` values; zero becomes 1 µs, more than an hour becomes an hour.
    pub fn record(&mut self, us: u64, count: u64) {
        self.0.record_n(us.clamp(1, HIGHEST_US), count).expect("a histogram that grows takes every value");
    }

    /// Adds the other's counters.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("a histogram that grows takes every value");
    }

    /// Takes counters away that were added before.
    pub(crate) fn take_away(&mut self, other: &Self) {
        self.0.subtract(&other.0).expect("only what was added is taken away");
    }

    /// What is left without a part of it; nothing when `part` holds what is not in here.
    pub(crate) fn without(&self, part: &Self) -> Option<Self> {
        let mut rest = self.clone();
        rest.0.subtract(&part.0).is_ok().then_some(rest)
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Mean in microseconds.
    pub fn mean_us(&self) -> Option<f64> {
        self.some(|h| h.mean())
    }

    /// Standard deviation in microseconds.
    pub fn stddev_us(&self) -> Option<f64> {
        self.some(|h| h.stdev())
    }

    /// Smallest value in microseconds.
    pub fn min_us(&self) -> Option<f64> {
        self.some(|h| h.min() as f64)
    }

    /// Largest value in microseconds.
    pub fn max_us(&self) -> Option<f64> {
        self.some(|h| h.max() as f64)
    }

    /// The value below or at which a share `p` of all values lies, in microseconds.
    pub fn quantile_us(&self, p: f64) -> Option<f64> {
        self.some(|h| h.value_at_quantile(p.clamp(0.0, 1.0)) as f64)
    }

    /// The value at a rank, from 1, in microseconds.
    pub fn at_rank_us(&self, rank: u64) -> Option<f64> {
        let n = self.count();
        // Half a rank below, so that rounding in the division cannot step over to the next one.
        (1..=n).contains(&rank).then(|| self.0.value_at_quantile((rank as f64 - 0.5) / n as f64) as f64)
    }

    /// How many values lie above `us` (to within the resolution).
    pub fn count_above(&self, us: u64) -> u64 {
        if us >= self.0.max() { 0 } else { self.0.count_between(self.0.next_non_equivalent(us), self.0.max()) }
    }

    fn some(&self, number: impl FnOnce(&hdrhistogram::Histogram<u64>) -> f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| number(&self.0))
    }
}

/// One without values, which grows with its largest.
fn empty() -> hdrhistogram::Histogram<u64> {
    let mut inner =
        hdrhistogram::Histogram::new_with_bounds(1, 2, DIGITS).expect("1 to 2 at 3 digits is a valid range");
    inner.auto(true);
    inner
}

fn encode(histogram: &hdrhistogram::Histogram<u64>) -> EncodedHistogram {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("a Vec takes every byte, and the counters of an hour fit the format");
    EncodedHistogram(bytes)
}

fn decode(encoded: &EncodedHistogram, most: u64) -> Result<hdrhistogram::Histogram<u64>, HistogramError> {
    let bytes = &encoded.0;
    if bytes.is_empty() {
        return Ok(empty());
    }
    if bytes.get(..4) == Some(&V2_DEFLATE_COOKIE) {
        let mut plain = Vec::with_capacity(4 * bytes.len());
        let packed = bytes.get(8..).ok_or(HistogramError::Damaged)?;
        flate2::read::ZlibDecoder::new(packed)
            .take(MAX_BYTES)
            .read_to_end(&mut plain)
            .map_err(HistogramError::Unpack)?;
        decode_plain(&plain, most)
    } else {
        decode_plain(bytes, most)
    }
}

/// The shape is checked before the reader allocates what the head asks for.
fn decode_plain(bytes: &[u8], most: u64) -> Result<hdrhistogram::Histogram<u64>, HistogramError> {
    if bytes.len() < HEAD_BYTES {
        return Err(HistogramError::Damaged);
    }
    let short = |at: usize| bytes[at..at + 4].iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
    let long = |at: usize| u64::from(short(at)) << 32 | u64::from(short(at + 4));
    let (payload, digits, low, high) = (short(4), short(12), long(16), long(24));
    if digits != u32::from(DIGITS) || low != 1 || high > 2 * most {
        return Err(HistogramError::Shape { digits, low, high, most });
    }
    // Nine bytes of ones would be the one count that the reader cannot negate.
    if payload as usize != bytes.len() - HEAD_BYTES || bytes.windows(9).any(|nine| nine.iter().all(|b| *b == 0xff)) {
        return Err(HistogramError::Damaged);
    }
    let read: hdrhistogram::Histogram<u64> =
        Deserializer::new().deserialize(&mut &bytes[..]).map_err(HistogramError::Read)?;
    let mut histogram = empty();
    histogram.add(&read).map_err(|_| HistogramError::Damaged)?;
    Ok(histogram)
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::V2Serializer;
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for value in values {
            histogram.record(*value, 1);
        }
        histogram
    }

    #[test]
    fn both_encodings_are_read() {
        let mut full = hdrhistogram::Histogram::<u64>::new_with_bounds(1, HIGHEST_US, DIGITS).expect("bounds");
        full.record_n(1234, 7).expect("in range");
        let (mut plain, mut deflated) = (Vec::new(), Vec::new());
        V2Serializer::new().serialize(&full, &mut plain).expect("writes");
        V2DeflateSerializer::new().serialize(&full, &mut deflated).expect("writes");
        for bytes in [plain, deflated] {
            let read = Histogram::decode(&EncodedHistogram(bytes)).expect("is read");
            assert_eq!((read.count(), read.quantile_us(0.5)), (7, Some(1234.0)));
        }
        assert_eq!(Histogram::decode(&EncodedHistogram::default()).expect("nothing").count(), 0);
    }

    #[test]
    fn a_histogram_of_another_shape_is_refused() {
        let mut coarse = hdrhistogram::Histogram::<u64>::new_with_bounds(1, HIGHEST_US, 2).expect("bounds");
        coarse.record(5).expect("in range");
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&coarse, &mut bytes).expect("writes");
        let error = Histogram::decode(&EncodedHistogram(bytes)).expect_err("refused");
        assert!(matches!(error, HistogramError::Shape { digits: 2, .. }), "{error}");
    }

    #[test]
    fn more_than_an_hour_counts_as_an_hour() {
        let long = of(&[u64::MAX]);
        assert_eq!(long.count(), 1);
        let hour = long.quantile_us(1.0).expect("one value");
        assert!((hour / HIGHEST_US as f64 - 1.0).abs() < 1e-3, "{hour}");
    }

    #[test]
    fn values_above_are_counted() {
        let histogram = of(&[10, 20, 30, 40]);
        assert_eq!((histogram.count_above(20), histogram.count_above(40), histogram.count_above(1)), (2, 0, 4));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Histogram::decode(&EncodedHistogram(bytes));
        }

        #[test]
        fn a_damaged_encoding_never_panics(
            values in proptest::collection::vec(1_u64..10_000_000, 1..50), at in 0_usize..200, byte in any::<u8>()
        ) {
            let mut bytes = of(&values).encode().0;
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Histogram::decode(&EncodedHistogram(bytes));
        }

        #[test]
        fn merge_order_is_irrelevant(
            a in proptest::collection::vec(1_u64..5_000_000, 0..80), b in proptest::collection::vec(1_u64..5_000_000, 0..80)
        ) {
            let (mut ab, mut ba) = (of(&a), of(&b));
            ab.merge(&of(&b));
            ba.merge(&of(&a));
            let mut all = a;
            all.extend(&b);
            prop_assert_eq!(&ab, &ba);
            prop_assert_eq!(&ab, &of(&all));
            let again = Histogram::decode(&ab.encode()).expect("our own encoding");
            prop_assert_eq!(&again, &ab);
        }

        #[test]
        fn quantiles_never_decrease(
            values in proptest::collection::vec(1_u64..5_000_000, 1..200), p in 0.0_f64..1.0, q in 0.0_f64..1.0
        ) {
            let histogram = of(&values);
            let (low, high) = (p.min(q), p.max(q));
            prop_assert!(histogram.quantile_us(low) <= histogram.quantile_us(high));
            prop_assert!(histogram.quantile_us(1.0) <= histogram.max_us());
        }

        #[test]
        fn a_rank_is_the_value_of_the_sorted_list_within_a_thousandth(
            mut values in proptest::collection::vec(1_u64..5_000_000, 1..200), pick in any::<prop::sample::Index>()
        ) {
            let histogram = of(&values);
            values.sort_unstable();
            let rank = pick.index(values.len());
            let (told, true_value) = (histogram.at_rank_us(rank as u64 + 1).expect("in range"), values[rank] as f64);
            prop_assert!(told >= true_value && told <= true_value * 1.001 + 1.0);
        }
    }
}
