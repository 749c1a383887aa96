//! What every page has around it, and the templates, compiled in.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use fluent_bundle::FluentArgs;
use minijinja::{
    Environment, State, context,
    value::{Kwargs, Serde, Value},
};
use model::register::Language;
use rules::AlertState;
use serde::Serialize;

use crate::{
    view::Snapshot,
    web::{
        assets,
        desk::Desk,
        format::{When, when_and_age},
        language::{Viewer, find_text},
    },
};

/// Event time this far behind the wall clock is shown as old, ms.
const STALE_MS: i64 = 15 * 60_000;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.add_function("t", translate);
    for (name, source) in SOURCES {
        // A template that does not parse is missing, which every page test sees.
        if let Err(error) = environment.add_template(name, source) {
            tracing::error!(%error, template = name, "template does not parse");
        }
    }
    environment
});

const SOURCES: [(&str, &str); 21] = [
    ("base.html", include_str!("../../../templates/pages/base.html")),
    ("parts.html", include_str!("../../../templates/pages/parts.html")),
    ("overview.html", include_str!("../../../templates/pages/overview.html")),
    ("place.html", include_str!("../../../templates/pages/place.html")),
    ("room.html", include_str!("../../../templates/pages/room.html")),
    ("alerts.html", include_str!("../../../templates/pages/alerts.html")),
    ("alert.html", include_str!("../../../templates/pages/alert.html")),
    ("devices.html", include_str!("../../../templates/pages/devices.html")),
    ("device.html", include_str!("../../../templates/pages/device.html")),
    ("quarantine.html", include_str!("../../../templates/pages/quarantine.html")),
    ("held.html", include_str!("../../../templates/pages/held.html")),
    ("unknown.html", include_str!("../../../templates/pages/unknown.html")),
    ("claim.html", include_str!("../../../templates/pages/claim.html")),
    ("standards.html", include_str!("../../../templates/pages/standards.html")),
    ("pack.html", include_str!("../../../templates/pages/pack.html")),
    ("mails.html", include_str!("../../../templates/pages/mails.html")),
    ("mail.html", include_str!("../../../templates/pages/mail.html")),
    ("login.html", include_str!("../../../templates/pages/login.html")),
    ("missing.html", include_str!("../../../templates/pages/missing.html")),
    ("tiles.html", include_str!("../../../templates/pages/tiles.html")),
    ("findings.html", include_str!("../../../templates/pages/findings.html")),
];

/// `t("key", n=3)` in a template: the text of the page's language, the key where there is none.
fn translate(state: &State<'_, '_>, key: &str, values: Kwargs) -> Result<String, minijinja::Error> {
    let lang = state.lookup("lang");
    let language =
        if lang.as_ref().and_then(Value::as_str) == Some("en") { Language::En } else { Language::Zh };
    let mut args = FluentArgs::new();
    for name in values.args() {
        let value: Value = values.get(name)?;
        match f64::try_from(value.clone()) {
            Ok(number) => args.set(name.to_owned(), number),
            Err(_) => args.set(name.to_owned(), value.to_string()),
        }
    }
    Ok(find_text(language, key, Some(&args)).unwrap_or_else(|| key.to_owned()))
}

/// Problems of a refused edit that every page shows.
const MOST_REFUSED: usize = 5;

#[derive(Serialize)]
struct Frame<'a> {
    site: &'a str,
    nav: &'a str,
    here: &'a str,
    as_of: Option<When>,
    is_stale: bool,
    is_behind: bool,
    firing: usize,
    /// What our own disk refuses.
    disk: Vec<String>,
    /// What is wrong with the newest edit of register or standards, as many as a page has room for.
    refused: &'a [String],
    refused_more: usize,
    digest: &'a str,
    in_force_since: Option<When>,
    version: String,
    user: Option<User<'a>>,
}

#[derive(Serialize)]
struct User<'a> {
    name: &'a str,
    role: &'static str,
}

/// Fills a template. `nav` is the part of the console that the page belongs to.
pub(super) fn render(
    desk: &Desk,
    snapshot: &Snapshot,
    viewer: &Viewer,
    template: &str,
    nav: &str,
    page: &impl Serialize,
) -> Response {
    let (name, now) = (&desk.register().name, Desk::now(snapshot));
    let zone = &desk.register().calendar.zone;
    let site = match viewer.language {
        Language::Zh if !name.zh.is_empty() => &name.zh,
        Language::En if !name.en.is_empty() => &name.en,
        Language::Zh | Language::En if !name.zh.is_empty() => &name.zh,
        Language::Zh | Language::En => desk.register().id.as_str(),
    };
    let refused: &[String] = snapshot.standing.refused.as_ref().map_or(&[], |refused| &refused.problems);
    let is_old = snapshot.event_time.is_some_and(|at| now.since(at) > STALE_MS);
    let is_behind = snapshot.event_time.is_some() && (!snapshot.is_caught_up || is_old && snapshot.is_moving);
    let frame = Frame {
        site,
        nav,
        here: &viewer.here,
        as_of: snapshot.event_time.map(|at| when_and_age(at, now, zone, viewer.language)),
        is_stale: is_old && !is_behind,
        is_behind,
        firing: snapshot.alerts.iter().filter(|a| a.state == AlertState::Firing).count(),
        disk: desk.refusals(),
        refused: refused.get(..MOST_REFUSED).unwrap_or(refused),
        refused_more: refused.len().saturating_sub(MOST_REFUSED),
        digest: &snapshot.standing.digest,
        in_force_since: snapshot.standing.since.map(|at| when_and_age(at, now, zone, viewer.language)),
        version: assets::version(),
        user: desk.asker().map(|person| User { name: &person.name, role: person.role.name() }),
    };
    let lang = viewer.language.name();
    let context = context! { lang, frame => Value::from(Serde(frame)), page => Value::from(Serde(page)) };
    let html = TEMPLATES.get_template(template).and_then(|template| template.render(context));
    match html {
        Ok(html) => with_language(Html(html).into_response(), viewer),
        Err(error) => {
            tracing::error!(%error, template, "page not rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "this page could not be rendered; see the log\n")
                .into_response()
        }
    }
}

fn with_language(mut response: Response, viewer: &Viewer) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(viewer.language.name()));
    if viewer.is_explicit {
        let cookie = match viewer.language {
            Language::Zh => "lang=zh-CN; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            Language::En => "lang=en; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
        };
        headers.insert(header::SET_COOKIE, HeaderValue::from_static(cookie));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys that a template asks for in plain words.
    fn keys(source: &str) -> impl Iterator<Item = &str> {
        source.split("t(\"").skip(1).filter_map(|rest| rest.split_once('"')).filter_map(|(key, rest)| {
            let is_whole = rest.starts_with(')') || rest.starts_with(',');
            is_whole.then_some(key)
        })
    }

    #[test]
    fn every_template_parses_and_every_text_it_asks_for_exists() {
        for (name, source) in SOURCES {
            let parsed = Environment::new().add_template(name, source).map_err(|error| error.to_string());
            assert_eq!(parsed, Ok(()), "{name}");
        }
        let asked: Vec<&str> = SOURCES.iter().flat_map(|(_, source)| keys(source)).collect();
        assert!(asked.len() > 100, "only {}", asked.len());
        let missing: Vec<_> =
            asked.iter().filter(|key| find_text(Language::En, key, None).is_none()).collect();
        assert_eq!(missing, Vec::<&&str>::new());
    }

    #[test]
    fn no_template_turns_escaping_off() {
        assert!(SOURCES.iter().all(|(_, source)| !source.contains("safe") && !source.contains("autoescape")));
    }
}
