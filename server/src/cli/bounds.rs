//! What the lab refuses before it begins: to be reachable from elsewhere until people can sign in, and to share a SQLite
//! file with another process.

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

/// Why a database was refused. Nothing of its address is told: it may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a SQLite file belongs to one lab, which works by itself: say `perflab serve --data-dir FOLDER` with the folder of the file. --database (PERFLAB_DATABASE) takes a Postgres, which labs and workers share"
)]
pub(super) struct NotShared;

/// Accepts databases that several processes may share. Two labs on one file would each take themselves for the only
/// one, and end the other's runs as lost.
pub(super) fn not_sqlite(database: &str) -> Result<(), NotShared> {
    if database.starts_with("sqlite:") { Err(NotShared) } else { Ok(()) }
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

    #[rstest]
    #[case("sqlite:data/perflab.sqlite", false)]
    #[case("sqlite::memory:", false)]
    #[case("postgres://lab@db/perflab", true)]
    fn only_a_database_that_can_be_shared_is_taken_by_its_address(#[case] address: &str, #[case] allowed: bool) {
        assert_eq!(not_sqlite(address).is_ok(), allowed);
    }
}
