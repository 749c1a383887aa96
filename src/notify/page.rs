//! A mail as data for its templates: subject, entries and closing lines in words.

use jiff::tz::TimeZone;
use rules::TransitionId;
use serde::Serialize;

use super::{
    MailKind, MailPlan, Notice, PlaceName,
    entry::{Entry, Setting, State, entry},
    words::Words,
};

/// More alerts than this stand in a table instead of one card each.
const MAX_CARDS: usize = 5;

/// More alerts than this are only counted: mail programs cut longer mails off.
const MAX_ENTRIES: usize = 100;

/// The labels of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Labels {
    colon: String,
    place: String,
    value: String,
    limit: String,
    since: String,
    coverage: String,
    clause: String,
    remedy: String,
    why: String,
    link: String,
}

/// The alerts of one building.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Section {
    heading: String,
    entries: Vec<Entry>,
}

/// One mail in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Page {
    /// `zh-CN` or `en`.
    pub(super) language: &'static str,
    pub(super) subject: String,
    /// One card for each alert, or a table of many.
    pub(super) is_table: bool,
    pub(super) intro: String,
    pub(super) sections: Vec<Section>,
    pub(super) more: Option<String>,
    pub(super) labels: Labels,
    /// What happens next, when the entries do not say it themselves.
    pub(super) next: Vec<String>,
    pub(super) footer: Vec<String>,
}

/// Puts a plan into words.
pub(super) fn page(plan: &MailPlan, public_url: Option<&str>) -> Page {
    let words = Words(plan.addressee.language);
    let zone = TimeZone::get(&plan.addressee.zone).unwrap_or(TimeZone::UTC);
    let is_reminder = plan.kind == MailKind::Reminder;
    let setting = Setting { words, zone: &zone, public_url, is_reminder };
    let told: Vec<(Option<&PlaceName>, Entry)> = alerts(plan)
        .iter()
        .filter_map(|notices| Some((notices.last()?.building(), entry(notices, setting)?)))
        .collect();
    let entries: Vec<&Entry> = told.iter().map(|(_, e)| e).collect();
    let is_table = plan.kind.is_digest() || entries.len() > MAX_CARDS;
    let subject = subject(plan, &entries, words);
    let intro = intro(plan, &entries, words);
    let hidden = entries.len().saturating_sub(MAX_ENTRIES);
    let is_open =
        entries.iter().any(|e| !matches!(e.state, State::Resolved | State::Ended | State::Withdrawn));
    let next = if is_table && is_open {
        let repeat = (plan.kind != MailKind::Unproven).then(|| words.word("next-repeat"));
        std::iter::once(words.word("next-firing")).chain(repeat).collect()
    } else {
        Vec::new()
    };
    Page {
        language: plan.addressee.language.name(),
        subject,
        is_table,
        intro,
        sections: sections(told, plan.kind.is_digest(), words),
        more: (hidden > 0).then(|| words.say("more", &[("n", &hidden.to_string())])),
        labels: labels(words),
        next,
        footer: footer(plan, words),
    }
}

/// The notices of each alert, oldest first; alerts in the order of their first notice.
fn alerts(plan: &MailPlan) -> Vec<Vec<&Notice>> {
    let mut alerts: Vec<(&TransitionId, Vec<&Notice>)> = Vec::new();
    for line in &plan.lines {
        match alerts.iter_mut().find(|(id, _)| **id == line.notice.alert) {
            Some((_, notices)) => notices.push(&line.notice),
            None => alerts.push((&line.notice.alert, vec![&line.notice])),
        }
    }
    alerts.into_iter().map(|(_, notices)| notices).collect()
}

fn sections(told: Vec<(Option<&PlaceName>, Entry)>, has_headings: bool, words: Words) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (building, entry) in told.into_iter().take(MAX_ENTRIES) {
        let heading = if has_headings { place_text(building, words) } else { String::new() };
        match sections.iter_mut().find(|s| s.heading == heading) {
            Some(section) => section.entries.push(entry),
            None => sections.push(Section { heading, entries: vec![entry] }),
        }
    }
    sections
}

fn place_text(place: Option<&PlaceName>, words: Words) -> String {
    place.map_or_else(|| words.word("bodies"), |p| p.label.clone().unwrap_or_else(|| p.id.to_string()))
}

