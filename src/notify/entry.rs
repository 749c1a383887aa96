//! One alert as a mail shows it: its newest state, its figures and where they come from.

use jiff::tz::TimeZone;
use model::{Instant, Period, register::Severity};
use rules::{Evidence, Measure, Outcome, Provenance, TransitionKind};
use serde::Serialize;

use super::{
    Notice,
    facts::{Row, main_facts},
    figures::{Figures, figures},
    words::Words,
};

/// What became of an alert, seen over all that one mail tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Firing,
    Ended,
    Resolved,
    Revised,
    Unproven,
    Reminder,
}

impl State {
    pub(super) const ALL: [Self; 6] =
        [Self::Firing, Self::Reminder, Self::Unproven, Self::Revised, Self::Resolved, Self::Ended];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Ended => "ended",
            Self::Resolved => "resolved",
            Self::Revised => "revised",
            Self::Unproven => "unproven",
            Self::Reminder => "reminder",
        }
    }
}

/// One alert in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Entry {
    pub(super) state: State,
    pub(super) state_text: String,
    pub(super) intro: String,
    pub(super) title: String,
    pub(super) place: String,
    pub(super) value: Option<String>,
    pub(super) limit: Option<String>,
    pub(super) since: String,
    pub(super) coverage: String,
    pub(super) citation: String,
    pub(super) rows: Vec<Row>,
    pub(super) remedy: String,
    pub(super) why: Vec<Row>,
    pub(super) next: Vec<String>,
    pub(super) link: Option<String>,
    #[serde(skip)]
    pub(super) is_critical: bool,
    #[serde(skip)]
    pub(super) is_suspected: bool,
}

/// What an entry needs besides its notices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) words: Words,
    pub(super) zone: &'a TimeZone,
    pub(super) public_url: Option<&'a str>,
    pub(super) is_reminder: bool,
}

/// The entry of one alert from everything that a mail tells of it, the newest notice last.
pub(super) fn entry(notices: &[&Notice], setting: Setting<'_>) -> Option<Entry> {
    let newest = *notices.last()?;
    let words = setting.words;
    let state = state_of(notices, setting.is_reminder);
    let clause = &newest.clause;
    let (value, told) = (newest.value, newest.told_value.filter(|_| state == State::Revised));
    let figures = figures(value, told, newest.limit, &clause.unit, clause.measure, words);
    let limit = figures.limit.as_ref().map(|limit| {
        words.say(if newest.is_minimum { "limit-at-least" } else { "limit-at-most" }, &[("limit", limit)])
    });
    let title = match words.of(&clause.title) {
        "" => words.word(&format!("measure-{}", clause.measure.name())),
        title => title.to_owned(),
    };
    Some(Entry {
        state,
        state_text: words.word(&format!("state-{}", state.name())),
        intro: intro(newest, state, words),
        title,
        place: place(newest, words),
        value: figures.value.clone(),
        since: moment(newest.started_at, setting.zone),
        coverage: coverage(newest, words),
        citation: citation(newest, words),
        rows: rows(newest, state, &figures, limit.clone(), setting),
        limit,
        remedy: words.of(&clause.remedy).to_owned(),
        why: main_facts(&newest.why, words),
        next: next(newest, state, words),
        link: setting.public_url.map(|url| format!("{}/alerts/{}", url.trim_end_matches('/'), newest.alert)),
        is_critical: clause.severity == Severity::Critical,
        is_suspected: clause.evidence == Evidence::Suspicion,
    })
}

fn state_of(notices: &[&Notice], is_reminder: bool) -> State {
    let has = |kind| notices.iter().any(|n| n.kind == kind);
    match notices.last().map(|n| n.kind) {
        _ if is_reminder => State::Reminder,
        Some(TransitionKind::Resolved) if has(TransitionKind::Firing) => State::Ended,
        Some(TransitionKind::Resolved) => State::Resolved,
        // A correction of something that nobody was told yet is news, not a correction.
        Some(TransitionKind::Revised) if !has(TransitionKind::Firing) => State::Revised,
        Some(TransitionKind::Unproven) => State::Unproven,
        _ => State::Firing,
    }
}

fn intro(notice: &Notice, state: State, words: Words) -> String {
    let is_register = notice.clause.period == Period::Register;
    let is_suspected = notice.clause.evidence == Evidence::Suspicion;
    let id = match state {
        State::Firing if is_suspected => "intro-firing-suspected",
        State::Resolved if is_register => "intro-resolved-register",
        State::Revised if notice.outcome == Outcome::Compliant => "intro-revised-free",
        _ => return words.word(&format!("intro-{}", state.name())),
    };
    words.word(id)
}

