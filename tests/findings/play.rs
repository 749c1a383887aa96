//! A scenario sent through decoder, quality stage and engine, as the service does it.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use ingest::{
    Decoded, Decoder, Message, RawReading, Routes,
    quality::{Arrival, Binding, Quality, settle},
};
use model::{Instant, Reading, Register, Span};
use rules::{Alert, Catalogue, Engine, EngineOptions, Output, RegisterChecks, Transition, Verdict};
use sensors_sim::{Event, Scenario};

pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

pub(crate) fn days(from: Instant, count: i64) -> Span {
    Span::new(from, from.plus_ms(count * DAY))
}

/// What the engine said.
#[derive(Default)]
pub(crate) struct Played {
    /// Pending and firing at the end.
    pub(crate) alerts: Vec<Alert>,
    /// Of the run and of the past that was played before it.
    pub(crate) transitions: Vec<Transition>,
    /// Those about the sensors themselves, silent or stuck: no findings of rooms.
    pub(crate) devices: Vec<Transition>,
    /// The last revision of every window that ends inside the run or the past.
    pub(crate) verdicts: BTreeMap<(String, String, Instant), Arc<Verdict>>,
    /// Sensors on the wire that the register does not know.
    pub(crate) unknown: HashSet<String>,
}

/// The way from a message to the engine: each message once, each reading settled and marked.
pub(crate) struct Intake {
    register: Arc<Register>,
    decoder: Decoder,
    quality: Quality,
    seen: HashSet<String>,
    unknown: HashSet<String>,
}

impl Intake {
    pub(crate) fn new(register: Arc<Register>) -> Self {
        let decoder = Decoder::new(Routes::defaults());
        Self { register, decoder, quality: Quality::new(), seen: HashSet::new(), unknown: HashSet::new() }
    }

    /// What a message says that was not said before.
    pub(crate) fn decode(&mut self, event: &Event) -> Vec<RawReading> {
        let message = Message {
            topic: &event.topic,
            payload: &event.payload,
            retained: event.retain,
            received_at: Some(event.time),
        };
        let outcome = self.decoder.decode_message(&message);
        if outcome.dedup_key.is_some_and(|key| !self.seen.insert(key)) {
            return Vec::new();
        }
        match outcome.result {
            Ok(Decoded::Readings(readings)) => readings,
            Ok(Decoded::Ignored(_)) => Vec::new(),
            Err(error) => panic!("{}: {error:?}", event.topic),
        }
    }

    fn readings(&mut self, event: &Event) -> Vec<Reading> {
        let raw = self.decode(event);
        raw.into_iter().filter_map(|raw| self.settled(raw, event.time)).collect()
    }

    fn settled(&mut self, raw: RawReading, arrival: Instant) -> Option<Reading> {
        let rows = self.register.sensors.get(&raw.sensor);
        let row = rows.and_then(|rows| rows.rows().find(|row| row.span.contains(arrival)));
        if row.is_none() && !self.register.knows_sensor(&raw.sensor) {
            self.unknown.insert(raw.sensor.to_string());
        }
        let binding = row.map(|row| Binding { sensor: &row.value, from: Some(row.span.from) });
        let reporting = row.map(|row| row.value.reporting);
        let mut reading = settle(raw, Arrival::Live(arrival), binding).ok()?;
        self.quality.mark(&mut reading, reporting);
        Some(reading)
    }
}

/// Plays the past that a scenario backfills (if any) and then a run, under the register that fits it.
pub(crate) fn play(scenario: &Scenario, past: Option<Span>, run: Span) -> Played {
    play_with(scenario, &scenario.register_files(), past, run)
}

/// Like [`play`], under a register that somebody has edited.
pub(crate) fn play_with(scenario: &Scenario, files: &Files, past: Option<Span>, run: Span) -> Played {
    let mut desk = Desk::new(files);
    desk.take(past.into_iter().flat_map(|past| scenario.backfill(past)));
    desk.listening = Some(run.from);
    desk.take(scenario.events(Span::new(run.from, run.to.plus_ms(AFTER_MS))));
    desk.end(run.to.plus_ms(AFTER_MS))
}

