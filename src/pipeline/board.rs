//! The board: the newest of everything, from which the snapshot for pages is copied.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use model::{Flags, Id, Instant, Reading, Register, Series};
use rules::{AlertState, Engine, LiveClause, RegisterChecks, Verdict};

use super::{record::view_of, unknown::Unknown, usage::Usage};
use crate::view::{AlertView, Figure, Latest, PlaceView, Presence, Snapshot};

/// Resolved alerts that stay in view.
const RESOLVED_IN_VIEW: usize = 500;
/// Event time that has not moved for this long stands still.
const STANDS_STILL: Duration = Duration::from_secs(10);

/// The newest of everything that pages show.
#[derive(Debug)]
pub(super) struct Board {
    register: Arc<Register>,
    unknown: Unknown,
    latest: BTreeMap<Series, (f64, Instant, Flags)>,
    verdicts: BTreeMap<(Id, String), Arc<Verdict>>,
    /// Resolved alerts, oldest first.
    resolved: Vec<Arc<AlertView>>,
    usage: Usage,
    /// Event time of the newest copy, and when it last moved on.
    moved: Option<(Instant, tokio::time::Instant)>,
}

impl Board {
    pub(super) fn new(register: Arc<Register>, unknown: Unknown) -> Self {
        Self {
            register,
            unknown,
            latest: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            resolved: Vec::new(),
            usage: Usage::default(),
            moved: None,
        }
    }

    /// Goes on with another register; verdicts of what is judged no more leave the view.
    pub(super) fn rebind(&mut self, register: &Arc<Register>, clauses: &[LiveClause]) {
        self.register = Arc::clone(register);
        let judged: BTreeSet<&str> = clauses.iter().map(|live| live.clause.id.as_str()).collect();
        let is_known = |id: &Id| register.places.contains_key(id) || register.bodies.contains_key(id);
        self.verdicts.retain(|(id, clause), _| judged.contains(clause.as_str()) && is_known(id));
        self.unknown.forget(register);
        self.usage = Usage::default();
    }

    pub(super) fn read(&mut self, reading: &Reading) {
        match self.latest.get_mut(&reading.series) {
            Some(held) if held.1 <= reading.time => *held = (reading.value, reading.time, reading.flags),
            Some(_) => {}
            None => {
                let newest = (reading.value, reading.time, reading.flags);
                self.latest.insert(reading.series.clone(), newest);
            }
        }
    }

    pub(super) fn judged(&mut self, verdict: &Arc<Verdict>) {
        let key = (verdict.subject.id().clone(), verdict.clause.id.clone());
        match self.verdicts.get(&key) {
            Some(held) if held.window.from > verdict.window.from => {}
            _ => {
                self.verdicts.insert(key, Arc::clone(verdict));
            }
        }
    }

    /// What was said of the newest window of a check since the start.
    pub(super) fn newest(&self, subject: &Id, clause: &str) -> Option<&Verdict> {
        self.verdicts.get(&(subject.clone(), clause.to_owned())).map(Arc::as_ref)
    }

    pub(super) fn resolved(&mut self, alert: AlertView) {
        self.resolved.retain(|held| held.id != alert.id);
        self.resolved.push(Arc::new(alert));
        let surplus = self.resolved.len().saturating_sub(RESOLVED_IN_VIEW);
        self.resolved.drain(..surplus);
    }

    /// A copy for pages; counts and links are the caller's to add.
    pub(super) fn snapshot(
        &mut self,
        engine: &Engine,
        register_checks: &RegisterChecks,
        now: Instant,
    ) -> Snapshot {
        let mut live: Vec<AlertView> =
            engine.alerts().into_iter().chain(register_checks.alerts()).map(view_of).collect();
        live.sort_by_key(|alert| std::cmp::Reverse(alert.started_at));
        self.usage.follow(engine);
        let is_moving = self.is_moving(engine.event_time());
        let mut places = self.places(now);
        for alert in live.iter().filter(|a| a.state == AlertState::Firing) {
            if let Some(place) = places.get_mut(&alert.place) {
                place.firing += 1;
            }
        }
        // The intake may have met one again just before it took up the register that knows it.
        self.unknown.forget(&self.register);
        let (unknown_sensors, misunderstood, unlisted) = self.unknown.list();
        let alerts = live.into_iter().map(Arc::new).chain(self.resolved.iter().rev().cloned()).collect();
        Snapshot {
            event_time: engine.event_time(),
            now: Some(now),
            is_moving,
            places,
            presence: presences(engine),
            alerts,
            verdicts: self.verdicts.values().cloned().collect(),
            unknown_sensors,
            misunderstood,
            unlisted,
            ..Snapshot::default()
        }
    }

    fn is_moving(&mut self, event_time: Option<Instant>) -> bool {
        let Some(to) = event_time else { return false };
        let since = match self.moved {
            Some((held, since)) if held == to => since,
            _ => tokio::time::Instant::now(),
        };
        self.moved = Some((to, since));
        since.elapsed() < STANDS_STILL
    }

    fn places(&self, now: Instant) -> BTreeMap<Id, PlaceView> {
        let rows = self.register.places.iter();
        let mut places: BTreeMap<Id, PlaceView> = rows
            .filter_map(|(id, history)| Some((id, history.at(now)?)))
            .map(|(id, place)| {
                let view = PlaceView {
                    place: id.clone(),
                    kind: place.kind,
                    parent: place.parent.clone(),
                    label: place.label.clone(),
                    room_use: place.room_use,
                    body: self.register.body_of(id, now).map(|body| body.id.clone()),
                    usable_area_m2: place.usable_area_m2,
                    floor_area_m2: place.floor_area_m2,
                    capacity: place.capacity,
                    latest: Vec::new(),
                    figures: Vec::new(),
                    firing: 0,
                };
                (id.clone(), view)
            })
            .collect();
        for (series, newest) in &self.latest {
            let place = self.register.place_of_sensor(&series.sensor, now);
            if let Some(view) = place.and_then(|id| places.get_mut(id)) {
                view.latest.push(Latest::new(series, *newest));
            }
        }
        for verdict in self.verdicts.values() {
            if let Some(view) = places.get_mut(verdict.subject.id()) {
                let figure = figure_of(verdict);
                // Several clauses may judge one figure; it is shown once.
                if !view.figures.contains(&figure) {
                    view.figures.push(figure);
                }
            }
        }
        for (id, figures) in self.usage.figures() {
            if let Some(view) = places.get_mut(id) {
                view.figures.extend_from_slice(figures);
            }
        }
        places
    }
}

fn presences(engine: &Engine) -> BTreeMap<Id, Presence> {
    let seen = engine.presences().into_iter().map(|(id, seen)| {
        let occupied = seen.map(|seen| seen.is_occupied);
        (id, Presence { occupied, people: seen.and_then(|seen| seen.people), since: None })
    });
    seen.collect()
}

fn figure_of(verdict: &Verdict) -> Figure {
    Figure {
        measure: verdict.clause.measure.name(),
        period: verdict.clause.period,
        from: verdict.window.from,
        to: verdict.window.to,
        value: verdict.value,
        unit: verdict.clause.limit.unit.clone(),
        coverage: verdict.coverage,
    }
}
