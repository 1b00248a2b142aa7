//! The guard: where load may go. Asked for every URL, every resolved address and every connection that was made.
//!
//! In:  the environment's allow-list and the process's own settings. Out: allowed, or a reason.
//!
//! An entry of the list is a name, an address or a range of addresses, and may say scheme and port. A name has to be listed
//! itself: that it resolves into a listed range is not enough, for a name is what a stranger can point anywhere.
//!
//! A name on the list stands for the addresses it resolves to, except that it never opens the way to loopback (unless
//! it is a loopback name) nor to addresses that are always denied: a name server must not be able to turn load on the
//! machine that sends it, or on the services of its network that trust every caller.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use perflab_model::environment::{AllowedTarget, Scheme};
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
    #[error("{0} is not on the environment's allow-list: add it there if load may go to it")]
    NotListed(Origin),
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
    /// A part of the usual one, from `127.0.0.1/32`; nothing where the text names none, so that it never adds anything.
    pub(crate) fn within(text: &str) -> Option<Self> {
        let (first, bits) = text.split_once('/')?;
        let (first, bits): (Ipv4Addr, u8) = (first.parse().ok()?, bits.parse().ok()?);
        (first.is_loopback() && (8..=32).contains(&bits)).then_some(Self { v4: (first, bits), v6: false })
    }

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

impl Origin {
    /// By which scheme it is spoken to.
    pub const fn scheme(&self) -> Scheme {
        if self.tls { Scheme::Https } else { Scheme::Http }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme().word();
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
            Host::Ipv6(v6) => (IpAddr::V6(v6).to_canonical().to_string(), Some(IpAddr::V6(v6))),
        };
        if host.is_empty() {
            return Err(Denied::NoHost);
        }
        let port = url.port_or_known_default().ok_or(Denied::NoHost)?;
        let origin = Origin { tls, host, port };
        match literal {
            Some(address) => self.check_address(&origin, address)?,
            None if self.lists_name(&origin) => {}
            None => return Err(Denied::NotListed(origin)),
        }
        Ok(origin)
    }

    /// Checks an address that an origin's host resolved to, or that a connection to it ended at.
    ///
    /// # Errors
    /// When load may not go there.
    pub fn check_address(&self, origin: &Origin, address: IpAddr) -> Result<(), Denied> {
        let (address, port) = (address.to_canonical(), origin.port);
        let leads_to = embedded(address);
        // An address of this machine inside another one is never meant: whoever means it writes it plainly.
        let is_hidden_loopback = leads_to.is_some_and(|inner| self.is_loopback(inner));
        if is_hidden_loopback || leads_to.into_iter().chain([address]).any(always_denied) {
            return Err(Denied::Always(address));
        }
        let is_loopback = self.is_loopback(address);
        if is_loopback && self.denied_ports.contains(&port) {
            return Err(Denied::OwnPort(port));
        }
        if self.allow.iter().any(|entry| entry.covers_address(origin.scheme(), address, port)) {
            return Ok(());
        }
        if !self.lists_name(origin) {
            return Err(Denied::NotListed(Origin { host: address.to_string(), ..origin.clone() }));
        }
        let is_loopback_name = origin.host == "localhost" || origin.host.ends_with(".localhost");
        if is_loopback && !is_loopback_name {
            return Err(Denied::Rebound { host: origin.host.clone(), address });
        }
        Ok(())
    }

    /// Whether an address is one of this machine's own.
    pub fn is_loopback(&self, address: IpAddr) -> bool {
        self.loopback.holds(address.to_canonical())
    }

    fn lists_name(&self, origin: &Origin) -> bool {
        self.allow.iter().any(|entry| entry.covers_name(origin.scheme(), &origin.host, origin.port))
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