/// Like [`play`], with a register that is edited at `cut`: the engine starts anew and takes up what it had saved.
pub(crate) fn play_edited(scenario: &Scenario, edited: &Files, run: Span, cut: Instant) -> Played {
    let mut desk = Desk::new(&scenario.register_files());
    desk.listening = Some(run.from);
    desk.take(scenario.events(Span::new(run.from, cut)));
    let mut desk = desk.reload(edited);
    desk.take(scenario.events(Span::new(cut, run.to.plus_ms(AFTER_MS))));
    desk.end(run.to.plus_ms(AFTER_MS))
}

/// The files of a register by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// How long after a run the events go on, so that its last hour, day and week are judged.
const AFTER_MS: i64 = 2 * HOUR;

/// The judge of the service, without its disk.
struct Desk {
    engine: Engine,
    checks: RegisterChecks,
    intake: Intake,
    outputs: Vec<Output>,
    /// Since when it listens, once it does: what is backfilled proves no silence.
    listening: Option<Instant>,
    ticked: Instant,
    played: Played,
}

impl Desk {
    fn new(files: &Files) -> Self {
        let register = Arc::new(Register::load(files).unwrap_or_else(|problems| panic!("{problems:?}")));
        let live = Catalogue::builtin().unwrap().live(&register);
        let options = EngineOptions { listening_is_told: true, ..EngineOptions::default() };
        Self {
            engine: Engine::new(Arc::clone(&register), &live, options),
            checks: RegisterChecks::new(Arc::clone(&register), &live),
            intake: Intake::new(register),
            outputs: Vec::new(),
            listening: None,
            ticked: Instant::MIN,
            played: Played::default(),
        }
    }

    fn reload(mut self, files: &Files) -> Self {
        let mut desk = Self::new(files);
        for (key, saved) in self.engine.take_changed() {
            desk.engine.restore(&key, saved);
        }
        if let Some(saved) = self.checks.take_changed() {
            desk.checks.restore(saved);
        }
        let register = Arc::clone(&desk.intake.register);
        desk.intake = Intake { register, ..self.intake };
        (desk.played, desk.listening, desk.ticked) = (self.played, self.listening, self.ticked);
        desk
    }

    fn take(&mut self, events: impl Iterator<Item = Event>) {
        for event in events {
            for reading in self.intake.readings(&event) {
                self.engine.observe(&reading, &mut self.outputs);
            }
            self.tick(event.time);
            if let Some(now) = self.engine.event_time() {
                self.checks.advance(now, &mut self.outputs);
            }
            self.played.take(&mut self.outputs);
        }
    }

    /// As the service does, some minutes behind the wall clock.
    fn tick(&mut self, now: Instant) {
        const LAG_MS: i64 = 120_000;
        if let Some(since) = self.listening.filter(|_| now.since(self.ticked) >= LAG_MS) {
            self.engine.advance_listening(now.plus_ms(-LAG_MS), since, &mut self.outputs);
            self.ticked = now;
        }
    }

    fn end(mut self, to: Instant) -> Played {
        self.engine.advance(to, &mut self.outputs);
        self.checks.advance(to, &mut self.outputs);
        self.played.take(&mut self.outputs);
        self.played.alerts = self.engine.alerts().into_iter().filter(|alert| !is_of_devices(alert)).collect();
        self.played.unknown = self.intake.unknown;
        self.played
    }
}

fn is_of_devices(alert: &Alert) -> bool {
    alert.verdict.clause.measure.is_of_devices()
}

impl Played {
    fn take(&mut self, outputs: &mut Vec<Output>) {
        for output in outputs.drain(..) {
            match output {
                Output::Transition(transition) if is_of_devices(&transition.alert) => {
                    self.devices.push(*transition);
                }
                Output::Transition(transition) => self.transitions.push(*transition),
                Output::Verdict(verdict) => {
                    let key =
                        (verdict.clause.id.clone(), verdict.subject.id().to_string(), verdict.window.from);
                    self.verdicts.insert(key, verdict);
                }
            }
        }
    }
}
