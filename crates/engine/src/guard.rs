//! The guard: where load may go. Asked for every URL, every resolved address and every connection that was made.
//!
//! In:  the environment's allow-list and the process's own settings. Out: allowed, or a reason.
//!
//! A name on the list stands for the addresses it resolves to, except that it never opens the way to loopback (unless
//! it is a loopback name) nor to addresses that are always denied: a name server must not be able to turn load on the
//! machine that sends it, or on the services of its network that trust every caller.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use perflab_model::environment::AllowedTarget;
use url::{Host, Url};

/// Why load may not go somewhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Neither `http` nor `https`.
    #[error("`{0}` is no scheme that load is sent by: use http or https")]
    Scheme(String),
    /// Name and password in a URL would reach logs.
    #[error("the URL holds a user name or a password: send them as a header instead")]
    Credentials,
    /// No host at all.
    #[error("the URL names no host")]
    NoHost,
    /// Not on the list.
    #[error("{host}:{port} is not on the environment's allow-list: add it there if load may go to it")]
    NotListed {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// Never allowed, listed or not.
    #[error("{0} is always denied: link-local, metadata, unspecified and multicast addresses take no load")]
    Always(IpAddr),
    /// The lab itself.
    #[error("port {0} belongs to the lab itself")]
    OwnPort(u16),
    /// A name that is no loopback name resolves to a loopback address.
    #[error("{host} resolves to {address}, an address of this machine: list the address itself if that is meant")]
    Rebound {
        /// The name.
        host: String,
        /// What it resolved to.
        address: IpAddr,
    },
}

/// Which addresses count as this machine. A value, so that tests can let 127.0.0.2 play the stranger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loopback {
    /// IPv4 network and the number of its leading bits.
    pub v4: (Ipv4Addr, u8),
    /// Whether `::1` counts.
    pub v6: bool,
}

impl Default for Loopback {
    fn default() -> Self {
        Self { v4: (Ipv4Addr::new(127, 0, 0, 0), 8), v6: true }
    }
}

impl Loopback {
    fn holds(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => {
                let bits = u32::from(self.v4.1.min(32));
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                u32::from(v4) & mask == u32::from(self.v4.0) & mask
            }
            IpAddr::V6(v6) => self.v6 && v6 == Ipv6Addr::LOCALHOST,
        }
    }
}

/// Knows where load may go.
#[derive(Clone, Debug)]
pub struct Guard {
    allow: Vec<AllowedTarget>,
    loopback: Loopback,
    denied_ports: Vec<u16>,
}

/// The other end as a URL names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Lower case, without brackets and final dot.
    pub host: String,
    /// The port, given or by scheme.
    pub port: u16,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl Guard {
    /// `denied_ports` are ports of loopback that belong to the lab.
    pub fn new(allow: Vec<AllowedTarget>, loopback: Loopback, denied_ports: Vec<u16>) -> Self {
        Self { allow, loopback, denied_ports }
    }

    /// Checks a URL before anything is resolved; gives back its origin in one spelling.
    ///
    /// # Errors
    /// When load may not go there.
    pub fn check_url(&self, url: &Url) -> Result<Origin, Denied> {
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(Denied::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Denied::Credentials);
        }
        // The URL parser has already turned odd spellings of IPv4 (octal, hex, one number) into four bytes.
        let (host, literal) = match url.host().ok_or(Denied::NoHost)? {
            Host::Domain(name) => (name.trim_end_matches('.').to_ascii_lowercase(), None),
            Host::Ipv4(v4) => (v4.to_string(), Some(IpAddr::V4(v4))),
            Host::Ipv6(v6) => (canonical(IpAddr::V6(v6)).to_string(), Some(IpAddr::V6(v6))),
        };
        if host.is_empty() {
            return Err(Denied::NoHost);
        }
        let port = url.port_or_known_default().ok_or(Denied::NoHost)?;
        if !self.lists(&host, port) {
            return Err(Denied::NotListed { host, port });
        }
        if let Some(address) = literal {
            self.check_address(&host, address, port)?;
        }
        Ok(Origin { tls, host, port })
    }

    /// Checks an address that `host` resolved to, or that a connection ended at.
    ///
    /// # Errors
    /// When load may not go there.
    pub fn check_address(&self, host: &str, address: IpAddr, port: u16) -> Result<(), Denied> {
        let address = canonical(address);
        if embedded(address).into_iter().chain([address]).any(always_denied) {
            return Err(Denied::Always(address));
        }
        let is_loopback = self.loopback.holds(address);
        if is_loopback && self.denied_ports.contains(&port) {
            return Err(Denied::OwnPort(port));
        }
        if self.lists(&address.to_string(), port) {
            return Ok(());
        }
        let by_name = self.lists(host, port) && host.parse::<IpAddr>().is_err();
        if !by_name {
            return Err(Denied::NotListed { host: address.to_string(), port });
        }
        let is_loopback_name = host == "localhost" || host.ends_with(".localhost");
        if is_loopback && !is_loopback_name {
            return Err(Denied::Rebound { host: host.to_owned(), address });
        }
        Ok(())
    }

    fn lists(&self, host: &str, port: u16) -> bool {
        self.allow
            .iter()
            .any(|target| spelled_alike(&target.host, host) && target.port.is_none_or(|listed| listed == port))
    }
}

/// Names are compared without case and final dot, addresses by value.
fn spelled_alike(listed: &str, host: &str) -> bool {
    let listed = listed.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    match (listed.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        (Ok(listed), Ok(host)) => canonical(listed) == canonical(host),
        (Err(_), Err(_)) => listed.eq_ignore_ascii_case(host.trim_end_matches('.')),
        _ => false,
    }
}

/// IPv4 inside IPv6 (`::ffff:127.0.0.1`) is that IPv4 address.
fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// The IPv4 address that an IPv6 address leads to by translation or tunnel.
fn embedded(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(v6) = address else { return None };
    let s = v6.segments();
    let join = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
    };
    match s {
        // NAT64 and the deprecated "compatible" form. `::1` and `::` are IPv6's own.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => join(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if v6 != Ipv6Addr::LOCALHOST && v6 != Ipv6Addr::UNSPECIFIED => join(high, low),
        // 6to4.
        [0x2002, high, low, ..] => join(high, low),
        _ => None,
    }
}

/// Addresses that answer whoever asks (metadata services), or that mean nobody in particular.
fn always_denied(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.octets()[0] == 0
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                // Metadata services outside link-local: Alibaba, Oracle.
                || v4 == Ipv4Addr::new(100, 100, 100, 200)
                || v4 == Ipv4Addr::new(192, 0, 0, 192)
        }
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                // Amazon's metadata service.
                || v6 == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
    }
}

#[cfg(test)]
mod tests;
