//! The connector: resolve, check, connect, check again, TLS.

use std::{net::SocketAddr, sync::atomic::Ordering, time::Instant};

use perflab_model::plan::{Dns, HttpVersion};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;

use super::{
    client::HttpContext,
    failure::Failure,
    resolve::Reached,
    stream::{Stream, Wire},
};
use crate::{
    code::ErrorCode,
    guard::Origin,
    record::Step,
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
    if !origin.tls && context.policy.version == HttpVersion::H2 {
        return Err(Failure::new(ErrorCode::ProtoH2, format!("{origin} has no TLS, and `h2` is spoken over TLS only")));
    }
    let (begun, opening) = (Instant::now(), &context.recorder.opening);
    let addresses = context.resolver.for_connection(context.policy.dns, &context.guard, origin).await?;
    let resolved = Instant::now();
    if let Some(permission) = &context.permission {
        match permission.knows(origin, &addresses) {
            Some(known) => known?,
            None => permission.ask(origin).await?,
        }
    }
    let socket = connect_to_one(&context.resolver.reached, &addresses).await?;
    if context.policy.dns == Dns::PerConnection {
        opening.note(Step::Resolve, resolved - begun);
    }
    opening.note(Step::Connect, resolved.elapsed());
    // The last word: whatever the resolver said, this is where the bytes would go.
    let peer = socket.peer_addr().map_err(|error| Failure::connecting(&error, true))?;
    context
        .guard
        .check_address(origin, peer.ip())
        .map_err(|denied| Failure::new(ErrorCode::RedirectBlocked, denied.to_string()))?;
    // Without this, small requests wait for acknowledgements of earlier ones, and that wait would be measured.
    socket.set_nodelay(true).map_err(|error| Failure::connecting(&error, true))?;
    context.recorder.connections.fetch_add(1, Ordering::Relaxed);
    if !origin.tls {
        let spoken = if context.policy.version == HttpVersion::H2c { Spoken::Http2 } else { Spoken::Http1 };
        return Ok((Stream::new(Wire::Plain(socket)), spoken));
    }
    secure(context, origin, socket).await
}

/// Tries the addresses in order, as a browser does. The error of the first one is told: further ones are tried for lack
/// of better, and a machine without IPv6 would blame itself for a target that has gone away from its IPv4 address.
async fn connect_to_one(reached: &Reached, addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let mut first = None;
    for address in addresses {
        let connected = TcpStream::connect(address).await.and_then(|socket| {
            if is_itself(&socket) { Err(std::io::ErrorKind::ConnectionRefused.into()) } else { Ok(socket) }
        });
        match connected {
            Ok(socket) => {
                reached.note(address);
                return Ok(socket);
            }
            Err(error) => {
                let mut failure = Failure::connecting(&error, reached.holds(address));
                failure.message = format!("{address}: {}", failure.message);
                let is_ours = !failure.code.blames_target();
                first.get_or_insert(failure);
                if is_ours {
                    break;
                }
            }
        }
    }
    Err(first.unwrap_or_else(|| Failure::new(ErrorCode::DnsNotFound, "the name has no address")))
}

/// Where nobody listens on a port that clients may be given as theirs, one that asks there often enough is given that very
/// port, and TCP connects it with itself. It would read its own request, and a target that is down would have answered.
fn is_itself(socket: &TcpStream) -> bool {
    matches!((socket.local_addr(), socket.peer_addr()), (Ok(own), Ok(peer)) if own == peer)
}

async fn secure(context: &HttpContext, origin: &Origin, socket: TcpStream) -> Result<(Stream, Spoken), Failure> {
    let Some(tls) = &context.tls else {
        return Err(Failure::new(ErrorCode::TlsHandshake, "TLS is not set up"));
    };
    let name = ServerName::try_from(origin.host.clone())
        .map_err(|error| Failure::new(ErrorCode::TlsHandshake, error.to_string()))?;
    let begun = Instant::now();
    let session = tls.connector.connect(name, socket).await.map_err(|error| Failure::handshake(&error))?;
    context.recorder.opening.note(Step::Tls, begun.elapsed());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_reached_itself_reached_nobody() {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("loopback has a free port");
        let own = socket.local_addr().expect("it is bound");
        let to_itself = socket.connect(own).await.expect("TCP lets a socket connect to itself");
        assert!(is_itself(&to_itself));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        assert!(!is_itself(&TcpStream::connect(address).await.expect("somebody listens")));
    }

    #[tokio::test]
    async fn of_several_addresses_that_cannot_be_reached_the_first_is_told_of() {
        // Ports that were free a moment ago: nobody listens there.
        let listeners = [(); 2].map(|()| std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port"));
        let closed = listeners.map(|listener| listener.local_addr().expect("a bound socket has an address"));
        let failure = connect_to_one(&Reached::default(), &closed).await.expect_err("nobody listens");
        assert_eq!(failure.code, ErrorCode::ConnectRefused);
        assert!(failure.message.starts_with(&format!("{}:", closed[0])), "{}", failure.message);
    }
}
