//! The body of an answer while it is read: counted, decompressed where needed, kept as far as checks need it.

use bytes::Bytes;
use flate2::write::{GzDecoder, ZlibDecoder};
use http::{HeaderMap, header::CONTENT_ENCODING};

use super::{client::Keep, failure::Failure};
use crate::code::ErrorCode;

/// How much of a body is kept for examples of failures when nothing else needs it.
const PREFIX: usize = 512;

/// Takes a body piece by piece.
pub(crate) struct Intake {
    decoder: Decoder,
    /// How much is kept.
    keep: usize,
    max_bytes: u64,
    is_empty: bool,
}

/// What was kept of a body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) bytes: Bytes,
    /// Whether there was more.
    pub(crate) is_cut: bool,
}

impl From<Sink> for Kept {
    fn from(sink: Sink) -> Self {
        Self { is_cut: sink.total > sink.kept.len() as u64, bytes: sink.kept.into() }
    }
}

enum Decoder {
    /// A body that is sent as it is, of which no more than one piece has come: it is kept where it lies.
    Whole(Bytes),
    Plain(Sink),
    Gzip(GzDecoder<Sink>),
    Deflate(ZlibDecoder<Sink>),
}

/// Where decompressed bytes end up.
struct Sink {
    kept: Vec<u8>,
    keep: usize,
    total: u64,
}

