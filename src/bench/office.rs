//! The simulated office that is measured with: its register, its clauses, its readings and messages.

use std::{collections::HashSet, sync::Arc};

use ingest::{
    Decoded, Decoder, Message, RawReading, Routes,
    quality::{Arrival, Binding, Quality, settle},
};
use model::{Flags, Instant, Reading, Register, Span};
use rules::{Catalogue, LiveClause};
use sensors_sim::{Event, Scenario};

/// Monday 2026-03-02 in Shanghai.
pub(super) const START: Instant = Instant::from_millis(1_772_380_800_000);
pub(super) const HOUR_MS: i64 = 3_600_000;
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;

/// The office of the demo.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) scenario: Scenario,
    pub(super) register: Arc<Register>,
    pub(super) clauses: Vec<LiveClause>,
}

impl Office {
    pub(super) fn new() -> anyhow::Result<Self> {
        let scenario = Scenario::demo(START)?;
        let register = register(&scenario.register_files())?;
        let catalogue = catalogue(&[])?;
        let clauses = catalogue.live(&register);
        Ok(Self { scenario, register: Arc::new(register), clauses })
    }

    /// Readings as decoders give them.
    pub(super) fn raw(&self, span: Span) -> Vec<RawReading> {
        let raw = self.scenario.rows(span).map(|row| RawReading {
            sensor: row.sensor,
            quantity: row.quantity,
            channel: None,
            value: row.value,
            time: Some(row.time),
            flags: Flags::NONE,
        });
        raw.collect()
    }

    /// The first `count` messages from `from` on that carry readings, none twice; and how many readings that is.
    pub(super) fn messages(&self, from: Instant, count: usize) -> (Vec<Event>, u64) {
        let mut decoder = Decoder::new(Routes::defaults());
        let mut seen = HashSet::new();
        let mut readings = 0;
        let events = self.scenario.events(Span::new(from, Instant::MAX)).filter(|event| {
            let said = decoder.decode_message(&wire(event));
            let is_new = said.dedup_key.is_none_or(|key| seen.insert(key));
            match said.result {
                Ok(Decoded::Readings(found)) if is_new => {
                    readings += found.len() as u64;
                    true
                }
                _ => false,
            }
        });
        let events = events.take(count).collect();
        (events, readings)
    }
}

/// Readings as the intake hands them on.
pub(super) fn readings(office: &Office, span: Span) -> Vec<Reading> {
    let mut quality = Quality::new();
    let raw = office.raw(span).into_iter();
    raw.filter_map(|raw| settled(raw, &office.register, &mut quality)).collect()
}

/// An event as the decoder takes it.
pub(super) fn wire(event: &Event) -> Message<'_> {
    Message {
        topic: &event.topic,
        payload: &event.payload,
        retained: event.retain,
        received_at: Some(event.time),
    }
}

/// The quality stage of the intake: the register's row, the time settled, the marks.
pub(super) fn settled(raw: RawReading, register: &Register, quality: &mut Quality) -> Option<Reading> {
    let at = raw.time?;
    let rows = register.sensors.get(&raw.sensor);
    let row = rows.and_then(|rows| rows.rows().find(|row| row.span.contains(at)));
    let binding = row.map(|row| Binding { sensor: &row.value, from: Some(row.span.from) });
    let reporting = row.map(|row| row.value.reporting);
    let mut reading = settle(raw, Arrival::Live(at), binding).ok()?;
    quality.mark(&mut reading, reporting);
    Some(reading)
}

/// The register of some files.
pub(super) fn register(files: &std::collections::BTreeMap<String, Vec<u8>>) -> anyhow::Result<Register> {
    Register::load(files).map_err(|problems| anyhow::anyhow!("the made register: {problems:?}"))
}

/// The built-in packs and some more, as name and text.
pub(super) fn catalogue(packs: &[(String, String)]) -> anyhow::Result<Catalogue> {
    Catalogue::load(packs, None).map_err(|problems| anyhow::anyhow!("the made pack: {problems:?}"))
}
