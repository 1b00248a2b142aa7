//! From errors of sockets, TLS and HTTP to the codes that runs count.

use std::{error::Error, io};

use crate::code::ErrorCode;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    /// For people; redacted before it leaves the process.
    pub(crate) message: String,
    /// How the answer began, where that may be shown. It may end in the middle of a word; shortened after redaction,
    /// else the head of a secret would be left of it.
    pub(crate) excerpt: String,
}

impl Failure {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), excerpt: String::new() }
    }

    /// An error while a connection is made. What this machine lacks is not blamed on the target.
    ///
    /// "No address to send from" means that all local ports are taken only where a connection to the same address has
    /// come about before; else this machine has no way there at all (it speaks no IPv6, say).
    pub(crate) fn connecting(error: &io::Error, was_reached: bool) -> Self {
        let ours = generator_fault(error).filter(|code| was_reached || *code != ErrorCode::GeneratorPorts);
        Self::new(ours.unwrap_or_else(|| connect_code(error)), error.to_string())
    }

    /// An error of TLS before any request was sent.
    pub(crate) fn handshake(error: &io::Error) -> Self {
        if let Some(code) = generator_fault(error) {
            return Self::new(code, error.to_string());
        }
        // Where TLS has nothing to say, the other end closed in the middle of the handshake.
        Self::new(tls_code(error).unwrap_or(ErrorCode::TlsHandshake), error.to_string())
    }

    /// An error of hyper before the head of an answer was there.
    pub(crate) fn before_answer(error: &hyper::Error) -> Self {
        let code = match io_cause(error) {
            // A target that wants to know who we are says so after the handshake.
            Some(io) => generator_fault(io).or_else(|| tls_code(io)).unwrap_or(ErrorCode::ConnectReset),
            None if error.is_parse() => ErrorCode::ProtoHttp,
            None if error.is_user() => ErrorCode::ProtoRequest,
            // Closed, cut in the middle of the head, or cancelled because the connection went away.
            None if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => {
                ErrorCode::ConnectReset
            }
            None => ErrorCode::ProtoH2,
        };
        Self::new(code, chain(error))
    }

    /// An error of hyper while the body was read.
    pub(crate) fn in_body(error: &hyper::Error) -> Self {
        let code = if error.is_parse() { ErrorCode::ProtoHttp } else { ErrorCode::BodyTruncated };
        Self::new(code, chain(error))
    }
}

fn connect_code(error: &io::Error) -> ErrorCode {
    match error.kind() {
        io::ErrorKind::TimedOut => ErrorCode::ConnectTimeout,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            ErrorCode::ConnectReset
        }
        // Hosts and networks that cannot be reached are refusals by a router; the message tells them apart.
        _ => ErrorCode::ConnectRefused,
    }
}

fn tls_code(error: &io::Error) -> Option<ErrorCode> {
    Some(match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => ErrorCode::TlsCertificate,
        _ => ErrorCode::TlsHandshake,
    })
}

fn generator_fault(error: &io::Error) -> Option<ErrorCode> {
    use nix::libc::{EADDRINUSE, EADDRNOTAVAIL, EMFILE, ENFILE, ENOBUFS, ENOMEM};
    match error.raw_os_error()? {
        EMFILE | ENFILE => Some(ErrorCode::GeneratorFd),
        EADDRNOTAVAIL | EADDRINUSE => Some(ErrorCode::GeneratorPorts),
        ENOMEM | ENOBUFS => Some(ErrorCode::GeneratorMemory),
        _ => None,
    }
}

fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(one) = cause {
        if let Some(io) = one.downcast_ref::<io::Error>() {
            return Some(io);
        }
        cause = one.source();
    }
    None
}

fn chain(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        text.push_str(": ");
        text.push_str(&one.to_string());
        cause = one.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use nix::libc;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(libc::EMFILE, ErrorCode::GeneratorFd)]
    #[case(libc::EADDRNOTAVAIL, ErrorCode::GeneratorPorts)]
    #[case(libc::ENOMEM, ErrorCode::GeneratorMemory)]
    #[case(libc::ECONNREFUSED, ErrorCode::ConnectRefused)]
    #[case(libc::EHOSTUNREACH, ErrorCode::ConnectRefused)]
    #[case(libc::ECONNRESET, ErrorCode::ConnectReset)]
    #[case(libc::ETIMEDOUT, ErrorCode::ConnectTimeout)]
    fn what_the_generator_lacks_is_not_blamed_on_the_target(#[case] errno: i32, #[case] code: ErrorCode) {
        assert_eq!(Failure::connecting(&io::Error::from_raw_os_error(errno), true).code, code);
        let is_ours = matches!(code, ErrorCode::GeneratorFd | ErrorCode::GeneratorPorts | ErrorCode::GeneratorMemory);
        assert_eq!(code.blames_target(), !is_ours);
    }

    #[test]
    fn an_address_that_was_never_reached_does_not_mean_that_ports_are_used_up() {
        let none = io::Error::from_raw_os_error(libc::EADDRNOTAVAIL);
        assert_eq!(Failure::connecting(&none, false).code, ErrorCode::ConnectRefused);
        let full = io::Error::from_raw_os_error(libc::EMFILE);
        assert_eq!(Failure::connecting(&full, false).code, ErrorCode::GeneratorFd);
    }
}
