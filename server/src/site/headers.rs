//! The headers that every reply carries, errors included.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Response};
use axum::middleware::map_response;

use super::csp;

/// What a reply gets unless it says otherwise itself.
static DEFAULTS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, csp::FOR_THE_REST),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), \
         microphone=(), midi=(), payment=(), screen-wake-lock=(), serial=(), usb=()",
    ),
    // Everything here may be private; what may be kept says so.
    (CACHE_CONTROL, "no-store"),
];

/// Puts the protecting headers on every reply of `router`. Add it last, so that nothing answers outside of it.
pub fn with_headers(router: Router) -> Router {
    router.layer(map_response(protect))
}

async fn protect<B>(mut reply: Response<B>) -> Response<B> {
    let headers = reply.headers_mut();
    for (name, value) in &DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    reply
}
