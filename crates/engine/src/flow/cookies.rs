//! The cookies of one user or iteration.
//!
//! Kept apart by port: cookies as such know no ports, and what one service of a machine sets would go to all the others
//! that a redirect or an absolute address leads to.

use cookie_store::CookieStore;
use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use url::Url;

/// Cookies by the port that set them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cookies {
    stores: Vec<(u16, CookieStore)>,
}

impl Cookies {
    pub(crate) fn clear(&mut self) {
        self.stores.clear();
    }

    /// Adds those that belong to this address. A suite's own `Cookie` header is kept and goes first.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap, url: impl FnOnce() -> Option<Url>) {
        // Most targets set none: nothing is parsed for them.
        if self.stores.is_empty() {
            return;
        }
        let Some(url) = url() else { return };
        let Some((_, store)) = self.stores.iter().find(|(port, _)| Some(*port) == url.port_or_known_default()) else {
            return;
        };
        let pairs: Vec<String> =
            store.get_request_values(&url).map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() {
            return;
        }
        let own = headers.get(COOKIE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let all: Vec<String> = own.into_iter().chain(pairs).collect();
        if let Ok(mut value) = HeaderValue::from_str(&all.join("; ")) {
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
    }

    /// Keeps what an answer from this address sets.
    pub(crate) fn take_from(&mut self, headers: &HeaderMap, url: impl FnOnce() -> Option<Url>) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let Some((url, port)) = url().and_then(|url| url.port_or_known_default().map(|port| (url, port))) else {
            return;
        };
        let index = match self.stores.iter().position(|(other, _)| *other == port) {
            Some(index) => index,
            None => {
                self.stores.push((port, CookieStore::default()));
                self.stores.len() - 1
            }
        };
        for line in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            // A cookie for another domain, or one that cannot be read, is ignored as browsers ignore it.
            let _ = self.stores[index].1.parse(line, &url);
        }
    }
}
