//! What went wrong, as JSON: `{"code", "message"}` and sometimes a `hint`.

use std::fmt::Display;

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use serde_json::{Value, json};

use crate::auth::{HashError, PasswordProblem, TokenError};
use crate::finance::{BudgetError, IncomeError};

/// An answer that is no success.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: Option<&'static str>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Display) -> Self {
        Self { status, code, message: message.to_string(), hint: None }
    }

    /// A value in the request that cannot be accepted.
    pub(super) fn invalid(field: &str, message: impl Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "request.invalid", format!("`{field}`: {message}"))
    }

    pub(super) fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body: Value = json!({ "code": self.code, "message": self.message });
        if let Some(hint) = self.hint {
            body["hint"] = hint.into();
        }
        let mut answer = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

/// The same for an answer that is made outside the router.
pub(crate) fn problem_answer(status: StatusCode, code: &'static str, message: &str) -> Response<Body> {
    Problem::new(status, code, message).into_response()
}

pub(super) async fn no_such_path(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "path.unknown", format!("there is nothing at `{}`", uri.path()))
}

pub(super) async fn no_such_method(method: Method, uri: Uri) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method.unknown", format!("`{}` does not take {method}", uri.path()))
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the target's data cannot be used");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "data.failed", "the data of the target cannot be used")
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let (status, code) = match error {
            TokenError::Missing => (StatusCode::UNAUTHORIZED, "token.missing"),
            TokenError::Invalid(_) => (StatusCode::UNAUTHORIZED, "token.invalid"),
            TokenError::Expired => (StatusCode::UNAUTHORIZED, "token.expired"),
            TokenError::Kind => (StatusCode::UNAUTHORIZED, "token.kind"),
            TokenError::Revoked => (StatusCode::UNAUTHORIZED, "token.revoked"),
            TokenError::Version => (StatusCode::UNAUTHORIZED, "token.version"),
            TokenError::Claim(_) => (StatusCode::UNAUTHORIZED, "token.invalid"),
            TokenError::NotYet => (StatusCode::UNAUTHORIZED, "token.not_yet"),
            TokenError::Scope(_) => (StatusCode::FORBIDDEN, "token.scope"),
        };
        Self::new(status, code, error).hint("log in again at /api/auth/login")
    }
}

impl From<jsonwebtoken::errors::Error> for Problem {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        tracing::error!(%error, "a token cannot be signed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "token.unsigned", "a token cannot be signed")
    }
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        tracing::error!(%error, "a password cannot be hashed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "password.unhashed", "the password cannot be hashed")
    }
}

impl From<PasswordProblem> for Problem {
    fn from(problem: PasswordProblem) -> Self {
        Self::invalid("password", problem)
    }
}

impl From<BudgetError> for Problem {
    fn from(error: BudgetError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "budget.impossible", error)
            .hint("change the fixed expenses or the income with PUT /api/users/profile")
    }
}

impl From<IncomeError> for Problem {
    fn from(error: IncomeError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "income.invalid", error)
    }
}
