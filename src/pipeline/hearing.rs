//! From the bytes of a message to what becomes of it: decode, settle, mark. Everything but its durability.

use std::sync::Arc;

use ingest::{
    DecodeError, Decoded, Decoder, ErrorKind, Format, Message as Wire, RawReading,
    quality::{Arrival, Binding, Quality, settle},
};
use model::{Flags, Id, Instant, Reading, Register, Series, TimeFrom, register::Reporting};
use tokio::sync::watch;

use super::{
    Diagnoses, Tallies, Unknown,
    came::Came,
    posts::{Post, Posted},
    twins::Twins,
    unknown::Via,
};
use crate::{
    access::Speaker,
    clock::Clock,
    devices,
    history::History,
    metrics::Metrics,
    spool::{Fate, Item, Message, MessageKey, Refusal},
};

/// How far back the history is read for the marks of a series, ms: longer than a sensor may stand still.
const RECALLED_MS: i64 = 48 * 3_600_000;

/// What a hearing is built from.
#[derive(Debug)]
pub struct HearingParts {
    /// Bytes to readings.
    pub decoder: Decoder,
    /// The register in force.
    pub registers: watch::Receiver<Arc<Register>>,
    /// Wall time: when a message arrived.
    pub clock: Clock,
    /// Sensors that nobody knows.
    pub unknown: Unknown,
    /// What is counted of the others.
    pub tallies: Tallies,
    /// What the quality stage remembers of earlier runs.
    pub history: History,
    /// What vendors are told about their messages.
    pub diagnoses: Diagnoses,
}

/// The one way from a message to readings, for the broker, HTTP and the quarantine.
#[derive(Debug)]
pub struct Hearing {
    parts: HearingParts,
    register: Arc<Register>,
    quality: Quality,
    twins: Twins,
}

impl Hearing {
    /// A hearing that has heard nothing yet.
    #[must_use]
    pub fn new(parts: HearingParts) -> Self {
        let register = Arc::clone(&parts.registers.borrow());
        Self { parts, register, quality: Quality::new(), twins: Twins::default() }
    }

    /// Takes up another register; what the decoder has learned from messages stays.
    pub(super) fn follow(&mut self) {
        if !self.parts.registers.has_changed().unwrap_or(false) {
            return;
        }
        self.register = Arc::clone(&self.parts.registers.borrow_and_update());
        self.parts.tallies.keep(&self.register);
        match devices::profiles(&self.register) {
            Ok(profiles) => self.parts.decoder.set_profiles(profiles),
            Err(problems) => tracing::error!(problems = problems.len(), "profiles stay as they were"),
        }
    }

    /// What becomes of a message, and what was wrong with one that is not kept.
    pub(super) fn understand(&mut self, came: &Came<'_>) -> (Message, Option<Refusal>) {
        let arrival = came.arrival.unwrap_or_else(|| self.parts.clock.now());
        let wire = Wire {
            topic: came.topic,
            payload: came.payload,
            retained: came.is_retained,
            received_at: Some(arrival),
        };
        let (format, result, key) = match came.format {
            Some(format) => (Some(format), self.parts.decoder.decode_as(format, &wire), None),
            None => {
                let outcome = self.parts.decoder.decode_message(&wire);
                if came.arrival.is_none() {
                    self.parts.diagnoses.note(&wire, &outcome, arrival);
                }
                (outcome.format, outcome.result, outcome.dedup_key)
            }
        };
        let via = Via { topic: came.topic, format, arrival, is_retained: came.is_retained };
        let foreign = self.foreign(&result, came.speaker, arrival);
        let fate = match result {
            Ok(Decoded::Readings(_)) if foreign.is_some() => Fate::Rejected,
            Ok(Decoded::Readings(raw)) => self.settled(raw, via, came),
            Ok(Decoded::Ignored(_)) => Fate::Ignored,
            Err(error) => {
                let speaker = came.speaker.and_then(Speaker::kept);
                let refusal = Refusal::of(error, came.topic, came.payload);
                Fate::Quarantined(Refusal { speaker, is_retained: came.is_retained, ..refusal })
            }
        };
        match &fate {
            Fate::Quarantined(refusal) if came.arrival.is_none() => {
                self.parts.unknown.failed(refusal, arrival);
            }
            Fate::Stored(_) => self.parts.unknown.understood(came.topic),
            Fate::Quarantined(_) | Fate::Ignored | Fate::Rejected => {}
        }
        let key = key.map(|key| MessageKey::of(key.as_bytes()));
        (Message { arrival, key, delivery: None, fate, replays: None }, foreign)
    }

    /// What is wrong where a message names a device for which its sender may not speak. Its bytes are not kept:
    /// nobody is to let it in later.
    fn foreign(
        &self,
        result: &Result<Decoded, DecodeError>,
        speaker: Option<&Speaker>,
        arrival: Instant,
    ) -> Option<Refusal> {
        let (Some(speaker), Ok(Decoded::Readings(raw))) = (speaker, result) else { return None };
        let foreign = raw.iter().find(|raw| !speaker.may(&self.register, &raw.sensor, arrival))?;
        let what = format!("this token may not speak for `{}`", foreign.sensor);
        Some(Refusal::of(DecodeError::at(ErrorKind::NotItsDevice, "sensor", what), "", &[]))
    }

