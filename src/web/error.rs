//! Errors of the API: `{"error": {"kind", "message"}}` with the status that fits.

use axum::{
    Json,
    extract::{FromRequestParts, Query, rejection::BytesRejection},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

/// Why the API did not answer with data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// A parameter is unknown or has an impossible value.
    #[error("{0}")]
    BadRequest(String),
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// What was asked for.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Nobody known asks.
    #[error("log in, or send `Authorization: Bearer` with a token; `normwatch user token` makes one")]
    Unauthorized,
    /// Whoever asks may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// It cannot be done as things stand.
    #[error("{0}")]
    Conflict(String),
    /// The body is larger than what is read.
    #[error("the body is too large; readings are taken up to 1 MiB at once: send several")]
    TooLarge,
    /// The path exists, but not for this method.
    #[error("this address does not answer this method")]
    MethodNotAllowed,
    /// The operator's files would be wrong with it; each problem as `file:line: key: what: remedy`.
    #[error("the register would be wrong with it; nothing was written")]
    Refused(Vec<String>),
    /// The service could not produce the answer.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// Nothing of this kind has this id.
    #[must_use]
    pub fn not_found(what: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { what, id: id.into() }
    }

    /// Why a body could not be taken, by the status that axum gives it.
    pub(super) fn of_body(status: StatusCode, what: String) -> Self {
        if status == StatusCode::PAYLOAD_TOO_LARGE { Self::TooLarge } else { Self::BadRequest(what) }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The word that programs branch on.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Conflict(_) => "conflict",
            Self::TooLarge => "too_large",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Refused(_) => "refused",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<BytesRejection> for ApiError {
    fn from(error: BytesRejection) -> Self {
        Self::of_body(error.status(), error.body_text())
    }
}

#[derive(Serialize)]
struct Body {
    error: Inner,
}

#[derive(Serialize)]
struct Inner {
    kind: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, kind, message) = (self.status(), self.kind(), self.to_string());
        let problems = if let Self::Refused(problems) = self { problems } else { Vec::new() };
        let body = Body { error: Inner { kind, message, problems } };
        (status, Json(body)).into_response()
    }
}

/// Query parameters whose rejection is an [`ApiError`] as well.
#[derive(Debug)]
pub(super) struct ApiQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Query::<T>::from_request_parts(parts, state).await;
        found.map(|Query(value)| Self(value)).map_err(|e| ApiError::BadRequest(e.body_text()))
    }
}
