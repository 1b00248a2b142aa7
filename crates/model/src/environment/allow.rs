//! Entries of an allow-list: where load may go, one line each.
//!
//! In:  `[SCHEME://]HOST[:PORT]`, `[SCHEME://]ADDRESS/BITS[:PORT]`. Out: an [`AllowedTarget`], or what is wrong with the
//! line and how it is written.
//!
//! A name covers that very name; a range covers addresses, as they stand in URLs. What a listed name resolves to is
//! the guard's matter (`engine`).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// Longest entry: names have at most 253 characters.
const MAX_CHARS: usize = 300;

/// How an entry is written.
const FORM: &str = "write HOST, HOST:PORT, https://HOST:PORT, 10.1.0.0/16:PORT or [fd00::]/8:PORT";

/// Which scheme an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// As it stands in URLs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A place that may be sent to. Resolved addresses are checked again at every connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub struct AllowedTarget {
    scheme: Option<Scheme>,
    host: AllowedHost,
    port: Option<u16>,
}

/// Whom an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum AllowedHost {
    /// Lower case, without a final dot.
    Name(String),
    /// Addresses that share their first bits; of one address all of them.
    Addresses { first: IpAddr, bits: u8 },
}

/// Why a line is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowError {
    /// Nothing.
    #[error("an entry of the allow-list must not be empty; {FORM}")]
    Empty,
    /// Far longer than any name.
    #[error("an entry of the allow-list has at most {MAX_CHARS} characters, this one has {0}")]
    TooLong(usize),
    /// Neither http nor https.
    #[error("`{entry}`: load is not sent by `{scheme}`; write http:// or https://, or leave the scheme out for both")]
    Scheme {
        /// The entry.
        entry: String,
        /// The scheme in it.
        scheme: String,
    },
    /// Name and password have no place here.
    #[error("`{0}` holds a user name or a password; an entry is about a host only: {FORM}")]
    Credentials(String),
    /// A path, a query or a fragment.
    #[error("`{0}` goes on after its host; an entry is about a whole host: {FORM}")]
    Path(String),
    /// Stars and the like.
    #[error("`{0}`: names are listed one by one, without `*`")]
    Pattern(String),
    /// An IPv6 address without brackets, or with half of them.
    #[error("`{0}`: an IPv6 address stands in brackets where a port or a scheme stands beside it, as [fd00::1]:8000")]
    Brackets(String),
    /// Neither a name nor an address.
    #[error("`{entry}`: `{host}` is neither a name nor an address; {FORM}")]
    Host {
        /// The entry.
        entry: String,
        /// What stands where the host should.
        host: String,
    },
    /// No port.
    #[error("`{entry}`: `{port}` is no port; a port is a number from 1 to 65535")]
    Port {
        /// The entry.
        entry: String,
        /// What stands where the port should.
        port: String,
    },
    /// A range of names.
    #[error("`{0}`: a range is one of addresses, as 10.1.0.0/16 or [fd00::]/8; a name is listed without `/`")]
    RangeOfNames(String),
    /// More bits than the address has.
    #[error("`{entry}`: an address of this kind has {most} bits, so a range ends in /0 to /{most}")]
    Bits {
        /// The entry.
        entry: String,
        /// How many there are.
        most: u8,
    },
    /// The address lies in the middle of its range.
    #[error("`{entry}`: that range begins at {first}; write {first}/{bits}, or the address alone")]
    Middle {
        /// The entry.
        entry: String,
        /// Its first address.
        first: IpAddr,
        /// Its bits.
        bits: u8,
    },
}

impl AllowedTarget {
    /// A host as a URL names it, with any scheme; every port where none is given.
    ///
    /// # Errors
    /// When it is neither a name nor an address.
    pub fn of_host(host: &str, port: Option<u16>) -> Result<Self, AllowError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        Ok(Self { scheme: None, host: named(host, bare)?, port })
    }

    /// Whether load by this scheme may go to this name and port.
    pub fn covers_name(&self, scheme: Scheme, name: &str, port: u16) -> bool {
        let name = name.trim_end_matches('.');
        self.fits(scheme, port) && matches!(&self.host, AllowedHost::Name(listed) if listed.eq_ignore_ascii_case(name))
    }

    /// Whether load by this scheme may go to this address and port.
    pub fn covers_address(&self, scheme: Scheme, address: IpAddr, port: u16) -> bool {
        let AllowedHost::Addresses { first, bits } = &self.host else { return false };
        self.fits(scheme, port) && begin(address.to_canonical(), *bits) == Some(*first)
    }

    fn fits(&self, scheme: Scheme, port: u16) -> bool {
        self.scheme.is_none_or(|listed| listed == scheme) && self.port.is_none_or(|listed| listed == port)
    }
}

