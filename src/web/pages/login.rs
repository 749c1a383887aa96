//! Logging in and out.

use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};

use super::frame;
use crate::{
    access::AccessError,
    web::{
        desk::Desk,
        guard::{COOKIE, Guard, session_of},
        language::Viewer,
    },
};

/// Where to go after the login.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Ask {
    next: Option<String>,
}

/// What the form sends. It is never printed.
#[derive(Deserialize)]
pub(in crate::web) struct Credentials {
    name: String,
    password: String,
    next: Option<String>,
}

#[derive(Serialize)]
struct Page {
    next: String,
    /// Key of the text that says why it failed.
    failed: Option<&'static str>,
    wait_s: i64,
}

/// Only addresses of our own: a link must not lead away through our login.
fn own(next: Option<String>) -> String {
    let is_own = |path: &String| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains(['\\', '\r', '\n'])
            && path != "/login"
    };
    next.filter(is_own).unwrap_or_else(|| "/".to_owned())
}

fn form(desk: &Desk, viewer: &Viewer, page: &Page) -> Response {
    // Nobody is known yet: the page shows nothing of the state.
    frame::render(desk, &crate::view::Snapshot::default(), viewer, "login.html", "login", page)
}

/// `GET /login`.
pub(in crate::web) async fn page(desk: Desk, viewer: Viewer, Query(ask): Query<Ask>) -> Response {
    form(&desk, &viewer, &Page { next: own(ask.next), failed: None, wait_s: 0 })
}

/// `POST /login`.
pub(in crate::web) async fn log_in(
    desk: Desk,
    viewer: Viewer,
    State(guard): State<Guard>,
    Form(credentials): Form<Credentials>,
) -> Response {
    let now = guard.clock.now();
    let next = own(credentials.next);
    let wait_ms = guard.throttle.wait_ms(&credentials.name, now);
    if wait_ms > 0 {
        let page = Page { next, failed: Some("login-wait"), wait_s: (wait_ms + 999) / 1000 };
        let mut answer = form(&desk, &viewer, &page);
        *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        return answer;
    }
    let (name, password) = (credentials.name.clone(), credentials.password);
    let tried = guard.call(move |guard| {
        let secret = guard.access.log_in(&name, &password, now)?;
        // Names that nobody has are no people: whoever tries them must not fill the trail.
        if secret.is_some() {
            guard.note(&name, "login")?;
        } else if guard.access.users()?.iter().any(|user| user.name == name) {
            guard.note(&name, "login_failed")?;
        }
        Ok(secret)
    });
    match tried.await {
        Ok(Some(secret)) => {
            guard.throttle.succeeded(&credentials.name);
            tracing::info!(user = credentials.name, "logged in");
            with_cookie(Redirect::to(&next).into_response(), &cookie(&guard, secret.expose(), ""))
        }
        Ok(None) => {
            guard.throttle.failed(&credentials.name, now);
            tracing::warn!(user = credentials.name, "a login failed");
            let mut answer = form(&desk, &viewer, &Page { next, failed: Some("login-wrong"), wait_s: 0 });
            *answer.status_mut() = StatusCode::UNAUTHORIZED;
            answer
        }
        Err(error) => error.into_response(),
    }
}

impl Guard {
    fn log_out(&self, secret: &str) -> Result<(), AccessError> {
        let person = self.access.session(secret, self.clock.now())?;
        self.access.log_out(secret)?;
        person.map_or(Ok(()), |person| self.note(&person.name, "logout"))
    }
}

/// `POST /logout`.
pub(in crate::web) async fn log_out(State(guard): State<Guard>, headers: HeaderMap) -> Response {
    if let Some(secret) = session_of(&headers).map(str::to_owned)
        && let Err(error) = guard.call(move |guard| guard.log_out(&secret)).await
    {
        return error.into_response();
    }
    with_cookie(Redirect::to("/login").into_response(), &cookie(&guard, "", "; Max-Age=0"))
}

fn cookie(guard: &Guard, value: &str, more: &str) -> String {
    let secure = if guard.is_secure { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}")
}

fn with_cookie(mut answer: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, value);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_leads_to_addresses_of_our_own_only() {
        let to = |next: &str| own(Some(next.to_owned()));
        assert_eq!(to("/alerts?state=firing"), "/alerts?state=firing");
        for foreign in ["https://evil.example", "//evil.example", "/\\evil.example", "alerts", "/a\r\nb", ""]
        {
            assert_eq!(to(foreign), "/", "{foreign}");
        }
    }
}
