//! Names to addresses: asked for once a run and pinned, so that a change of DNS does not move load in the middle.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use parking_lot::RwLock;

use super::failure::Failure;
use crate::{
    code::ErrorCode,
    guard::{Guard, Origin},
};

/// Host and port to the addresses that they stand for.
type Pinned = HashMap<(String, u16), Arc<[SocketAddr]>>;

/// Addresses of the run's hosts.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    pinned: RwLock<Pinned>,
}

impl Resolver {
    /// The addresses of an origin, each passed by the guard. Resolved on first use, then always the same.
    pub(crate) async fn addresses(&self, guard: &Guard, origin: &Origin) -> Result<Arc<[SocketAddr]>, Failure> {
        let key = (origin.host.clone(), origin.port);
        if let Some(addresses) = self.pinned.read().get(&key) {
            return Ok(Arc::clone(addresses));
        }
        let addresses: Arc<[SocketAddr]> = resolve(origin).await?.into();
        for address in addresses.iter() {
            guard
                .check_address(&origin.host, address.ip(), origin.port)
                .map_err(|denied| Failure::new(ErrorCode::RedirectBlocked, denied.to_string()))?;
        }
        Ok(Arc::clone(self.pinned.write().entry(key).or_insert(addresses)))
    }

    /// Every pinned address, for the record.
    pub(crate) fn pinned(&self) -> Vec<SocketAddr> {
        let mut all: Vec<SocketAddr> = self.pinned.read().values().flat_map(|list| list.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

async fn resolve(origin: &Origin) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(literal) = origin.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(literal, origin.port)]);
    }
    let found = tokio::net::lookup_host((origin.host.as_str(), origin.port)).await.map_err(|error| {
        // The system's resolver says "not found" only in words that differ between systems; its own failures
        // (no server, no route) come with an errno.
        let code = if error.raw_os_error().is_some() { ErrorCode::DnsFailed } else { ErrorCode::DnsNotFound };
        Failure::new(code, format!("`{}` could not be resolved: {error}", origin.host))
    })?;
    // IPv4 first: a name of this machine often lists ::1 first while the target listens on 127.0.0.1 only.
    let mut addresses: Vec<SocketAddr> = found.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses.dedup();
    if addresses.is_empty() {
        return Err(Failure::new(ErrorCode::DnsNotFound, format!("`{}` has no address", origin.host)));
    }
    Ok(addresses)
}
