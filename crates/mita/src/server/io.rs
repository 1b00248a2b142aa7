//! A TCP stream that can be told to end with a reset instead of a farewell.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Resets its connection when it is dropped while `broken` is set.
#[derive(Debug)]
pub(super) struct BreakableIo {
    stream: TcpStream,
    broken: Arc<AtomicBool>,
}

impl BreakableIo {
    pub(super) fn new(stream: TcpStream, broken: Arc<AtomicBool>) -> Self {
        Self { stream, broken }
    }
}

impl Drop for BreakableIo {
    fn drop(&mut self) {
        if self.broken.load(Ordering::Relaxed) {
            // Closing a socket that lingers for no time sends RST. Refused, the client sees an end of stream instead,
            // which is as little of an answer.
            if let Err(error) = self.stream.set_zero_linger() {
                tracing::debug!(%error, "the connection is closed rather than reset");
            }
        }
    }
}

impl AsyncRead for BreakableIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for BreakableIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.broken.load(Ordering::Relaxed) {
            // A farewell would go out before the reset.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
