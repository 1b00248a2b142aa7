//! The two content security policies: one for pages, one for everything else.

/// Where browsers report what a policy has blocked.
pub(super) const REPORT_PATH: &str = "/csp-report";

/// For replies that are no pages. Nothing may load or run, should a browser be made to show one as a page.
pub(super) const FOR_THE_REST: &str =
    "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; report-uri /csp-report";

/// For a page. Scripts run only with the page's own nonce, and what they import; styles come from the site, so a `style`
/// attribute has no effect.
pub(super) fn for_page(nonce: &str) -> String {
    format!(
        "default-src 'none'; \
         script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; \
         font-src 'self'; \
         connect-src 'self'; \
         form-action 'self'; \
         base-uri 'none'; \
         frame-ancestors 'none'; \
         report-uri {REPORT_PATH}"
    )
}
