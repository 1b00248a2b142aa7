//! Who may send what, before any handler sees it: only pages of this lab may change something from a browser.
//!
//! Until people sign in, being on this machine is all it takes to use the lab. A page of another site runs on this
//! machine too, in the user's browser; it is told apart by what browsers say of it and pages cannot forge.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{
        HeaderMap, Method,
        header::{HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use perflab_model::problem::{Problem, ProblemKind};

use super::ApiProblem;

/// Refuses requests under a foreign host name (DNS rebinding) and changes asked for by other sites (CSRF).
pub async fn same_site(request: Request, next: Next) -> Response {
    match refusal(request.method(), request.headers()) {
        None => next.run(request).await,
        Some(problem) => ApiProblem(problem).into_response(),
    }
}

fn refusal(method: &Method, headers: &HeaderMap) -> Option<Problem> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !names_this_machine(host) {
        return Some(Problem::new(
            ProblemKind::Denied,
            "host.foreign",
            "This lab only answers under a name of its own machine",
            Some("Open it as http://127.0.0.1 or http://localhost with its port".to_owned()),
        ));
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return None;
    }
    let foreign = match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        Some(b"same-origin" | b"none") => false,
        Some(_) => true,
        // Older browsers, and all of them beyond loopback without TLS: the origin must be this very host. `null` is what
        // hides its origin; forms of this lab's pages name theirs, for which the pages' referrer policy sees. Programs
        // send neither header.
        None => headers.get(ORIGIN).is_some_and(|origin| {
            origin.to_str().ok().and_then(|origin| origin.split_once("://")).is_none_or(|(_, from)| from != host)
        }),
    };
    foreign.then(|| {
        Problem::new(
            ProblemKind::Denied,
            "site.foreign",
            "Another site asked for this change, so it was not made",
            Some("Do it from a page of this lab".to_owned()),
        )
    })
}

fn names_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a header"), value.parse().expect("a value"))).collect()
    }

    #[rstest]
    #[case::page(&[("host", "127.0.0.1:7080"), ("sec-fetch-site", "same-origin")], true)]
    #[case::program(&[("host", "localhost:7080")], true)]
    #[case::ipv6(&[("host", "[::1]:7080"), ("origin", "http://[::1]:7080")], true)]
    #[case::other_site(&[("host", "127.0.0.1:7080"), ("sec-fetch-site", "cross-site")], false)]
    #[case::other_port(&[("host", "127.0.0.1:7080"), ("sec-fetch-site", "same-site")], false)]
    #[case::old_browser(&[("host", "127.0.0.1:7080"), ("origin", "http://evil.example")], false)]
    #[case::old_browser_here(&[("host", "127.0.0.1:7080"), ("origin", "http://127.0.0.1:7080")], true)]
    #[case::null_origin(&[("host", "127.0.0.1:7080"), ("origin", "null")], false)]
    #[case::page_that_hides_its_origin(
        &[("host", "127.0.0.1:7080"), ("origin", "null"), ("sec-fetch-site", "same-origin")], true
    )]
    #[case::other_site_with_our_name(
        &[("host", "127.0.0.1:7080"), ("origin", "http://127.0.0.1:7080"), ("sec-fetch-site", "cross-site")], false
    )]
    #[case::rebound(&[("host", "evil.example:7080")], false)]
    #[case::no_host(&[], false)]
    fn only_pages_of_this_lab_and_programs_may_change_something(
        #[case] sent: &[(&'static str, &str)],
        #[case] allowed: bool,
    ) {
        assert_eq!(refusal(&Method::POST, &headers(sent)).is_none(), allowed);
    }

    #[test]
    fn reading_under_a_foreign_name_is_refused_too() {
        assert!(refusal(&Method::GET, &headers(&[("host", "evil.example")])).is_some());
        assert!(refusal(&Method::GET, &headers(&[("host", "localhost"), ("sec-fetch-site", "cross-site")])).is_none());
    }
}