    /// The same for what came over HTTP, and for what comes back from the quarantine: each goes to `items`, and
    /// to the result with its readings and what is wrong with it.
    pub(super) fn read_posts(
        &mut self,
        posts: Vec<Post>,
        metrics: &Metrics,
        items: &mut Vec<Item>,
    ) -> Vec<(Post, usize, Option<Refusal>)> {
        let mut read = Vec::with_capacity(posts.len());
        for post in posts {
            if !post.is_replay() {
                metrics.message_received();
            }
            let (mut message, foreign) = self.understand(&post.came());
            let (readings, error) = match &message.fate {
                Fate::Stored(readings) => (readings.len(), None),
                Fate::Quarantined(refusal) => (0, Some(refusal.clone())),
                Fate::Ignored | Fate::Rejected => (0, foreign),
            };
            if post.is_replay() && readings == 0 {
                // It stays where it is: only what can be stored leaves the quarantine.
                let outcome = message.fate.outcome();
                post.answer(Posted { outcome, readings, error });
                continue;
            }
            message.key = post.key();
            message.replays = post.replays();
            items.push(Item::Message(message));
            read.push((post, readings, error));
        }
        read
    }

    fn settled(&mut self, raw: Vec<RawReading>, via: Via<'_>, came: &Came<'_>) -> Fate {
        let mut readings: Vec<Reading> = Vec::with_capacity(raw.len());
        let is_live = came.arrival.is_none() && !came.is_retained;
        // Readings of one sensor stand together, but for the oddest of gateways: there it is counted per run.
        for of_one in raw.chunk_by(|a, b| a.sensor == b.sensor) {
            let Some(sensor) = of_one.first().map(|raw| &raw.sensor) else { continue };
            let first = readings.len();
            let stated = of_one.iter().filter_map(|raw| raw.time).max().filter(|_| is_live);
            self.settle_one(sensor, of_one, via, &mut readings);
            let settled = readings.get(first..).unwrap_or_default();
            if self.register.knows_sensor(sensor) {
                self.parts.tallies.heard(sensor, settled, via, stated);
            } else {
                self.parts.unknown.saw(sensor, via, settled);
            }
        }
        if readings.is_empty() { Fate::Rejected } else { Fate::Stored(readings) }
    }

    /// The readings of one sensor, with their times, corrections and marks.
    fn settle_one(&mut self, sensor: &Id, raw: &[RawReading], via: Via<'_>, readings: &mut Vec<Reading>) {
        let rows = self.register.sensors.get(sensor);
        let row_at = |at| rows.and_then(|rows| rows.rows().find(|row| row.span.contains(at)));
        let present = row_at(via.arrival);
        let reporting = present.map(|row| row.value.reporting);
        let first = readings.len();
        readings.extend(raw.iter().filter_map(|raw| {
            // What comes late from a device that has moved since is of the time, and the room, where it was.
            let earlier =
                raw.time.filter(|at| present.is_none_or(|row| *at < row.span.from)).and_then(row_at);
            let row = earlier.or(present);
            let binding = row.map(|row| Binding { sensor: &row.value, from: Some(row.span.from) });
            settle(raw.clone(), Arrival::Live(via.arrival), binding).ok()
        }));
        let own = readings.get_mut(first..).unwrap_or_default();
        self.twins.align(sensor, via.format.map(Format::name), own);
        for reading in own {
            self.recall(&reading.series, reporting);
            if via.is_retained {
                reading.flags = reading.flags.with(Flags::RETAINED);
            }
            if reading.flags.time_from() == Some(TimeFrom::Device)
                && let Some(format) = via.format
            {
                reading.flags = reading.flags.timed_by(format.time_from());
            }
            if let Some(from) = self.quality.mark(reading, reporting)
                && rolls_over(&self.register, reading, from)
            {
                reading.flags = reading.flags.without(Flags::COUNTER_RESET).with(Flags::ROLLOVER);
            }
        }
    }

    /// Before the first reading of a series since the start: what was observed before it. Marks must not
    /// depend on when the service was restarted.
    fn recall(&mut self, series: &Series, reporting: Option<Reporting>) {
        if self.quality.knows(series) {
            return;
        }
        match self.parts.history.newest(series, RECALLED_MS) {
            Ok(readings) => {
                for mut reading in readings {
                    self.quality.mark(&mut reading, reporting);
                }
            }
            Err(error) => tracing::error!(%error, sensor = %series.sensor, "the history cannot be read"),
        }
    }
}

/// Whether the register says that a counter which fell has begun again at its end.
fn rolls_over(register: &Register, reading: &Reading, from: f64) -> bool {
    let meter = register.meters.get(&reading.series.sensor).and_then(|rows| rows.at(reading.time));
    let end = meter.and_then(|meter| meter.rollover_at);
    end.is_some_and(|end| rules::is_rollover(end, from, reading.value))
}
