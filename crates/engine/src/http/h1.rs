//! An HTTP/1.1 connection that is driven by the task that uses it.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::{
    failure::Failure,
    stream::{Passed, Stream},
};
use crate::code::ErrorCode;

type Driver = http1::Connection<TokioIo<Stream>, Full<Bytes>>;

/// A connection with its driver. Dropping it closes it.
pub(crate) struct H1 {
    pub(crate) sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
    closed: bool,
    pub(crate) passed: Arc<Passed>,
}

impl H1 {
    pub(crate) async fn over(stream: Stream) -> Result<Self, Failure> {
        let passed = stream.passed();
        let (sender, driver) = http1::Builder::new()
            // Requests are small: copying a body behind its head costs less than telling the kernel of two pieces.
            .writev(false)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Failure::new(ErrorCode::ProtoHttp, error.to_string()))?;
        Ok(Self { sender, driver, closed: false, passed })
    }

    /// Whether another request can be sent. Looks at the socket once: a server that has hung up meanwhile is noticed
    /// here, before anything is sent, so that this rarely turns into a reset of a request.
    pub(crate) async fn is_usable(&mut self) -> bool {
        let ready = poll_fn(|context| {
            self.drive_once(context);
            if self.closed {
                return Poll::Ready(false);
            }
            match self.sender.poll_ready(context) {
                Poll::Ready(ready) => Poll::Ready(ready.is_ok()),
                // The end of the last exchange has been read, so the connection needs no more than one look.
                Poll::Pending => {
                    self.drive_once(context);
                    let ready = matches!(self.sender.poll_ready(context), Poll::Ready(Ok(())));
                    Poll::Ready(ready && !self.closed)
                }
            }
        });
        ready.await
    }

    /// Whether the other end may still be there, as far as this task has seen.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed && !self.sender.is_closed()
    }

    /// Does `work` on the connection while driving it.
    ///
    /// Whoever calls has driven the connection just now, and what that brought may be all that the work waits for: so the
    /// first look is at the work.
    pub(crate) fn drive<'a, F>(&'a mut self, mut work: F) -> impl Future<Output = F::Output> + Unpin + 'a
    where
        F: Future + Unpin + 'a,
    {
        let mut was_woken = false;
        poll_fn(move |context| {
            // Once woken, the driver comes first, as it was the socket that woke it; what it brings is then seen at once.
            // What the work gives to the driver (a request) is sent by a second look instead of a wake-up of this task.
            if std::mem::replace(&mut was_woken, true) {
                self.drive_once(context);
            }
            if let Poll::Ready(done) = Pin::new(&mut work).poll(context) {
                return Poll::Ready(done);
            }
            self.drive_once(context);
            Pin::new(&mut work).poll(context)
        })
    }

    fn drive_once(&mut self, context: &mut std::task::Context<'_>) {
        if !self.closed && Pin::new(&mut self.driver).poll(context).is_ready() {
            // Its error, if any, reaches the request as well.
            self.closed = true;
        }
    }
}
