//! Judges an answer: checks, values for later steps, a log-in's token.
//!
//! In:  an exchange that no redirect follows. Out: a [`Verdict`]; values go to the session.

use http::StatusCode;
use serde_json::Value;

use super::{
    check::{self, CheckCode, Checked},
    extract::text_of,
    request::RequestCode,
    session::{Session, Token},
};
use crate::{
    code::ErrorCode,
    http::{Exchange, Failure, Keep},
    record::Counts,
};

/// Bytes of an answer's first line that are looked at for an example of its failure: more than it shows, so that a secret
/// across the end of what is shown is known for one.
const EXCERPT: usize = 512;

/// A body of this size takes longer to be read as JSON than others on the same thread may wait for their answers to be
/// timed.
const LARGE: usize = 64 * 1024;

/// What a finished exchange comes to.
pub(super) struct Verdict {
    pub(super) failure: Option<Failure>,
    /// Whether a value that later steps need was not in the answer.
    pub(super) lacks_value: bool,
    passed: u16,
    failed: u16,
    /// The token of a log-in.
    pub(super) token: Option<Token>,
}

impl Verdict {
    /// Of something that no check looks at.
    pub(super) const fn unchecked(failure: Option<Failure>) -> Self {
        Self { failure, lacks_value: false, passed: 0, failed: 0, token: None }
    }

    /// What is counted of the exchange.
    pub(super) const fn counts(&self, exchange: &Exchange) -> Counts {
        Counts {
            bytes_sent: exchange.bytes_sent,
            bytes_received: exchange.bytes_received,
            checks_passed: self.passed,
            checks_failed: self.failed,
        }
    }
}

/// The body as JSON, where something looks at it and it is some.
pub(super) async fn json_of(request: &RequestCode, exchange: &Exchange, bearer_from: Option<&str>) -> Option<Value> {
    let answer = exchange.outcome.as_ref().ok()?;
    let wants_json = bearer_from.is_some()
        || request.checks.iter().any(|check| matches!(check, CheckCode::Json { .. }))
        || request.extracts.iter().any(super::extract::ExtractCode::needs_body);
    if !wants_json {
        return None;
    }
    if answer.body.len() < LARGE {
        return serde_json::from_slice(&answer.body).ok();
    }
    let body = answer.body.clone();
    tokio::task::spawn_blocking(move || serde_json::from_slice(&body).ok()).await.ok().flatten()
}

/// Applies checks and extractions, and looks for a log-in's token. `json` is the body as [`json_of`] gives it.
pub(super) fn judge(
    request: &RequestCode,
    session: &mut Session,
    exchange: &Exchange,
    json: Option<&Value>,
    bearer_from: Option<&str>,
) -> Verdict {
    let answer = match &exchange.outcome {
        Ok(answer) => answer,
        Err(failure) => return Verdict::unchecked(Some(failure.clone())),
    };
    let is_cut = answer.is_cut && request.keep == Keep::Body;
    // What a log-in answers holds a token, whatever a check finds wrong with it. A refusal says why, and holds none.
    let holds_token = bearer_from.is_some_and(|pointer| {
        answer.status.as_u16() < 400 || json.is_some_and(|json| json.pointer(pointer).is_some())
    });
    let excerpt = || if holds_token { String::new() } else { excerpt_of(&answer.body) };
    let checked = Checked {
        status: answer.status.as_u16(),
        headers: &answer.headers,
        body: &answer.body,
        is_cut,
        json,
        took: exchange.ended.since(exchange.sent).duration(),
    };
    let outcome = check::apply(&request.checks, &checked);
    let mut failure = outcome.failure.map(|(code, why)| described(code, &why, answer.status, excerpt()));
    let mut lacks_value = false;
    for extract in &request.extracts {
        let is_readable = !(is_cut && extract.needs_body());
        match is_readable.then(|| extract.find(&answer.headers, &answer.body, json)).flatten() {
            Some(value) => session.set_var(extract.var, value),
            None if extract.required => {
                lacks_value = true;
                failure.get_or_insert_with(|| {
                    let (code, why) = if is_readable {
                        (ErrorCode::ExtractMissing, format!("`{}` is not in the answer", extract.name))
                    } else {
                        (ErrorCode::CheckTooLarge, check::too_large(&answer.body))
                    };
                    described(code, &why, answer.status, excerpt())
                });
            }
            None => {}
        }
    }
    let mut token = None;
    if let Some(pointer) = bearer_from {
        // Refused by the target's own decision: the log-in failed. A broken target stays `http.5xx`.
        if let Some(refused) = failure.as_mut().filter(|failure| failure.code == ErrorCode::Http4xx) {
            refused.code = ErrorCode::AuthFailed;
        }
        if failure.is_none() {
            let text = json.and_then(|json| json.pointer(pointer)).and_then(text_of);
            token = text.and_then(|text| Token::new(&text));
            if token.is_none() {
                let message = format!("{}: no token at `{pointer}` of the answer", answer.status);
                failure = Some(Failure::new(ErrorCode::AuthFailed, message));
            }
        }
    }
    Verdict { failure, lacks_value, passed: outcome.passed, failed: outcome.failed, token }
}

/// Status, reason, and how the body begins: enough to recognise a failure, too little to carry data away.
fn described(code: ErrorCode, why: &str, status: StatusCode, excerpt: String) -> Failure {
    let reason = if why == format!("status {}", status.as_u16()) { String::new() } else { format!(", {why}") };
    Failure { excerpt, ..Failure::new(code, format!("{status}{reason}")) }
}

/// The first line of a body, or as much of it as is looked at.
fn excerpt_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT)]);
    text.lines().next().unwrap_or_default().trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned()
}