fn rows(
    n: &Notice,
    state: State,
    figures: &Figures,
    limit: Option<String>,
    setting: Setting<'_>,
) -> Vec<Row> {
    let words = setting.words;
    let is_register = n.clause.period == Period::Register;
    let mut rows = Vec::new();
    let mut add = |label: &str, text: String| {
        if !text.is_empty() {
            rows.push(Row { label: words.word(label), text });
        }
    };
    add("label-place", full_place(n, words));
    if !n.path.is_empty() {
        add("label-body", n.body.clone().unwrap_or_default());
    }
    let measured = match &figures.value {
        Some(value) => with_measure(value, n.clause.measure, words),
        None => words.word("no-value"),
    };
    add(if is_register { "label-value-register" } else { "label-value" }, measured);
    add("label-told-value", figures.told_value.clone().unwrap_or_default());
    add("label-limit", limit.unwrap_or_default());
    add("label-since", in_zone(n.started_at, setting.zone, words));
    if matches!(state, State::Resolved | State::Ended) {
        add("label-until", n.resolved_at.map(|at| in_zone(at, setting.zone, words)).unwrap_or_default());
    }
    add("label-window", window(n, setting.zone));
    add("label-coverage", coverage(n, words));
    add("label-evidence", words.word(evidence_id(n.clause.evidence)));
    let clause_id = words.say("clause-id", &[("id", &n.clause.id)]);
    add("label-clause", format!("{} {clause_id}", citation(n, words)));
    add("label-provenance", words.word(provenance_id(n.clause.provenance)));
    add("label-severity", words.word(&format!("severity-{}", n.clause.severity)));
    rows
}

const fn evidence_id(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Firm => "evidence-firm",
        Evidence::Suspicion => "evidence-suspicion",
    }
}

const fn provenance_id(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Official => "provenance-official",
        Provenance::TwoSources => "provenance-two_sources",
        Provenance::OneSource => "provenance-one_source",
        Provenance::Derived => "provenance-derived",
        Provenance::Policy => "provenance-policy",
        Provenance::Unverified => "provenance-unverified",
    }
}

fn next(notice: &Notice, state: State, words: Words) -> Vec<String> {
    let is_over = matches!(state, State::Resolved | State::Ended);
    if is_over || (state == State::Revised && notice.outcome == Outcome::Compliant) {
        return vec![words.word("next-resolved")];
    }
    let is_register = notice.clause.period == Period::Register;
    vec![words.word(if is_register { "next-register" } else { "next-firing" }), words.word("next-repeat")]
}

fn citation(n: &Notice, words: Words) -> String {
    words.say("document-citation", &[("document", &n.clause.document), ("citation", &n.clause.citation)])
}

fn with_measure(value: &str, measure: Measure, words: Words) -> String {
    let name = words.word(&format!("measure-{}", measure.name()));
    words.say("value-of-measure", &[("value", value), ("measure", &name)])
}

/// The place in short: building and room, or the body.
fn place(notice: &Notice, words: Words) -> String {
    let label = |p: &super::PlaceName| p.label.clone().unwrap_or_else(|| p.id.to_string());
    let Some(own) = notice.path.last() else { return notice.body.clone().unwrap_or_default() };
    let building = notice.building().filter(|b| b.id != own.id);
    building.map_or_else(
        || label(own),
        |b| words.say("place-in", &[("building", &label(b)), ("place", &label(own))]),
    )
}

/// The whole way from the site, the place itself with its id.
fn full_place(notice: &Notice, words: Words) -> String {
    let Some((own, above)) = notice.path.split_last() else { return notice.body.clone().unwrap_or_default() };
    let id = own.id.to_string();
    let own = match &own.label {
        Some(label) if *label != id => words.say("place-with-id", &[("label", label), ("id", &id)]),
        _ => id,
    };
    let above = above.iter().map(|p| p.label.clone().unwrap_or_else(|| p.id.to_string()));
    above.chain([own]).collect::<Vec<_>>().join(" / ")
}

/// Coverage in whole percent, rounded down: what has a gap is never called complete.
fn coverage(notice: &Notice, words: Words) -> String {
    if notice.clause.period == Period::Register {
        return words.word("coverage-register");
    }
    let percent = (notice.coverage.clamp(0.0, 1.0) * 100.0 + 1e-9).floor();
    if percent >= 100.0 {
        words.word("coverage-full")
    } else if percent < 1.0 {
        words.word("coverage-little")
    } else {
        words.say("coverage-part", &[("percent", &format!("{percent:.0}"))])
    }
}

/// Local date and minute.
fn moment(at: Instant, zone: &TimeZone) -> String {
    at.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Local date and minute with the offset and the zone's name.
pub(super) fn in_zone(at: Instant, zone: &TimeZone, words: Words) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    let offset = at.timestamp().to_zoned(zone.clone()).strftime("%:z").to_string();
    words.say("time-in-zone", &[("time", &moment(at, zone)), ("offset", &offset), ("zone", name)])
}

/// The judged window: an hour in the reader's time, a longer one as dates of the site.
fn window(notice: &Notice, zone: &TimeZone) -> String {
    let (from, to) = (notice.window.from, notice.window.to);
    let site = TimeZone::get(&notice.zone).unwrap_or(TimeZone::UTC);
    let local =
        |at: Instant, format: &str| at.timestamp().to_zoned(site.clone()).strftime(format).to_string();
    match notice.clause.period {
        Period::Hour => {
            let end = to.timestamp().to_zoned(zone.clone()).strftime("%H:%M").to_string();
            format!("{} – {end}", moment(from, zone))
        }
        Period::Day => local(from, "%Y-%m-%d"),
        Period::Week => format!("{} – {}", local(from, "%Y-%m-%d"), local(to.plus_ms(-1), "%Y-%m-%d")),
        Period::Month => local(from, "%Y-%m"),
        Period::Year => local(from, "%Y"),
        Period::All | Period::Register => String::new(),
    }
}
