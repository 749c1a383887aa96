//! The main facts of an explanation, in words.

use rules::{Fact, Why};
use serde::Serialize;

use super::{
    figures::number,
    words::{Words, slug},
};

/// More facts than this are for the page of the alert.
const MAX_FACTS: usize = 6;

/// A longer list or text is for the page of the alert.
const MAX_CHARS: usize = 120;

/// A label and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) text: String,
}

/// The facts that a mail states: those that have a name in the mail's language first, at most six.
pub(super) fn main_facts(why: &Why, words: Words) -> Vec<Row> {
    let mut rows: Vec<(bool, Row)> = Vec::new();
    for (key, fact) in why {
        let name = words.find(&format!("fact-{}", key.replace('.', "-")), &[]);
        let Some(text) = text_of(fact, words).filter(|t| t.chars().count() <= MAX_CHARS) else { continue };
        rows.push((name.is_none(), Row { label: name.unwrap_or_else(|| key.replace('_', " ")), text }));
    }
    rows.sort_by_key(|(is_unnamed, _)| *is_unnamed);
    rows.into_iter().take(MAX_FACTS).map(|(_, row)| row).collect()
}

fn text_of(fact: &Fact, words: Words) -> Option<String> {
    match fact {
        Fact::Bool(true) => Some(words.word("fact-true")),
        Fact::Bool(false) => Some(words.word("fact-false")),
        Fact::Number(value) => Some(number(*value)),
        Fact::Text(text) if text.is_empty() => None,
        Fact::Text(text) => {
            Some(words.find(&format!("word-{}", slug(text)), &[]).unwrap_or_else(|| text.clone()))
        }
        Fact::List(list) => {
            let parts: Option<Vec<String>> = list.iter().map(|f| text_of(f, words)).collect();
            parts.filter(|p| !p.is_empty()).map(|p| p.join(&words.word("list-join")))
        }
    }
}

#[cfg(test)]
mod tests {
    use model::register::Language;

    use super::*;

    #[test]
    fn facts_with_a_name_come_first_and_long_ones_stay_on_the_page() {
        let mut why = Why::new();
        why.insert("aaa_inner_detail".into(), 1.0.into());
        why.insert("gate".into(), "occupied".into());
        why.insert("long".into(), "x".repeat(500).into());
        let rows = main_facts(&why, Words(Language::Zh));
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].text, "房间有人");
        assert_eq!(rows[1], Row { label: "aaa inner detail".into(), text: "1".into() });
    }
}
