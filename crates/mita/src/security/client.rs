//! Who a request comes from, as far as limits care.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

/// The name of a client: the first valid address that a proxy forwarded, else that of the socket, and twelve hex digits
/// of the SHA-256 of its User-Agent.
pub(crate) fn client(forwarded: Option<&str>, socket: IpAddr, user_agent: &str) -> String {
    let address = forwarded
        .into_iter()
        .flat_map(|list| list.split(','))
        .find_map(|part| part.trim().parse::<IpAddr>().ok())
        .unwrap_or(socket);
    let digest = Sha256::digest(user_agent.as_bytes());
    format!("{address}:{}", hex::encode(&digest[..6]))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::socket(None, "10.0.0.9")]
    #[case::first_valid(Some("unknown, 203.0.113.7, 198.51.100.1"), "203.0.113.7")]
    #[case::none_valid(Some("a, b"), "10.0.0.9")]
    #[case::version_six(Some("2001:db8::1"), "2001:db8::1")]
    fn a_client_is_its_address_and_part_of_a_hash(#[case] forwarded: Option<&str>, #[case] address: &str) {
        let socket: IpAddr = "10.0.0.9".parse().expect("an address");
        // SHA-256 of "abc" begins with ba7816bf8f01 (FIPS 180-2).
        assert_eq!(client(forwarded, socket, "abc"), format!("{address}:ba7816bf8f01"));
    }
}
