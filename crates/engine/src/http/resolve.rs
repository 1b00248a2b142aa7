//! Names to addresses: asked for once a run and pinned, so that a change of DNS does not move load in the middle; or for
//! each connection, where the plan says so. Every answer is passed by the guard.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use parking_lot::RwLock;
use perflab_model::plan::Dns;

use super::failure::Failure;
use crate::{
    code::ErrorCode,
    guard::{Guard, Origin},
};

/// Origins to the addresses that they stand for: the allow-list may tell schemes apart.
type Pinned = HashMap<Origin, Arc<[SocketAddr]>>;

/// Addresses of the run's hosts.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    pinned: RwLock<Pinned>,
    pub(super) reached: Reached,
    /// What the next questions are answered with.
    #[cfg(test)]
    scripted: parking_lot::Mutex<std::collections::VecDeque<Vec<SocketAddr>>>,
}

/// Addresses that a connection has come about to.
#[derive(Debug, Default)]
pub(super) struct Reached(RwLock<HashSet<SocketAddr>>);

impl Reached {
    pub(super) fn holds(&self, address: &SocketAddr) -> bool {
        self.0.read().contains(address)
    }

    pub(super) fn note(&self, address: &SocketAddr) {
        if !self.holds(address) {
            self.0.write().insert(*address);
        }
    }
}

impl Resolver {
    /// The addresses of an origin. Resolved on first use, then always the same.
    pub(crate) async fn addresses(&self, guard: &Guard, origin: &Origin) -> Result<Arc<[SocketAddr]>, Failure> {
        if let Some(addresses) = self.pinned.read().get(origin) {
            return Ok(Arc::clone(addresses));
        }
        let addresses = self.ask(guard, origin).await?;
        Ok(Arc::clone(self.pinned.write().entry(origin.clone()).or_insert(addresses)))
    }

    /// The addresses that a new connection is made to.
    pub(super) async fn for_connection(
        &self,
        dns: Dns,
        guard: &Guard,
        origin: &Origin,
    ) -> Result<Arc<[SocketAddr]>, Failure> {
        match dns {
            Dns::Once => self.addresses(guard, origin).await,
            Dns::PerConnection => self.ask(guard, origin).await,
        }
    }

    async fn ask(&self, guard: &Guard, origin: &Origin) -> Result<Arc<[SocketAddr]>, Failure> {
        let found = self.look_up(origin).await?;
        for address in &found {
            guard
                .check_address(origin, address.ip())
                .map_err(|denied| Failure::new(ErrorCode::RedirectBlocked, denied.to_string()))?;
        }
        Ok(found.into())
    }

    async fn look_up(&self, origin: &Origin) -> Result<Vec<SocketAddr>, Failure> {
        #[cfg(test)]
        {
            let scripted = self.scripted.lock().pop_front();
            if let Some(answer) = scripted {
                return Ok(answer);
            }
        }
        resolve(origin).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Loopback;

    #[tokio::test]
    async fn a_name_that_is_asked_for_again_is_checked_again_and_a_pinned_one_is_not_asked_for() {
        let listed = vec!["app.example:443".parse().expect("an entry")];
        let guard = Guard::new(listed, Loopback::default(), Vec::new());
        let origin = Origin { tls: true, host: "app.example".to_owned(), port: 443 };
        let answer = |text: &str| vec![text.parse::<SocketAddr>().expect("an address")];
        let resolver = Resolver::default();
        let script = [answer("192.0.2.1:443"), answer("192.0.2.2:443"), answer("127.0.0.1:443")];
        resolver.scripted.lock().extend(script);
        let ask = |dns| resolver.for_connection(dns, &guard, &origin);
        assert_eq!(ask(Dns::Once).await.as_deref(), Ok(answer("192.0.2.1:443").as_slice()));
        assert_eq!(ask(Dns::Once).await.as_deref(), Ok(answer("192.0.2.1:443").as_slice()));
        assert_eq!(ask(Dns::PerConnection).await.as_deref(), Ok(answer("192.0.2.2:443").as_slice()));
        let rebound = ask(Dns::PerConnection).await.map_err(|failure| failure.code);
        assert_eq!(rebound, Err(ErrorCode::RedirectBlocked));
        assert_eq!(ask(Dns::Once).await.as_deref(), Ok(answer("192.0.2.1:443").as_slice()));
    }
}
