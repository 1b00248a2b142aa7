//! Keeps the chosen theme for browsers without scripts.

use axum::Form;
use axum::http::Uri;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect};
use perflab_app::theme::Theme;
use serde::Deserialize;

/// What the form in the top bar sends.
#[derive(Deserialize)]
pub(super) struct Choice {
    theme: Theme,
    #[serde(default)]
    back: String,
}

/// Stores the choice in a cookie and goes back to the page where it was made.
pub(super) async fn choose(Form(choice): Form<Choice>) -> impl IntoResponse {
    ([(SET_COOKIE, choice.theme.cookie())], Redirect::to(local(&choice.back)))
}

/// The path when it leads to a page of ours, else the start page: a form on another site must not send people on.
fn local(back: &str) -> &str {
    let is_path = back.starts_with('/') && !back.starts_with("//") && !back.contains('\\');
    if is_path && back.parse::<Uri>().is_ok() { back } else { "/" }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_page("/runs/0198?tab=errors", "/runs/0198?tab=errors")]
    #[case::nothing("", "/")]
    #[case::another_site("https://example.com/", "/")]
    #[case::another_site_same_protocol("//example.com/", "/")]
    #[case::another_site_for_lenient_browsers(r"/\example.com/", "/")]
    #[case::a_second_header("/\r\nset-cookie: a=b", "/")]
    fn choosing_a_theme_leads_back_to_a_page_of_ours(#[case] back: &str, #[case] leads_to: &str) {
        assert_eq!(local(back), leads_to);
    }
}