impl Sink {
    fn add(&mut self, piece: &[u8]) {
        self.total += piece.len() as u64;
        let room = self.keep.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

impl std::io::Write for Sink {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.add(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Intake {
    pub(crate) fn new(headers: &HeaderMap, keep: Keep, max_kept: u64, max_bytes: u64) -> Self {
        let keep = match keep {
            Keep::Prefix => PREFIX,
            Keep::Body => usize::try_from(max_kept).unwrap_or(usize::MAX),
        };
        let sink = || Sink { kept: Vec::new(), keep, total: 0 };
        let decoder = match headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
            Some(b"gzip" | b"x-gzip") => Decoder::Gzip(GzDecoder::new(sink())),
            Some(b"deflate") => Decoder::Deflate(ZlibDecoder::new(sink())),
            _ => Decoder::Whole(Bytes::new()),
        };
        Self { decoder, keep, max_bytes, is_empty: true }
    }

    /// Takes a piece.
    pub(crate) fn take(&mut self, piece: Bytes) -> Result<(), Failure> {
        if let Decoder::Whole(first) = &mut self.decoder
            && !self.is_empty
        {
            let mut sink = Sink { kept: Vec::new(), keep: self.keep, total: 0 };
            sink.add(first);
            self.decoder = Decoder::Plain(sink);
        }
        self.is_empty &= piece.is_empty();
        let written = match &mut self.decoder {
            Decoder::Whole(whole) => {
                *whole = piece;
                Ok(())
            }
            Decoder::Plain(sink) => {
                sink.add(&piece);
                Ok(())
            }
            // Flushed, so that the limit holds for what has come so far and a bomb is noticed while it unpacks.
            Decoder::Gzip(decoder) => {
                write_in_parts(decoder, &piece, self.max_bytes, |decoder| decoder.get_ref().total)
            }
            Decoder::Deflate(decoder) => {
                write_in_parts(decoder, &piece, self.max_bytes, |decoder| decoder.get_ref().total)
            }
        };
        written.map_err(|error| Failure::new(ErrorCode::BodyEncoding, error.to_string()))?;
        if self.total() > self.max_bytes {
            let message = format!("the body is larger than {} bytes", self.max_bytes);
            return Err(Failure::new(ErrorCode::BodyTooLarge, message));
        }
        Ok(())
    }

    /// What was kept, once the body is complete.
    pub(crate) fn finish(self) -> Result<Kept, Failure> {
        let broken = |error: std::io::Error| Failure::new(ErrorCode::BodyEncoding, error.to_string());
        match self.decoder {
            Decoder::Whole(mut whole) => {
                let is_cut = whole.len() > self.keep;
                whole.truncate(self.keep);
                Ok(Kept { bytes: whole, is_cut })
            }
            Decoder::Plain(sink) => Ok(sink.into()),
            // Answers without a body (to HEAD, 204, 304) may name an encoding all the same.
            _ if self.is_empty => Ok(Kept::default()),
            Decoder::Gzip(decoder) => decoder.finish().map(Kept::from).map_err(broken),
            Decoder::Deflate(decoder) => decoder.finish().map(Kept::from).map_err(broken),
        }
    }

    fn total(&self) -> u64 {
        match &self.decoder {
            Decoder::Whole(whole) => whole.len() as u64,
            Decoder::Plain(sink) => sink.total,
            Decoder::Gzip(decoder) => decoder.get_ref().total,
            Decoder::Deflate(decoder) => decoder.get_ref().total,
        }
    }
}

/// Compressed data can grow a thousandfold: it is fed in small parts, and no further once the limit is passed.
fn write_in_parts<W: std::io::Write>(
    decoder: &mut W,
    piece: &[u8],
    max_bytes: u64,
    total: impl Fn(&W) -> u64,
) -> std::io::Result<()> {
    for part in piece.chunks(4096) {
        decoder.write_all(part)?;
        if total(decoder) > max_bytes {
            return Ok(());
        }
    }
    decoder.flush()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use rstest::rstest;

    use super::*;

    fn gzipped(body: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).expect("a vector takes everything");
        Bytes::from(encoder.finish().expect("a vector takes everything"))
    }

    fn headers() -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, http::HeaderValue::from_static("gzip"))])
    }

    #[test]
    fn a_gzipped_body_is_kept_as_checks_read_it() {
        let mut intake = Intake::new(&headers(), Keep::Body, 1000, 10_000);
        intake.take(gzipped(b"{\"ok\":true}")).expect("a small body");
        assert_eq!(intake.finish(), Ok(Kept { bytes: Bytes::from_static(b"{\"ok\":true}"), is_cut: false }));
    }

    #[test]
    fn limits_count_decompressed_bytes() {
        let bomb = gzipped(&vec![0; 3_000_000]);
        assert!(bomb.len() < 10_000);
        let mut intake = Intake::new(&headers(), Keep::Prefix, 0, 1_000_000);
        let failure = intake.take(bomb).expect_err("three megabytes are more than one");
        assert_eq!(failure.code, ErrorCode::BodyTooLarge);
    }

    #[rstest]
    #[case::in_one_piece(&[5_000])]
    #[case::in_pieces(&[0, 100, 4_000, 900])]
    fn only_the_beginning_is_kept_when_nothing_needs_more(#[case] pieces: &[usize]) {
        let mut intake = Intake::new(&HeaderMap::new(), Keep::Prefix, 1000, 10_000);
        for length in pieces {
            intake.take(Bytes::from(vec![b'x'; *length])).expect("within the limit");
        }
        assert_eq!(intake.finish(), Ok(Kept { bytes: vec![b'x'; PREFIX].into(), is_cut: true }));
    }

    #[rstest]
    #[case::in_one_piece(&["a whole body"])]
    #[case::in_pieces(&["a ", "", "whole ", "body"])]
    fn a_body_that_checks_read_is_kept_whole(#[case] pieces: &[&'static str]) {
        let mut intake = Intake::new(&HeaderMap::new(), Keep::Body, 12, 10_000);
        for piece in pieces {
            intake.take(Bytes::from_static(piece.as_bytes())).expect("within the limit");
        }
        assert_eq!(intake.finish(), Ok(Kept { bytes: Bytes::from_static(b"a whole body"), is_cut: false }));
    }

    #[test]
    fn the_limit_holds_for_all_pieces_together() {
        let mut intake = Intake::new(&HeaderMap::new(), Keep::Prefix, 0, 10);
        intake.take(Bytes::from_static(b"12345678")).expect("within the limit");
        let failure = intake.take(Bytes::from_static(b"9ab")).expect_err("eleven bytes are more than ten");
        assert_eq!(failure.code, ErrorCode::BodyTooLarge);
    }

    #[test]
    fn what_claims_to_be_gzip_and_is_not_is_a_failure_of_the_target() {
        let mut intake = Intake::new(&headers(), Keep::Body, 1000, 10_000);
        let taken = intake.take(Bytes::from_static(b"plain text, not gzip")).and_then(|()| intake.finish());
        assert_eq!(taken.map_err(|failure| failure.code), Err(ErrorCode::BodyEncoding));
    }
}
