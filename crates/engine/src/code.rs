//! Error codes: why a request failed, in one stable word each.
//!
//! Codes key maps and histograms and go to goose, so they are a closed list and never hold text from the outside.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// Why a request failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl ErrorCode {
            /// Every code there is, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The name has no address.
    DnsNotFound = "dns.not_found",
    /// The name could not be asked for.
    DnsFailed = "dns.failed",
    /// Nothing listens there, or the host cannot be reached.
    ConnectRefused = "connect.refused",
    /// No connection within the time limit.
    ConnectTimeout = "connect.timeout",
    /// The connection was closed before any answer.
    ConnectReset = "connect.reset",
    /// The TLS handshake failed.
    TlsHandshake = "tls.handshake",
    /// The certificate is not trusted.
    TlsCertificate = "tls.certificate",
    /// Silence for too long.
    TimeoutRead = "timeout.read",
    /// The whole request took too long.
    TimeoutTotal = "timeout.total",
    /// What was answered is no HTTP.
    ProtoHttp = "proto.http",
    /// HTTP/2 was broken or could not be agreed on.
    ProtoH2 = "proto.h2",
    /// The HTTP library refused to write the request.
    ProtoRequest = "proto.request",
    /// The body is larger than the policy allows.
    BodyTooLarge = "body.too_large",
    /// The connection ended in the middle of the body.
    BodyTruncated = "body.truncated",
    /// The body could not be decompressed.
    BodyEncoding = "body.encoding",
    /// A status of 400 to 499 that no check allows.
    Http4xx = "http.4xx",
    /// A status of 500 to 599 that no check allows.
    Http5xx = "http.5xx",
    /// Another status than the check wants.
    CheckStatus = "check.status",
    /// A header is missing or different.
    CheckHeader = "check.header",
    /// A place of the JSON answer is missing or different.
    CheckJson = "check.json",
    /// The body lacks the text or does not match.
    CheckBody = "check.body",
    /// The answer took longer than the check allows.
    CheckTime = "check.time",
    /// The answer is larger than what checks and extractions read of it.
    CheckTooLarge = "check.too_large",
    /// A value that later steps need was not in the answer.
    ExtractMissing = "extract.missing",
    /// The log-in was answered, but without a token.
    AuthFailed = "auth.failed",
    /// A redirect led to a place that is not allowed.
    RedirectBlocked = "redirect.blocked",
    /// More redirects than the policy follows.
    RedirectLoop = "redirect.loop",
    /// This process has no file descriptor left.
    GeneratorFd = "generator.fd",
    /// This host has no local port left.
    GeneratorPorts = "generator.ports",
    /// This host has no memory left for connections.
    GeneratorMemory = "generator.memory",
    /// Never sent: a value that it needs is not there yet.
    PlanUnset = "plan.unset_variable",
    /// Never sent: with the values of this user it cannot be written as HTTP, e.g. a line break in a header.
    PlanBadValue = "plan.bad_value",
    /// An iteration that was given up because it did not come to an end.
    PlanEndless = "plan.endless",
    /// A `unique` feed had no row left for it.
    PlanNoRow = "plan.no_row",
    /// Cut off by us at the end of the run.
    Aborted = "aborted",
    /// A fault of the generator itself.
    Internal = "internal",
}

impl ErrorCode {
    /// The code with this number, as packed into keys.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether it counts as a failure of the target. What the generator or the end of the run caused does not.
    pub const fn blames_target(self) -> bool {
        !matches!(
            self,
            Self::GeneratorFd | Self::GeneratorPorts | Self::GeneratorMemory | Self::Aborted | Self::Internal
        ) && !self.is_unsent()
    }

    /// Whether nothing was sent, because of what the plan says. Such requests are no requests: they are kept out of all
    /// counts but their own, so that those agree with what the target saw.
    pub const fn is_unsent(self) -> bool {
        matches!(self, Self::PlanUnset | Self::PlanBadValue | Self::PlanEndless | Self::PlanNoRow)
    }

    /// Whether no connection came about. Users pause after these: see `load::closed`.
    pub const fn is_unreachable(self) -> bool {
        matches!(
            self,
            Self::DnsNotFound
                | Self::DnsFailed
                | Self::ConnectRefused
                | Self::ConnectTimeout
                | Self::TlsHandshake
                | Self::TlsCertificate
                | Self::GeneratorFd
                | Self::GeneratorPorts
                | Self::GeneratorMemory
        )
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_number() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_number(*code as u8), Some(*code));
        }
        assert_eq!(ErrorCode::from_number(u8::MAX), None);
    }
}
