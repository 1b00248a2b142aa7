//! What handlers ask of a request: the user behind its token, its JSON, its query.
//!
//! In:  a request. Out: checked values, or a [`Problem`] that names what is wrong.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Query, Request};
use http::StatusCode;
use http::header;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::Service;
use super::problem::Problem;
use crate::auth::{Claims, Scope, TokenError, TokenKind};
use crate::data::User;

/// The claims of a valid access token.
pub(super) struct Caller(pub(super) Claims);

impl Caller {
    /// The user of the token, when it allows what is asked.
    pub(super) async fn user(&self, service: &Service, scope: Scope) -> Result<User, Problem> {
        self.0.require(scope)?;
        let user = service.data.user(self.0.user_id).await?;
        user.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "user.unknown", "the user of the token is gone"))
    }

    /// The user's id, when the token allows what is asked.
    pub(super) fn id(&self, scope: Scope) -> Result<i64, Problem> {
        self.0.require(scope)?;
        Ok(self.0.user_id)
    }
}

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Problem> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(TokenError::Missing)?;
        Ok(Self(service.tokens.verify(token, TokenKind::Access)?))
    }
}

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(value) = <Json<T> as FromRequest<S>>::from_request(request, state).await.map_err(bad_json)?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        let body = <Json<T> as OptionalFromRequest<S>>::from_request(request, state).await.map_err(bad_json)?;
        Ok(body.map(|Json(value)| Self(value)))
    }
}

fn bad_json(rejection: JsonRejection) -> Problem {
    Problem::new(rejection.status(), "request.invalid", rejection.body_text())
}

/// The query of the URL.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let bad = |rejection: QueryRejection| Problem::new(rejection.status(), "query.invalid", rejection.body_text());
        let Query(value) = Query::<T>::from_request_parts(parts, state).await.map_err(bad)?;
        Ok(Self(value))
    }
}
