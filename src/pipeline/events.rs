//! What charts mark: limits that come into force or move, meters that were changed, another register.
//!
//! Each event is told once, at its own instant: it stands in the state under its instant, kind and title.

use std::{collections::BTreeMap, fmt::Write as _};

use model::{Id, Instant, Period, PlaceKind, Register, Span, register::MeterEvent};
use rules::{Bound, Clause, LiveClause};

use super::judge::Judge;
use crate::{
    rulebook::Rulebook,
    series::{
        PlaceTags,
        line::{self, EventKind, EventLine},
    },
    state::EventRow,
};

/// Clauses, places or sensors that one event names.
const MOST_NAMED: usize = 20;

/// An event before it has tags.
struct Event {
    at: Instant,
    kind: EventKind,
    place: Option<Id>,
    title: String,
    text: String,
}

impl Judge {
    /// Tells what has come into force and what has happened to meters, once event time has passed a local
    /// midnight.
    pub(super) fn mark_day(&mut self) {
        let Some(now) = self.engine.event_time() else { return };
        let calendar = &self.parts.rulebook.register.calendar;
        let Some(marked) = self.marked_to else {
            // What was before the first reading is no news.
            self.set_marked(calendar.window(Period::Day, now).from);
            return;
        };
        if now < self.next_mark {
            return;
        }
        let midnight = calendar.window(Period::Day, now).from;
        let book = std::sync::Arc::clone(&self.parts.rulebook);
        let passed = Span::new(marked.plus_ms(1), midnight.plus_ms(1));
        let mut events = editions(&book.catalogue.live(&book.register), passed);
        events.extend(
            book.register
                .meter_events
                .iter()
                .filter(|e| passed.contains(e.time))
                .map(|e| of_meter(&book.register, e)),
        );
        self.mark(&book.register, events);
        self.set_marked(midnight);
    }

    /// Up to where events have been told; taken up from a checkpoint, too.
    pub(super) fn set_marked(&mut self, to: Instant) {
        self.marked_to = Some(to);
        self.fresh.marked_to = Some(to);
        self.next_mark = self.parts.rulebook.register.calendar.window(Period::Day, to).to;
    }

    /// Tells what another rulebook changes, at the wall time `now` at which it was read.
    pub(super) fn mark_change(&mut self, before: &Rulebook, now: Instant) {
        let book = std::sync::Arc::clone(&self.parts.rulebook);
        let mut events = Vec::new();
        let (old, new) = (before.catalogue.live(&before.register), book.catalogue.live(&book.register));
        events.extend(moved(&old, &new).map(|text| Event {
            at: now,
            kind: EventKind::Limit,
            place: None,
            title: "Limits changed".to_owned(),
            text,
        }));
        events.extend(differences(&before.register, &book.register).map(|text| Event {
            at: now,
            kind: EventKind::Register,
            place: None,
            title: "Register changed".to_owned(),
            text,
        }));
        // What happened to a meter is often written down afterwards; what is to come waits for its day.
        let Some(marked) = self.marked_to else { return self.mark(&book.register, events) };
        let is_new = |e: &&MeterEvent| e.time <= marked && !before.register.meter_events.contains(e);
        events.extend(book.register.meter_events.iter().filter(is_new).map(|e| of_meter(&book.register, e)));
        self.mark(&book.register, events);
    }

    fn mark(&mut self, register: &Register, events: Vec<Event>) {
        for event in events {
            let tags = match &event.place {
                Some(place) => PlaceTags::of(register, place, event.at),
                None => PlaceTags { site: only_site(register, event.at), ..PlaceTags::default() },
            };
            if self.parts.has_series {
                self.fresh.lines.push(line::event(&EventLine {
                    kind: event.kind,
                    place: event.place.as_ref(),
                    tags: &tags,
                    title: &event.title,
                    text: &event.text,
                    at: event.at,
                }));
            }
            self.fresh.events.push(EventRow {
                at: event.at,
                kind: event.kind.name().to_owned(),
                place: event.place.map_or_else(String::new, |place| place.to_string()),
                title: event.title,
                text: event.text,
            });
        }
    }
}

/// The site, where there is one and no other.
fn only_site(register: &Register, at: Instant) -> Option<Id> {
    let mut sites = register.places.iter().filter(|(_, rows)| {
        rows.at(at).or_else(|| rows.last()).is_some_and(|place| place.kind == PlaceKind::Site)
    });
    let (id, _) = sites.next()?;
    sites.next().is_none().then(|| id.clone())
}

