//! Who may enter: sessions of people, tokens of programs; and what of the state they see.
//!
//! While there are no users everything is open to read (the service listens on loopback only then)
//! and nobody acts.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{desk::Desk, error::ApiError};
use crate::{
    access::{Access, AccessError, Person, Right, Throttle},
    clock::Clock,
};

/// Name of the cookie that holds a session.
pub(super) const COOKIE: &str = "normwatch_session";

/// What the door needs to know.
#[derive(Debug, Clone)]
pub struct Guard {
    pub(super) access: Access,
    pub(super) clock: Clock,
    pub(super) throttle: Arc<Throttle>,
    /// Whether people reach us by https, so that the cookie never travels open.
    pub(super) is_secure: bool,
}

impl Guard {
    /// A guard over the file of users. `public_url` is the address that people use.
    #[must_use]
    pub fn new(access: Access, clock: Clock, public_url: &str) -> Self {
        Self { access, clock, throttle: Arc::default(), is_secure: public_url.starts_with("https://") }
    }

    /// Asks the file of users away from the tasks that answer pages.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Self) -> Result<T, AccessError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let guard = self.clone();
        let answer = tokio::task::spawn_blocking(move || ask(&guard)).await;
        let answer = answer.map_err(|error| error.to_string());
        answer.and_then(|answer| answer.map_err(|error| error.to_string())).map_err(|error| {
            tracing::error!(%error, "users cannot be read");
            ApiError::Internal("users cannot be read; see the log".to_owned())
        })
    }
}

/// Who asks, as far as the guard knows; nobody in particular while there are no users.
#[derive(Debug, Clone, Default)]
pub(super) struct Asker(pub(super) Option<Person>);

/// The desk as whoever asks may see it.
impl<S: Send + Sync> FromRequestParts<S> for Desk
where
    Self: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let asker = parts.extensions.get::<Asker>().cloned().unwrap_or_default();
        Ok(Self::from_ref(state).seen_by(asker.0))
    }
}

/// What the login needs: the page around it, and the guard.
#[derive(Debug, Clone)]
pub(super) struct Door {
    pub(super) desk: Desk,
    pub(super) guard: Guard,
}

impl FromRef<Door> for Desk {
    fn from_ref(door: &Door) -> Self {
        door.desk.clone()
    }
}

impl FromRef<Door> for Guard {
    fn from_ref(door: &Door) -> Self {
        door.guard.clone()
    }
}

/// Addresses that tell nothing of rooms or people.
fn is_open(path: &str) -> bool {
    matches!(path, "/login" | "/healthz" | "/readyz" | "/metrics" | "/api/v1/asyncapi.json")
        || path.starts_with("/static/")
}

/// What a request brings to prove who asks.
enum Proof {
    Token(String),
    Session(String),
    Nothing,
}

fn proof(headers: &HeaderMap) -> Proof {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(value) = bearer {
        let (scheme, token) = value.split_once(' ').unwrap_or_default();
        let is_bearer = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
        return if is_bearer { Proof::Token(token.trim().to_owned()) } else { Proof::Nothing };
    }
    session_of(headers).map_or(Proof::Nothing, |secret| Proof::Session(secret.to_owned()))
}

/// The session that a request's cookies name.
pub(super) fn session_of(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// Lets those in who may, and notes who they are.
pub(super) async fn check(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    if is_open(request.uri().path()) {
        return next.run(request).await;
    }
    let proof = proof(request.headers());
    if matches!(proof, Proof::Session(_)) && is_foreign_write(&request) {
        let what = "a page of another site may not act for you";
        return ApiError::Forbidden(what.to_owned()).into_response();
    }
    let person = guard.call(move |guard| guard.who(&proof)).await;
    match person {
        Ok(Known::Person(person)) if !may(&person, request.method()) => {
            let what = "this token does not have the scope for it: make another with `normwatch user token`";
            ApiError::Forbidden(what.to_owned()).into_response()
        }
        Ok(Known::Person(person)) => {
            request.extensions_mut().insert(Asker(Some(person)));
            next.run(request).await
        }
        Ok(Known::NoUsersYet) => next.run(request).await,
        Ok(Known::Nobody) => turned_away(&request),
        Err(error) => error.into_response(),
    }
}

/// Reading needs the right to read; what a write needs, its own handler asks.
fn may(person: &Person, method: &Method) -> bool {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    !is_read || person.may(Right::Read)
}

enum Known {
    Person(Person),
    NoUsersYet,
    Nobody,
}

impl Guard {
    fn who(&self, proof: &Proof) -> Result<Known, AccessError> {
        let now = self.clock.now();
        let person = match proof {
            Proof::Token(token) => self.access.token(token, now)?,
            Proof::Session(secret) => self.access.session(secret, now)?,
            Proof::Nothing => None,
        };
        Ok(match person {
            Some(person) => Known::Person(person),
            None if self.access.has_users()? => Known::Nobody,
            None => Known::NoUsersYet,
        })
    }
}

/// Whether a browser says that another site's page sent a request that may change something.
fn is_foreign_write(request: &Request) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let (Some(origin), Some(host)) = (text("origin"), text("host")) else { return false };
    origin.split_once("://").map(|(_, name)| name) != Some(host)
}

fn turned_away(request: &Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") || path.starts_with("/charts/") || path == "/live" {
        let mut answer = ApiError::Unauthorized.into_response();
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return answer;
    }
    if *request.method() != Method::GET {
        return (StatusCode::UNAUTHORIZED, "log in first\n").into_response();
    }
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
    Redirect::to(&format!("/login?next={next}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, headers: &[(&'static str, &str)]) -> Request {
        let mut request = Request::builder().method(method).uri("/alerts/a");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(axum::body::Body::empty()).unwrap()
    }

    #[test]
    fn a_write_from_another_site_is_told_from_ours() {
        let host = ("host", "office.example:8080");
        let ours = request("POST", &[host, ("origin", "https://office.example:8080")]);
        assert!(!is_foreign_write(&ours));
        assert!(is_foreign_write(&request("POST", &[host, ("origin", "https://evil.example")])));
        assert!(is_foreign_write(&request("POST", &[host, ("origin", "null")])));
        assert!(is_foreign_write(&request("POST", &[host, ("sec-fetch-site", "same-site")])));
        assert!(!is_foreign_write(&request("GET", &[host, ("origin", "https://evil.example")])));
    }

    #[test]
    fn a_session_is_found_among_other_cookies() {
        let with = request("GET", &[("cookie", "lang=en; normwatch_session=abc; x=y")]);
        assert_eq!(session_of(with.headers()), Some("abc"));
        assert_eq!(session_of(request("GET", &[("cookie", "other_normwatch_session=abc")]).headers()), None);
    }
}
