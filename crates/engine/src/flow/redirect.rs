//! Redirects: where an answer sends us, and what goes along.
//!
//! In:  an exchange that ended. Out: the next place, or why it is not gone to. Nothing private leaves the origin that it was
//! meant for.

use http::{
    HeaderMap, HeaderName, Method,
    header::{AUTHORIZATION, COOKIE, LOCATION, PROXY_AUTHORIZATION},
};
use url::Url;

use super::{
    check::CheckCode,
    perform::Performer,
    request::{Place, RequestCode, place_of},
};
use crate::{
    code::ErrorCode,
    http::{Exchange, Failure},
};

impl Performer {
    /// Where the answer sends us, if it does and we follow. `carries_values` says whether a body with values of this user
    /// would come along.
    pub(super) fn redirect(
        &self,
        request: &RequestCode,
        from: &Place,
        exchange: &Exchange,
        hops: u8,
        carries_values: bool,
    ) -> Option<Result<Place, Failure>> {
        let answer = exchange.outcome.as_ref().ok()?;
        if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        // A suite that expects the redirect itself wants to see it, not where it leads.
        let is_wanted = request.checks.iter().any(
            |check| matches!(check, CheckCode::Status(list) if list.iter().any(|one| one.fits(answer.status.as_u16()))),
        );
        let most = self.client.context.policy.max_redirects;
        if is_wanted || most == 0 {
            return None;
        }
        let location = answer.headers.get(LOCATION)?.to_str().ok()?;
        if hops >= most {
            return Some(Err(Failure::new(ErrorCode::RedirectLoop, format!("more than {most} redirects"))));
        }
        let blocked = |why: String| Failure::new(ErrorCode::RedirectBlocked, why);
        let Some(url) = url_of(from).and_then(|url| url.join(location).ok()) else {
            return Some(Err(blocked("the redirect names no URL".to_owned())));
        };
        let to = place_of(&url, &self.client.context.guard).map_err(|denied| blocked(denied.to_string()));
        Some(to.and_then(|to| {
            if carries_values && to.origin != from.origin {
                let why = format!("the redirect would carry a body with this user's values on to {}", to.origin);
                return Err(blocked(why));
            }
            Ok(to)
        }))
    }
}

/// Takes out what another place must not see: what every client drops, and whatever holds a secret or a value of this
/// user.
pub(super) fn drop_private(headers: &mut HeaderMap) {
    let private: Vec<HeaderName> =
        headers.iter().filter(|(_, value)| value.is_sensitive()).map(|(name, _)| name.clone()).collect();
    for name in private.iter().chain(&[AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE]) {
        headers.remove(name);
    }
}

/// As browsers do: a POST becomes a GET except after 307 and 308.
pub(super) fn becomes_get(status: Option<u16>, method: &Method) -> bool {
    match status {
        Some(303) => *method != Method::HEAD,
        Some(301 | 302) => *method == Method::POST,
        _ => false,
    }
}

pub(super) fn url_of(place: &Place) -> Option<Url> {
    Url::parse(&format!("{}{}", place.origin, place.target)).ok()
}
