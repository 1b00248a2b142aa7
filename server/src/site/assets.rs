//! The files that pages load: embedded in a release build, read from `target/site/pkg` in a debug build.
//!
//! Each lies there three times, as it is, as `.br` and as `.gz`, all made by `cargo xtask wasm`: nothing is compressed
//! while somebody waits.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

/// Names the site's files: `perflab.js`, `perflab_bg.wasm`, `perflab.css`.
pub(super) const NAME: &str = "perflab";

#[derive(RustEmbed)]
#[folder = "../target/site/pkg"]
struct Files;

/// Names this build of the site by its content.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        if let Some(file) = Files::get(&name) {
            hash.update(file.metadata.sha256_hash());
        }
    }
    hex::encode(&hash.finalize()[..6])
});

/// A debug build reads its files anew for every request, so browsers must ask again; in a release build an address never
/// changes its content.
const KEEP: &str = if cfg!(debug_assertions) { "no-cache" } else { "public, max-age=31536000, immutable" };

/// Whether this build came without a site.
pub(super) fn is_empty() -> bool {
    Files::iter().next().is_none()
}

/// The name of this build's folder.
pub(super) fn build() -> &'static str {
    &BUILD
}

/// Answers with a file, in the smallest form that the browser takes.
pub(super) async fn serve(Path((build, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    // A page of another build must not load these files: it would wake up by half.
    if build != *BUILD {
        return StatusCode::NOT_FOUND.into_response();
    }
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((file, encoding)) = smallest(&name, accepted) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = tag(&file);
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut reply = if known.split(',').any(|known| known.trim() == tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut reply = file.data.into_response();
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind(&name)));
        if let Some(encoding) = encoding {
            reply.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        reply
    };
    let headers = reply.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(KEEP));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    reply
}

fn smallest(name: &str, accepted: &str) -> Option<(EmbeddedFile, Option<&'static str>)> {
    for (encoding, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepts(accepted, encoding)
            && let Some(file) = Files::get(&format!("{name}.{ending}"))
        {
            return Some((file, Some(encoding)));
        }
    }
    Files::get(name).map(|file| (file, None))
}

/// The media type of a file of the site.
fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "wasm")) => "application/wasm",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// Whether an `Accept-Encoding` header names `encoding` and does not forbid it with a weight of zero.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|choice| {
        let mut parts = choice.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map(str::parse::<f32>);
        named && !matches!(weight, Some(Ok(0.0) | Err(_)))
    })
}

fn tag(file: &EmbeddedFile) -> String {
    format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..8]))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::chromium("gzip, deflate, br, zstd", "br", true)]
    #[case::weighted("gzip;q=0.5, br;q=0.9", "br", true)]
    #[case::forbidden("br;q=0, gzip", "br", false)]
    #[case::forbidden_precisely("br;q=0.000", "br", false)]
    #[case::not_named("gzip", "br", false)]
    #[case::a_name_within_another("brotli", "br", false)]
    #[case::nothing("", "gzip", false)]
    fn a_browser_gets_only_what_it_accepts(#[case] header: &str, #[case] encoding: &str, #[case] taken: bool) {
        assert_eq!(accepts(header, encoding), taken);
    }
}
