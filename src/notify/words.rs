//! Words: the Fluent messages of mails in both languages.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use model::register::{Language, Text};
use unic_langid::LanguageIdentifier;

const ZH: &str = include_str!("../../locales/zh-CN/mail.ftl");
const ZH_CITATION: &str = include_str!("../../locales/zh-CN/citation.ftl");
const EN: &str = include_str!("../../locales/en/mail.ftl");

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<(Bundle, Bundle)> =
    LazyLock::new(|| (bundle(Language::Zh, &[ZH, ZH_CITATION]), bundle(Language::En, &[EN])));

fn bundle(language: Language, sources: &[&str]) -> Bundle {
    let language: LanguageIdentifier = language.name().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false);
    for source in sources {
        // A message that does not parse is left out and falls back; a test holds all files to zero errors.
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// The words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words(pub(super) Language);

impl Words {
    /// The message of this id, in English when the language has none; the id itself when nobody has.
    pub(super) fn say(self, id: &str, args: &[(&str, &str)]) -> String {
        self.find(id, args).unwrap_or_else(|| id.to_owned())
    }

    /// The message without arguments.
    pub(super) fn word(self, id: &str) -> String {
        self.say(id, &[])
    }

    /// The message of this id, if there is one.
    pub(super) fn find(self, id: &str, args: &[(&str, &str)]) -> Option<String> {
        let (zh, en) = &*BUNDLES;
        let order = match self.0 {
            Language::Zh => [zh, en],
            Language::En => [en, zh],
        };
        order.into_iter().find_map(|bundle| format_in(bundle, id, args))
    }

    /// The text of a pack in this language, or in the other when it has only that.
    pub(super) fn of(self, text: &Text) -> &str {
        let (first, second) = match self.0 {
            Language::Zh => (&text.zh, &text.en),
            Language::En => (&text.en, &text.zh),
        };
        if first.is_empty() { second } else { first }
    }
}

/// A text as part of a message id: `no sensor: all day` becomes `no-sensor-all-day`.
pub(super) fn slug(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

fn format_in(bundle: &Bundle, id: &str, args: &[(&str, &str)]) -> Option<String> {
    let pattern = bundle.get_message(id)?.value()?;
    let mut fluent = FluentArgs::new();
    for (name, value) in args {
        fluent.set(*name, *value);
    }
    let mut errors = Vec::new();
    Some(bundle.format_pattern(pattern, Some(&fluent), &mut errors).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(source: &str) -> Vec<&str> {
        let lines = source.lines().filter(|l| !l.starts_with([' ', '#']));
        lines.filter_map(|l| l.split_once(" =").map(|(id, _)| id)).collect()
    }

    #[test]
    fn both_languages_have_the_same_messages_and_none_is_broken() {
        assert_eq!(ids(ZH), ids(EN));
        for source in [ZH, EN, ZH_CITATION] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok());
        }
    }

    #[test]
    fn both_languages_use_the_same_arguments() {
        let args = |source: &str, id: &str| {
            let line = source.lines().find(|l| l.starts_with(&format!("{id} ="))).unwrap().to_owned();
            let mut names: Vec<String> =
                line.split("{ $").skip(1).filter_map(|p| p.split(' ').next().map(str::to_owned)).collect();
            names.sort();
            names.dedup();
            names
        };
        for id in ids(EN) {
            assert_eq!(args(ZH, id), args(EN, id), "{id}");
        }
    }

    #[test]
    fn every_measure_has_a_name() {
        for (_, name) in rules::Measure::NAMES {
            for language in Language::ALL {
                assert!(Words(*language).find(&format!("measure-{name}"), &[]).is_some(), "{name}");
            }
        }
    }
}