/// The first address that shares its first `bits` with this one; nothing where it has fewer.
fn begin(address: IpAddr, bits: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => {
            let free = 32_u32.checked_sub(bits.into())?;
            let mask = u32::MAX.checked_shl(free).unwrap_or(0);
            Some(IpAddr::V4(Ipv4Addr::from(u32::from(v4) & mask)))
        }
        IpAddr::V6(v6) => {
            let free = 128_u32.checked_sub(bits.into())?;
            let mask = u128::MAX.checked_shl(free).unwrap_or(0);
            Some(IpAddr::V6(Ipv6Addr::from(u128::from(v6) & mask)))
        }
    }
}

const fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn one(address: IpAddr) -> AllowedHost {
    let first = address.to_canonical();
    AllowedHost::Addresses { first, bits: bits_of(first) }
}

/// A name, or an address in whatever spelling URLs know.
fn named(entry: &str, host: &str) -> Result<AllowedHost, AllowError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(one(address));
    }
    if host.contains('*') {
        return Err(AllowError::Pattern(entry.to_owned()));
    }
    let wrong = || AllowError::Host { entry: entry.to_owned(), host: host.to_owned() };
    match url::Host::parse(host).map_err(|_| wrong())? {
        url::Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            if name.is_empty() { Err(wrong()) } else { Ok(AllowedHost::Name(name.to_ascii_lowercase())) }
        }
        url::Host::Ipv4(v4) => Ok(one(v4.into())),
        url::Host::Ipv6(v6) => Ok(one(v6.into())),
    }
}

fn range(entry: &str, host: &str, bits: &str) -> Result<AllowedHost, AllowError> {
    let Ok(address) = host.parse::<IpAddr>() else { return Err(AllowError::RangeOfNames(entry.to_owned())) };
    let most = bits_of(address);
    let wrong = || AllowError::Bits { entry: entry.to_owned(), most };
    let bits: u8 = bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?;
    let first = begin(address, bits).ok_or_else(wrong)?;
    if first != address {
        return Err(AllowError::Middle { entry: entry.to_owned(), first, bits });
    }
    // A range of IPv4 addresses may be written inside IPv6.
    let canonical = first.to_canonical();
    match (canonical, bits.checked_sub(96)) {
        (IpAddr::V4(_), Some(bits)) if first != canonical => Ok(AllowedHost::Addresses { first: canonical, bits }),
        _ => Ok(AllowedHost::Addresses { first, bits }),
    }
}

impl FromStr for AllowedTarget {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars == 0 {
            return Err(AllowError::Empty);
        }
        if chars > MAX_CHARS {
            return Err(AllowError::TooLong(chars));
        }
        let entry = || text.to_owned();
        let (scheme, rest) = match text.split_once("://") {
            None => (None, text),
            Some((word, rest)) => match word.to_ascii_lowercase().as_str() {
                "http" => (Some(Scheme::Http), rest),
                "https" => (Some(Scheme::Https), rest),
                _ => return Err(AllowError::Scheme { entry: entry(), scheme: word.to_owned() }),
            },
        };
        // As URLs of whole hosts are copied.
        let rest = if scheme.is_some() { rest.strip_suffix('/').unwrap_or(rest) } else { rest };
        if rest.contains('@') {
            return Err(AllowError::Credentials(entry()));
        }
        let (host, tail) = split(text, rest)?;
        let (bits, tail) = match tail.strip_prefix('/') {
            None => (None, tail),
            Some(after) => {
                let (bits, tail) = after.split_at(after.find(':').unwrap_or(after.len()));
                if bits.is_empty() || !bits.chars().all(|digit| digit.is_ascii_digit()) {
                    return Err(AllowError::Path(entry()));
                }
                (Some(bits), tail)
            }
        };
        let host = match bits {
            Some(bits) => range(text, host, bits)?,
            None => named(text, host)?,
        };
        let port = match tail.strip_prefix(':') {
            Some(port) => {
                let number = port.parse().ok().filter(|port| *port > 0);
                Some(number.ok_or_else(|| AllowError::Port { entry: entry(), port: port.to_owned() })?)
            }
            None if tail.is_empty() => scheme.map(Scheme::port),
            None => return Err(AllowError::Path(entry())),
        };
        Ok(Self { scheme, host, port })
    }
}

