//! What the lab refuses until people can sign in: to be reachable from elsewhere.

use std::net::SocketAddr;

/// Why an address was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} can be reached from other machines, and this version has no sign-in yet: anybody there could send load. Listen on a loopback address such as 127.0.0.1:7080 and reach it through an SSH tunnel"
)]
pub(super) struct NotLoopback(SocketAddr);

/// Accepts loopback addresses only.
pub(super) fn loopback_only(address: SocketAddr) -> Result<SocketAddr, NotLoopback> {
    if address.ip().is_loopback() { Ok(address) } else { Err(NotLoopback(address)) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("127.0.0.1:7080", true)]
    #[case("[::1]:7080", true)]
    #[case("127.8.8.8:1", true)]
    #[case("0.0.0.0:7080", false)]
    #[case("[::]:7080", false)]
    #[case("192.168.1.5:7080", false)]
    #[case("[::ffff:10.0.0.1]:7080", false)]
    fn only_loopback_may_be_listened_on(#[case] address: SocketAddr, #[case] allowed: bool) {
        assert_eq!(loopback_only(address).is_ok(), allowed);
    }
}
