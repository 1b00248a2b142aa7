//! Takes the browsers' reports of what a page's policy has blocked: a fault of ours, or somebody's attempt.

use axum::body::Bytes;
use axum::http::StatusCode;
use serde::Deserialize;

/// Larger reports are refused.
pub(super) const LIMIT_BYTES: usize = 8 * 1024;

/// Longer values are cut: whoever sends a report chooses its content.
const SHOWN_CHARS: usize = 120;

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Report {
    document_uri: String,
    effective_directive: String,
    violated_directive: String,
    blocked_uri: String,
    source_file: String,
    line_number: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Envelope {
    csp_report: Report,
}

/// Logs a report as one line of bounded length.
pub(super) async fn receive(body: Bytes) -> StatusCode {
    match serde_json::from_slice::<Envelope>(&body) {
        Ok(Envelope { csp_report }) => {
            tracing::warn!("content blocked: {}", line(&csp_report));
            StatusCode::NO_CONTENT
        }
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

fn line(report: &Report) -> String {
    let directive =
        if report.effective_directive.is_empty() { &report.violated_directive } else { &report.effective_directive };
    format!(
        "{} on {} by {} ({}:{})",
        shown(&report.blocked_uri),
        shown(&report.document_uri),
        shown(directive),
        shown(&report.source_file),
        report.line_number,
    )
}

/// The beginning of a value, on one line.
fn shown(value: &str) -> String {
    value.chars().take(SHOWN_CHARS).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_short_line_whatever_it_holds() {
        let report = Report {
            blocked_uri: "inline\nsecond line \u{1b}[31m".to_owned(),
            document_uri: "x".repeat(100_000),
            ..Report::default()
        };
        let line = line(&report);
        assert!(line.starts_with(r"inline\nsecond line \u{1b}[31m on xxx"), "{line}");
        assert!(!line.contains(char::is_control), "{line}");
        assert!(line.len() < 400, "{}", line.len());
    }
}