/// The host of an entry, and what comes after it.
fn split<'a>(entry: &str, rest: &'a str) -> Result<(&'a str, &'a str), AllowError> {
    let brackets = || AllowError::Brackets(entry.to_owned());
    if let Some(inner) = rest.strip_prefix('[') {
        let (host, tail) = inner.split_once(']').ok_or_else(brackets)?;
        return if host.parse::<Ipv6Addr>().is_ok() { Ok((host, tail)) } else { Err(brackets()) };
    }
    let head = rest.split('/').next().unwrap_or_default();
    if head.matches(':').count() > 1 {
        // Without brackets nothing can tell a port from a part of the address, so there is none.
        return if head.parse::<Ipv6Addr>().is_ok() { Ok(rest.split_at(head.len())) } else { Err(brackets()) };
    }
    let end = rest.find(['/', ':', '?', '#']).unwrap_or(rest.len());
    Ok(rest.split_at(end))
}

impl fmt::Display for AllowedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{}://", scheme.word())?;
        }
        match &self.host {
            AllowedHost::Name(name) => f.write_str(name)?,
            AllowedHost::Addresses { first, bits } => {
                match first {
                    IpAddr::V4(v4) => write!(f, "{v4}")?,
                    IpAddr::V6(v6) => write!(f, "[{v6}]")?,
                }
                if *bits < bits_of(*first) {
                    write!(f, "/{bits}")?;
                }
            }
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl From<AllowedTarget> for String {
    fn from(target: AllowedTarget) -> Self {
        target.to_string()
    }
}

/// An entry as documents hold it: a line, or host and port apart as documents of older labs have it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Line(String),
    Parts { host: String, port: Option<u16> },
}

impl TryFrom<Written> for AllowedTarget {
    type Error = AllowError;

