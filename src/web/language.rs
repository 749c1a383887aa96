//! Which language a page speaks, and its texts.
//!
//! `?lang=` decides and is remembered in a cookie; else the cookie; else the browser's wishes;
//! else Chinese, the language of the offices that the product is made for.

use std::{convert::Infallible, sync::LazyLock};

use axum::{
    extract::FromRequestParts,
    http::{Uri, header, request::Parts},
};
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use model::register::Language;

/// Who asks: the language to answer in, and where they are.
#[derive(Debug, Clone)]
pub(super) struct Viewer {
    /// Language of the page.
    pub(super) language: Language,
    /// Whether the address asked for it, so that it is worth remembering.
    pub(super) is_explicit: bool,
    /// Path and query without `lang`, for the link to the other language.
    pub(super) here: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let asked = query(&parts.uri).find_map(|(key, value)| (key == "lang").then_some(value));
        let asked = asked.and_then(of_tag);
        let kept = || {
            let cookies = header(header::COOKIE).split(';');
            cookies.filter_map(|c| c.trim().strip_prefix("lang=")).find_map(of_tag)
        };
        let wished = || of_accept_language(header(header::ACCEPT_LANGUAGE));
        let language = asked.or_else(kept).or_else(wished).unwrap_or(Language::Zh);
        Ok(Self { language, is_explicit: asked.is_some(), here: without_lang(&parts.uri) })
    }
}

fn query(uri: &Uri) -> impl Iterator<Item = (&str, &str)> {
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn without_lang(uri: &Uri) -> String {
    let kept: Vec<String> =
        query(uri).filter(|(key, _)| *key != "lang").map(|(key, value)| format!("{key}={value}")).collect();
    format!("{}?{}{}", uri.path(), kept.join("&"), if kept.is_empty() { "" } else { "&" })
}

/// The language of a tag: `zh`, `zh-CN` and `zh-Hans-CN` are Chinese, `en-GB` is English.
fn of_tag(tag: &str) -> Option<Language> {
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    match primary.as_str() {
        "zh" => Some(Language::Zh),
        "en" => Some(Language::En),
        _ => None,
    }
}

fn of_accept_language(header: &str) -> Option<Language> {
    let mut best: Option<(f64, Language)> = None;
    for wish in header.split(',') {
        let (tag, rest) = wish.split_once(';').unwrap_or((wish, ""));
        let weight = rest.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse).unwrap_or(0.0);
        if let Some(language) = of_tag(tag)
            && weight > best.map_or(0.0, |(w, _)| w)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

struct Texts {
    zh: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts {
    zh: bundle("zh-CN", include_str!("../../locales/pages.zh-CN.ftl")),
    en: bundle("en", include_str!("../../locales/pages.en.ftl")),
});

fn bundle(language: &str, source: &str) -> FluentBundle<FluentResource> {
    // A fault in a file that is compiled in shows as its keys on the page; tests see to it that there is none.
    let resource = match FluentResource::try_new(source.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    let mut bundle = FluentBundle::new_concurrent(vec![language.parse().unwrap_or_default()]);
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The text of a key, or `None` when the tables have none.
#[must_use]
pub(super) fn find_text(language: Language, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
    let bundle = match language {
        Language::Zh => &TEXTS.zh,
        Language::En => &TEXTS.en,
    };
    let pattern = bundle.get_message(key)?.value()?;
    let mut faults = Vec::new();
    Some(bundle.format_pattern(pattern, args, &mut faults).into_owned())
}

/// The text of a key; the key itself when the tables have none.
#[must_use]
pub(super) fn text(language: Language, key: &str) -> String {
    find_text(language, key, None).unwrap_or_else(|| key.to_owned())
}

/// The text of a key with one number in it, as `$n`.
#[must_use]
pub(super) fn text_n(language: Language, key: &str, n: impl Into<f64>) -> String {
    let mut args = FluentArgs::new();
    args.set("n", n.into());
    find_text(language, key, Some(&args)).unwrap_or_else(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(source: &str) -> BTreeSet<&str> {
        let starts = source.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase()));
        starts.filter_map(|l| l.split_once(" =")).map(|(key, _)| key).collect()
    }

    #[test]
    fn both_languages_have_the_same_texts_and_no_fault() {
        let (zh, en) =
            (include_str!("../../locales/pages.zh-CN.ftl"), include_str!("../../locales/pages.en.ftl"));
        assert!(FluentResource::try_new(zh.to_owned()).is_ok());
        assert!(FluentResource::try_new(en.to_owned()).is_ok());
        let (zh, en) = (keys(zh), keys(en));
        assert_eq!(zh.difference(&en).collect::<Vec<_>>(), Vec::<&&str>::new());
        assert_eq!(en.difference(&zh).collect::<Vec<_>>(), Vec::<&&str>::new());
    }

    #[test]
    fn every_member_of_a_closed_list_that_pages_show_has_a_text() {
        let mut missing = Vec::new();
        let mut want = |prefix: &str, name: &str| {
            let key = format!("{prefix}-{name}");
            if find_text(Language::Zh, &key, None).is_none() {
                missing.push(key);
            }
        };
        model::Quantity::ALL.iter().for_each(|q| want("quantity", q.name()));
        model::RoomUse::ALL.iter().for_each(|u| want("use", u.name()));
        model::PlaceKind::ALL.iter().for_each(|k| want("kind", k.name()));
        model::Period::ALL.iter().for_each(|p| want("period", p.name()));
        model::register::Level::ALL.iter().for_each(|l| want("word", l.name()));
        model::register::Rank::ALL.iter().for_each(|r| want("word", r.name()));
        model::register::ClimateZone::ALL.iter().for_each(|z| want("word", z.name()));
        model::register::BuildingType::ALL.iter().for_each(|t| want("word", t.name()));
        model::register::BuildingClass::ALL.iter().for_each(|c| want("word", c.name()));
        model::register::Severity::ALL.iter().for_each(|s| want("severity", s.name()));
        rules::Measure::NAMES.iter().for_each(|(_, name)| want("measure", name));
        model::Flags(u16::MAX).names().for_each(|name| want("flag", name));
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn the_browser_s_wishes_are_weighed() {
        assert_eq!(of_accept_language("fr, en;q=0.4, zh-CN;q=0.8"), Some(Language::Zh));
        assert_eq!(of_accept_language("en-GB,en;q=0.9"), Some(Language::En));
        assert_eq!(of_accept_language("zh;q=0, en;q=0.1"), Some(Language::En));
        assert_eq!(of_accept_language("fr"), None);
    }

    #[test]
    fn the_link_to_the_other_language_keeps_the_rest_of_the_address() {
        let uri: Uri = "/alerts?state=firing&lang=en&place=a".parse().unwrap();
        assert_eq!(without_lang(&uri), "/alerts?state=firing&place=a&");
        assert_eq!(without_lang(&"/".parse().unwrap()), "/?");
    }
}
