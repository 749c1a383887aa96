//! One alert as a mail shows it: its newest state, its figures and where they come from.

use jiff::tz::TimeZone;
use model::{Instant, Period, register::Severity};
use rules::{Evidence, Outcome, Provenance, TransitionKind};
use serde::Serialize;

use super::{
    Notice,
    citation::citation as citation_text,
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
    Withdrawn,
    Reminder,
}

impl State {
    pub(super) const ALL: [Self; 7] = [
        Self::Firing,
        Self::Reminder,
        Self::Unproven,
        Self::Revised,
        Self::Resolved,
        Self::Ended,
        Self::Withdrawn,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Ended => "ended",
            Self::Resolved => "resolved",
            Self::Revised => "revised",
            Self::Unproven => "unproven",
            Self::Withdrawn => "withdrawn",
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
    /// Measured value, the value told before and the limit, in full words.
    pub(super) figures: Vec<Row>,
    pub(super) rows: Vec<Row>,
    pub(super) remedy: String,
    pub(super) why: Vec<Row>,
    pub(super) next: Vec<String>,
    pub(super) link: Option<String>,
    #[serde(skip)]
    pub(super) is_critical: bool,
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
    // Of what began and ended unseen the breach is told, not the good value that ended it.
    let breach = notices.iter().rev().find(|n| !n.kind.is_end());
    let shown = breach.copied().filter(|_| state == State::Ended).unwrap_or(newest);
    let told = shown.told_value.filter(|_| matches!(state, State::Revised | State::Resolved));
    let figures = figures(shown.value, told, shown.limit, &clause.unit, clause.measure, words);
    let limit = figures.limit.as_ref().map(|limit| {
        words.say(if shown.is_minimum { "limit-at-least" } else { "limit-at-most" }, &[("limit", limit)])
    });
    let title = match words.of(&clause.title) {
        "" => words.word(&format!("measure-{}", clause.measure.name())),
        title => title.to_owned(),
    };
    Some(Entry {
        state,
        state_text: words.word(&state_id(state, clause.evidence)),
        intro: intro(newest, state, words),
        title,
        place: place(newest, words),
        value: figures.value.clone(),
        since: since(newest, setting.zone),
        coverage: coverage(shown, words),
        citation: citation(newest, words),
        figures: figure_rows(shown, &figures, limit.as_deref(), words),
        rows: rows(shown, newest.resolved_at, state, setting),
        limit,
        remedy: words.of(&clause.remedy).to_owned(),
        why: main_facts(&shown.why, words),
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
        Some(TransitionKind::Withdrawn) => State::Withdrawn,
        Some(TransitionKind::Resolved) if has(TransitionKind::Firing) => State::Ended,
        Some(TransitionKind::Resolved) => State::Resolved,
        // A correction of something that nobody was told yet is news, not a correction.
        Some(TransitionKind::Revised) if !has(TransitionKind::Firing) => State::Revised,
        Some(TransitionKind::Unproven) => State::Unproven,
        _ => State::Firing,
    }
}

fn state_id(state: State, evidence: Evidence) -> String {
    match (state, evidence) {
        (State::Firing, Evidence::Suspicion) => "state-suspected".to_owned(),
        _ => format!("state-{}", state.name()),
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

fn rows(n: &Notice, resolved_at: Option<Instant>, state: State, setting: Setting<'_>) -> Vec<Row> {
    let words = setting.words;
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
    add("label-measure", words.word(&format!("measure-{}", n.clause.measure.name())));
    add("label-since", in_zone(n.started_at, setting.zone, words));
    if matches!(state, State::Resolved | State::Ended) {
        add("label-until", resolved_at.map(|at| in_zone(at, setting.zone, words)).unwrap_or_default());
    }
    add("label-window", window(n, setting.zone));
    add("label-coverage", coverage(n, words));
    add("label-evidence", words.word(evidence_id(n.clause.evidence)));
    let cited = [("citation", &*citation(n, words)), ("id", &n.clause.id)];
    add("label-clause", words.say("clause-full", &cited));
    add("label-provenance", words.word(provenance_id(n.clause.provenance)));
    add("label-severity", words.word(&format!("severity-{}", n.clause.severity)));
    rows
}

fn figure_rows(n: &Notice, figures: &Figures, limit: Option<&str>, words: Words) -> Vec<Row> {
    let is_register = n.clause.period == Period::Register;
    let measured = if is_register { "label-value-register" } else { "label-value" };
    let none = words.word("no-value");
    let rows = [
        (measured, Some(figures.value.as_deref().unwrap_or(&none))),
        ("label-told-value", figures.told_value.as_deref()),
        ("label-limit", limit),
    ];
    let row =
        |(label, text): (&str, Option<&str>)| Some(Row { label: words.word(label), text: text?.to_owned() });
    rows.into_iter().filter_map(row).collect()
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
    if state == State::Withdrawn {
        return vec![words.word("next-withdrawn")];
    }
    let is_over = matches!(state, State::Resolved | State::Ended);
    if is_over || (state == State::Revised && notice.outcome == Outcome::Compliant) {
        return vec![words.word("next-resolved")];
    }
    let is_register = notice.clause.period == Period::Register;
    let mut lines = vec![words.word(if is_register { "next-register" } else { "next-firing" })];
    // Nobody is reminded of what nothing has proven for long.
    if state != State::Unproven {
        lines.push(words.word("next-repeat"));
    }
    lines
}

fn citation(n: &Notice, words: Words) -> String {
    words.say(
        "document-citation",
        &[("document", &n.clause.document), ("citation", &citation_text(&n.clause.citation, words))],
    )
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

/// When it began, and when it ended if it has.
fn since(notice: &Notice, zone: &TimeZone) -> String {
    let began = moment(notice.started_at, zone);
    notice.resolved_at.map_or(began.clone(), |end| format!("{began} – {}", moment(end, zone)))
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