    fn try_from(written: Written) -> Result<Self, AllowError> {
        match written {
            Written::Line(line) => line.parse(),
            Written::Parts { host, port } => Self::of_host(&host, port),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("api.example.org", "api.example.org")]
    #[case("API.Example.org.", "api.example.org")]
    #[case("api.example.org:8443", "api.example.org:8443")]
    #[case::the_schemes_own_port("https://api.example.org", "https://api.example.org:443")]
    #[case::as_urls_are_copied("HTTP://api.example.org:8080/", "http://api.example.org:8080")]
    #[case("10.0.0.7:80", "10.0.0.7:80")]
    #[case("10.1.0.0/16", "10.1.0.0/16")]
    #[case("10.1.0.0/16:8080", "10.1.0.0/16:8080")]
    #[case("https://10.1.0.0/16", "https://10.1.0.0/16:443")]
    #[case("::1", "[::1]")]
    #[case("[::1]:8000", "[::1]:8000")]
    #[case("fd00::/8", "[fd00::]/8")]
    #[case("[fd00::]/8", "[fd00::]/8")]
    #[case("http://[fd00::]/8:8080", "http://[fd00::]/8:8080")]
    #[case::one_address_is_a_range_of_one("10.0.0.7/32", "10.0.0.7")]
    #[case::everything("0.0.0.0/0:80", "0.0.0.0/0:80")]
    #[case::mapped("[::ffff:10.1.0.0]/112:80", "10.1.0.0/16:80")]
    #[case::odd_spelling("0x7f000001:8000", "127.0.0.1:8000")]
    #[case::not_ascii("bücher.example", "xn--bcher-kva.example")]
    fn an_entry_is_read_and_written_again(#[case] text: &str, #[case] written: &str) {
        let entry: AllowedTarget = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(entry.to_string(), written);
        assert_eq!(written.parse::<AllowedTarget>(), Ok(entry), "what is written is read as the same");
    }

    #[rstest]
    #[case::nothing(
        "  ",
        "an entry of the allow-list must not be empty; write HOST, HOST:PORT, https://HOST:PORT, 10.1.0.0/16:PORT or [fd00::]/8:PORT"
    )]
    #[case::scheme(
        "ftp://a.example",
        "`ftp://a.example`: load is not sent by `ftp`; write http:// or https://, or leave the scheme out for both"
    )]
    #[case::credentials(
        "https://me:pw@a.example",
        "`https://me:pw@a.example` holds a user name or a password; an entry is about a host only: write HOST, HOST:PORT, https://HOST:PORT, 10.1.0.0/16:PORT or [fd00::]/8:PORT"
    )]
    #[case::path(
        "https://a.example/login",
        "`https://a.example/login` goes on after its host; an entry is about a whole host: write HOST, HOST:PORT, https://HOST:PORT, 10.1.0.0/16:PORT or [fd00::]/8:PORT"
    )]
    #[case::query(
        "a.example?x=1",
        "`a.example?x=1` goes on after its host; an entry is about a whole host: write HOST, HOST:PORT, https://HOST:PORT, 10.1.0.0/16:PORT or [fd00::]/8:PORT"
    )]
    #[case::star("*.example.org", "`*.example.org`: names are listed one by one, without `*`")]
    #[case::port("a.example:http", "`a.example:http`: `http` is no port; a port is a number from 1 to 65535")]
    #[case::port_0("a.example:0", "`a.example:0`: `0` is no port; a port is a number from 1 to 65535")]
    #[case::port_too_high(
        "a.example:65536",
        "`a.example:65536`: `65536` is no port; a port is a number from 1 to 65535"
    )]
    #[case::range_of_names(
        "a.example/16",
        "`a.example/16`: a range is one of addresses, as 10.1.0.0/16 or [fd00::]/8; a name is listed without `/`"
    )]
    #[case::too_many_bits(
        "10.0.0.0/33",
        "`10.0.0.0/33`: an address of this kind has 32 bits, so a range ends in /0 to /32"
    )]
    #[case::too_many_bits_v6(
        "[fd00::]/129",
        "`[fd00::]/129`: an address of this kind has 128 bits, so a range ends in /0 to /128"
    )]
    #[case::in_the_middle(
        "10.1.2.3/16",
        "`10.1.2.3/16`: that range begins at 10.1.0.0; write 10.1.0.0/16, or the address alone"
    )]
    #[case::bare_v6_with_a_port(
        "fd00::1:xyz",
        "`fd00::1:xyz`: an IPv6 address stands in brackets where a port or a scheme stands beside it, as [fd00::1]:8000"
    )]
    #[case::half_a_bracket(
        "[fd00::1",
        "`[fd00::1`: an IPv6 address stands in brackets where a port or a scheme stands beside it, as [fd00::1]:8000"
    )]
    #[case::no_host(
        ":80",
        "`:80`: `` is neither a name nor an address; write HOST, HOST:PORT, https://HOST:PORT, 10.1.0.0/16:PORT or [fd00::]/8:PORT"
    )]
    #[case::blank(
        "a b",
        "`a b`: `a b` is neither a name nor an address; write HOST, HOST:PORT, https://HOST:PORT, 10.1.0.0/16:PORT or [fd00::]/8:PORT"
    )]
    #[case::after_the_bracket(
        "[::1]x",
        "`[::1]x` goes on after its host; an entry is about a whole host: write HOST, HOST:PORT, https://HOST:PORT, 10.1.0.0/16:PORT or [fd00::]/8:PORT"
    )]
    fn a_wrong_entry_is_told_with_the_way_to_write_it(#[case] text: &str, #[case] told: &str) {
        let read = text.parse::<AllowedTarget>();
        assert_eq!(read.map_err(|error| error.to_string()), Err(told.to_owned()));
    }

    #[rstest]
    #[case("10.1.0.0/16:8080", Scheme::Http, "10.1.255.255", 8080, true)]
    #[case("10.1.0.0/16:8080", Scheme::Https, "10.1.0.0", 8080, true)]
    #[case("10.1.0.0/16:8080", Scheme::Http, "::ffff:10.1.2.3", 8080, true)]
    #[case("10.1.0.0/16:8080", Scheme::Http, "10.2.0.0", 8080, false)]
    #[case("10.1.0.0/16:8080", Scheme::Http, "10.1.0.1", 80, false)]
    #[case("https://10.1.0.0/16:8080", Scheme::Http, "10.1.0.1", 8080, false)]
    #[case("[fd00::]/8", Scheme::Http, "fdff::1", 1, true)]
    #[case("[fd00::]/8", Scheme::Http, "fe00::1", 1, false)]
    #[case("0.0.0.0/0", Scheme::Http, "203.0.113.9", 1, true)]
    #[case::v6_has_no_v4_in_it("[::]/0", Scheme::Http, "203.0.113.9", 1, false)]
    fn a_range_covers_its_addresses(
        #[case] entry: &str,
        #[case] scheme: Scheme,
        #[case] address: &str,
        #[case] port: u16,
        #[case] covered: bool,
    ) {
        let entry: AllowedTarget = entry.parse().expect("an entry");
        assert_eq!(entry.covers_address(scheme, address.parse().expect("an address"), port), covered);
    }

    #[test]
    fn entries_of_older_documents_are_read() {
        let kept = r#"[{"host": "127.0.0.1", "port": 8000}, {"host": "::1", "port": null}, "https://a.example"]"#;
        let entries: Vec<AllowedTarget> = serde_json::from_str(kept).expect("entries");
        let written = serde_json::to_string(&entries).expect("JSON");
        assert_eq!(written, r#"["127.0.0.1:8000","[::1]","https://a.example:443"]"#);
        assert!(serde_json::from_str::<AllowedTarget>(r#""a.example:http""#).is_err());
    }
}