/// Editions that begin or end inside `passed`: one event for each instant.
fn editions(clauses: &[LiveClause], passed: Span) -> Vec<Event> {
    let mut by_instant: BTreeMap<Instant, (Vec<String>, Vec<String>)> = BTreeMap::new();
    let mut names: BTreeMap<Instant, Vec<String>> = BTreeMap::new();
    for live in clauses {
        let clause = &live.clause;
        for (at, is_begin) in [(live.in_force.from, true), (live.in_force.to, false)] {
            if !passed.contains(at) {
                continue;
            }
            let (begun, ended) = by_instant.entry(at).or_default();
            if is_begin {
                begun.push(limit_of(clause));
                let names = names.entry(at).or_default();
                if !names.contains(&clause.document) {
                    names.push(clause.document.clone());
                }
            } else {
                ended.push(clause.id.clone());
            }
        }
    }
    let event = |(at, (begun, ended)): (Instant, (Vec<String>, Vec<String>))| {
        let names = names.get(&at).map(|names| names.join(", ")).unwrap_or_default();
        let title = if names.is_empty() {
            "Limits no longer in force".to_owned()
        } else {
            format!("In force: {names}")
        };
        let mut text = listed(&begun);
        if !ended.is_empty() {
            let _infallible = write!(text, "{}no longer: {}", separator(&text), listed(&ended));
        }
        Event { at, kind: EventKind::Limit, place: None, title, text }
    };
    by_instant.into_iter().map(event).collect()
}

fn of_meter(register: &Register, event: &MeterEvent) -> Event {
    let rows = register.meters.get(&event.sensor);
    let row = rows.and_then(|rows| rows.at(event.time).or_else(|| rows.last()));
    let number = |name: &str, value: Option<f64>| value.map_or_else(String::new, |v| format!(", {name} {v}"));
    let text = format!(
        "{}{}{}{}",
        event.sensor,
        number("old reading", event.old_reading),
        number("new reading", event.new_reading),
        number("multiplier", event.multiplier)
    );
    let title = format!("Meter {}: {}", event.sensor, event.kind.name());
    Event { at: event.time, kind: EventKind::Meter, place: row.map(|row| row.place.clone()), title, text }
}

/// What is judged differently from now on; nothing when that is nothing.
fn moved(old: &[LiveClause], new: &[LiveClause]) -> Option<String> {
    let by_id = |clauses: &[LiveClause]| -> BTreeMap<String, LiveClause> {
        clauses.iter().map(|live| (live.clause.id.clone(), live.clone())).collect()
    };
    let (old, new) = (by_id(old), by_id(new));
    let mut said = Vec::new();
    for (id, live) in &new {
        match old.get(id) {
            None => said.push(format!("{} is judged now", limit_of(&live.clause))),
            Some(before) if before.clause.limit != live.clause.limit => {
                said.push(format!("{} (before: {})", limit_of(&live.clause), bounds(&before.clause)));
            }
            Some(_) => {}
        }
    }
    let gone = old.keys().filter(|id| !new.contains_key(*id));
    said.extend(gone.map(|id| format!("{id} is judged no more")));
    (!said.is_empty()).then(|| listed(&said))
}

/// Places, sensors and meters that have come, gone or changed; nothing when none has.
fn differences(old: &Register, new: &Register) -> Option<String> {
    fn of<T: PartialEq>(what: &str, old: &BTreeMap<Id, T>, new: &BTreeMap<Id, T>, said: &mut Vec<String>) {
        let mut say = |word: &str, ids: Vec<&Id>| {
            if !ids.is_empty() {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                said.push(format!("{what} {word}: {}", listed(&ids)));
            }
        };
        say("added", new.keys().filter(|id| !old.contains_key(*id)).collect());
        say("removed", old.keys().filter(|id| !new.contains_key(*id)).collect());
        let changed = new.iter().filter(|(id, row)| old.get(*id).is_some_and(|held| held != *row));
        say("changed", changed.map(|(id, _)| id).collect());
    }
    let mut said = Vec::new();
    of("places", &old.places, &new.places, &mut said);
    of("sensors", &old.sensors, &new.sensors, &mut said);
    of("meters", &old.meters, &new.meters, &mut said);
    of("bodies", &old.bodies, &new.bodies, &mut said);
    of("posts", &old.posts, &new.posts, &mut said);
    (!said.is_empty()).then(|| said.join("; "))
}

fn limit_of(clause: &Clause) -> String {
    format!("{} {}", clause.id, bounds(clause))
}

fn bounds(clause: &Clause) -> String {
    let Bound { at_most, at_least } = clause.limit.fixed;
    let unit = &clause.limit.unit;
    match (at_least, at_most) {
        (Some(least), Some(most)) => format!("{least} to {most} {unit}"),
        (None, Some(most)) => format!("at most {most} {unit}"),
        (Some(least), None) => format!("at least {least} {unit}"),
        (None, None) => format!("by table, {unit}"),
    }
}

/// As many as an event has room for.
fn listed(all: &[String]) -> String {
    let shown: Vec<&str> = all.iter().take(MOST_NAMED).map(String::as_str).collect();
    let more = all.len() - shown.len();
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

const fn separator(text: &str) -> &'static str {
    if text.is_empty() { "" } else { "; " }
}