fn subject(plan: &MailPlan, entries: &[&Entry], words: Words) -> String {
    let count = entries.len().to_string();
    match plan.kind {
        MailKind::Old => return words.say("subject-old", &[("count", &count)]),
        MailKind::Baseline => return words.say("subject-baseline", &[("count", &count)]),
        MailKind::Unproven => return words.say("subject-unproven", &[("count", &count)]),
        MailKind::Changes | MailKind::Reminder => {}
    }
    match entries {
        [one] => {
            let figures = match (&one.value, &one.limit) {
                (Some(value), Some(limit)) => {
                    words.say("subject-figures", &[("value", value), ("limit", limit)])
                }
                _ => String::new(),
            };
            let badge = words.word(badge_of(one));
            let args =
                [("badge", &*badge), ("place", &one.place), ("title", &one.title), ("figures", &figures)];
            words.say("subject-one", &args)
        }
        many => {
            let badge = words.word(badge_of_many(many));
            let place = place_text(plan.building.as_ref(), words);
            let args = [("badge", &*badge), ("place", &place), ("counts", &counts(many, words))];
            words.say("subject-many", &args)
        }
    }
}

fn badge_of(entry: &Entry) -> &'static str {
    match entry.state {
        State::Firing if entry.is_suspected => "badge-suspected",
        State::Firing if entry.is_critical => "badge-critical",
        State::Firing => "badge-firing",
        State::Ended => "badge-ended",
        State::Resolved => "badge-resolved",
        State::Revised => "badge-revised",
        State::Unproven => "badge-unproven",
        State::Withdrawn => "badge-withdrawn",
        State::Reminder => "badge-reminder",
    }
}

/// The badge that all share; with news among them that of an alert.
fn badge_of_many(entries: &[&Entry]) -> &'static str {
    let mut badges = entries.iter().map(|e| badge_of(e));
    let Some(first) = badges.next() else { return "badge-changes" };
    let has = |badge| entries.iter().any(|e| badge_of(e) == badge);
    match first {
        first if badges.all(|b| b == first) => first,
        _ if has("badge-critical") => "badge-critical",
        _ if has("badge-firing") => "badge-firing",
        _ => "badge-changes",
    }
}

fn counts(entries: &[&Entry], words: Words) -> String {
    let mut parts = Vec::new();
    for state in State::ALL {
        let n = entries.iter().filter(|e| e.state == state).count();
        if n > 0 {
            parts.push(words.say(&format!("count-{}", state.name()), &[("n", &n.to_string())]));
        }
    }
    parts.join(&words.word("count-join"))
}

fn intro(plan: &MailPlan, entries: &[&Entry], words: Words) -> String {
    match (plan.kind, entries) {
        (MailKind::Old, _) => words.word("intro-old"),
        (MailKind::Baseline, _) => words.word("intro-baseline"),
        (MailKind::Unproven, _) => words.word("intro-unproven-digest"),
        (_, [one]) => one.intro.clone(),
        (_, many) => {
            let place = place_text(plan.building.as_ref(), words);
            words.say("intro-many", &[("place", &place), ("counts", &counts(many, words))])
        }
    }
}

fn labels(words: Words) -> Labels {
    let label = |id: &str| words.word(&format!("label-{id}"));
    Labels {
        colon: words.word("colon"),
        place: label("place"),
        value: label("value"),
        limit: label("limit"),
        since: label("since"),
        coverage: label("coverage"),
        clause: label("clause"),
        remedy: label("remedy"),
        why: label("why"),
        link: label("link"),
    }
}

fn footer(plan: &MailPlan, words: Words) -> Vec<String> {
    let reader = &plan.addressee;
    let (mail, id) = (reader.mail.as_str(), reader.id.as_str());
    let sent = match &reader.deputy_of {
        Some(absent) => {
            words.say("footer-deputy", &[("mail", mail), ("recipient", id), ("absent", absent.as_str())])
        }
        None => words.say("footer", &[("mail", mail), ("recipient", id)]),
    };
    vec![sent, words.say("footer-zone", &[("zone", &reader.zone)])]
}
