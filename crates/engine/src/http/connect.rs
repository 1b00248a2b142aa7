//! The connector: resolve, check, connect, check again, TLS.

use std::{net::SocketAddr, sync::atomic::Ordering, time::Instant};

use perflab_model::plan::HttpVersion;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;

use super::{
    client::HttpContext,
    failure::Failure,
    stream::{Stream, Wire},
};
use crate::{
    code::ErrorCode,
    guard::Origin,
    stop::{Heed, Interrupt, Watch},
};

/// What is spoken on a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    Http1,
    Http2,
}

/// Opens a connection within the policy's time to connect.
pub(crate) async fn connect(
    context: &HttpContext,
    origin: &Origin,
    watch: &mut Watch,
    total: Instant,
) -> Result<(Stream, Spoken), Failure> {
    let limit = Instant::now() + context.policy.connect_timeout.duration();
    let deadline = limit.min(total);
    let work = Box::pin(establish(context, origin));
    watch.until(deadline, Heed::Cut, work).await.unwrap_or_else(|interrupt| {
        Err(match interrupt {
            Interrupt::Stopped => Failure::new(ErrorCode::Aborted, "cut off while connecting"),
            Interrupt::Deadline if total < limit => {
                Failure::new(ErrorCode::TimeoutTotal, "the time for the whole request ended while connecting")
            }
            Interrupt::Deadline => Failure::new(
                ErrorCode::ConnectTimeout,
                format!("no connection to {origin} within {}", context.policy.connect_timeout),
            ),
        })
    })
}

async fn establish(context: &HttpContext, origin: &Origin) -> Result<(Stream, Spoken), Failure> {
    let addresses = context.resolver.addresses(&context.guard, origin).await?;
    let socket = connect_to_one(&addresses).await?;
    // The last word: whatever the resolver said, this is where the bytes would go.
    let peer = socket.peer_addr().map_err(|error| Failure::connecting(&error))?;
    context
        .guard
        .check_address(&origin.host, peer.ip(), origin.port)
        .map_err(|denied| Failure::new(ErrorCode::RedirectBlocked, denied.to_string()))?;
    // Without this, small requests wait for acknowledgements of earlier ones, and that wait would be measured.
    socket.set_nodelay(true).map_err(|error| Failure::connecting(&error))?;
    context.recorder.connections.fetch_add(1, Ordering::Relaxed);
    if !origin.tls {
        let spoken = if context.policy.version == HttpVersion::H2c { Spoken::Http2 } else { Spoken::Http1 };
        return Ok((Stream::new(Wire::Plain(socket)), spoken));
    }
    secure(context, origin, socket).await
}

/// Tries the addresses in order, as a browser does. The error of the last one is told.
async fn connect_to_one(addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let mut last = Failure::new(ErrorCode::DnsNotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(socket) => return Ok(socket),
            Err(error) => {
                last = Failure::connecting(&error);
                last.message = format!("{address}: {}", last.message);
                if !last.code.blames_target() {
                    break;
                }
            }
        }
    }
    Err(last)
}

async fn secure(context: &HttpContext, origin: &Origin, socket: TcpStream) -> Result<(Stream, Spoken), Failure> {
    let Some(tls) = &context.tls else {
        return Err(Failure::new(ErrorCode::TlsHandshake, "TLS is not set up"));
    };
    let name = ServerName::try_from(origin.host.clone())
        .map_err(|error| Failure::new(ErrorCode::TlsHandshake, error.to_string()))?;
    let session = tls.connector.connect(name, socket).await.map_err(|error| Failure::handshake(&error))?;
    context.recorder.handshakes.fetch_add(1, Ordering::Relaxed);
    let agreed_on_h2 = session.get_ref().1.alpn_protocol() == Some(b"h2");
    let spoken = match context.policy.version {
        HttpVersion::Http1 => Spoken::Http1,
        HttpVersion::Auto if !agreed_on_h2 => Spoken::Http1,
        HttpVersion::H2 | HttpVersion::H2c if !agreed_on_h2 => {
            return Err(Failure::new(ErrorCode::ProtoH2, "the target did not agree to HTTP/2"));
        }
        HttpVersion::H2 | HttpVersion::H2c | HttpVersion::Auto => Spoken::Http2,
    };
    Ok((Stream::new(Wire::Tls(Box::new(session))), spoken))
}
