//! The hot parts one by one, on the simulated office: what `benches/hot.rs` measures.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use ingest::{Decoder, Routes};
use model::{Reading, Series, Span};
use rules::Engine;
use sensors_sim::{Event, Format};

use super::{
    office::{self, HOUR_MS, Office, START},
    pipeline::{decoded, head, packs},
    scale,
};
use crate::{
    history::block::{self, Point},
    series::line,
};

/// Wire formats that are decoded, by name.
pub const FORMATS: [(&str, Format); 4] = [
    ("senml", Format::Senml),
    ("chirpstack-v4", Format::ChirpstackV4),
    ("tts-v3", Format::TtsV3),
    ("zigbee2mqtt", Format::Zigbee2mqtt),
];

/// Messages of one format with what decodes them.
#[derive(Debug)]
pub struct Decoding {
    decoder: Decoder,
    events: Vec<Event>,
}

impl Decoding {
    /// Of a format.
    #[must_use]
    pub fn of(format: Format) -> Self {
        Self { decoder: Decoder::new(Routes::defaults()), events: packs(format) }
    }

    /// Decodes all of them once; returns how many readings that gave.
    pub fn run(&mut self) -> u64 {
        decoded(&mut self.decoder, &self.events)
    }
}

/// Some hours of the office as readings, and an engine that has seen the hours before.
#[derive(Debug)]
pub struct Hours {
    readings: Vec<Reading>,
    engine: Engine,
    heads: HashMap<Series, String>,
    blocks: Vec<(i64, Vec<Point>)>,
}

impl Hours {
    /// Of a working day.
    ///
    /// # Errors
    /// When the simulated office cannot be made.
    pub fn new() -> anyhow::Result<Self> {
        let office = Office::new()?;
        let from = START.plus_ms(8 * HOUR_MS);
        let to = from.plus_ms(4 * HOUR_MS);
        let mut engine = Engine::new(Arc::clone(&office.register), &office.clauses, scale::options());
        let mut outputs = Vec::new();
        for reading in office::readings(&office, Span::new(START, from)) {
            engine.observe(&reading, &mut outputs);
            outputs.clear();
        }
        let readings = office::readings(&office, Span::new(from, to));
        let mut heads = HashMap::new();
        let mut hours: BTreeMap<(&Series, i64), Vec<Point>> = BTreeMap::new();
        for reading in &readings {
            heads.entry(reading.series.clone()).or_insert_with(|| head(&office, &reading.series));
            let at = reading.time.millis();
            let point = Point { at, value: reading.value, flags: 0 };
            hours.entry((&reading.series, at - at.rem_euclid(HOUR_MS))).or_default().push(point);
        }
        let blocks = hours.into_iter().map(|((_, from), points)| (from, points)).collect();
        Ok(Self { readings, engine, heads, blocks })
    }

    /// How many readings there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.readings.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }

    /// The engine before those hours.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// Takes all readings; returns how much the engine said.
    pub fn take(&self, engine: &mut Engine) -> usize {
        let (mut outputs, mut said) = (Vec::new(), 0);
        for reading in &self.readings {
            engine.observe(reading, &mut outputs);
            said += outputs.len();
            outputs.clear();
        }
        said
    }

    /// Writes all readings as lines for the time-series server; returns the bytes.
    #[must_use]
    pub fn lines(&self) -> usize {
        let mut body = String::with_capacity(64 * self.readings.len());
        for reading in &self.readings {
            let head = self.heads.get(&reading.series).map_or("", String::as_str);
            line::push_reading(&mut body, head, reading);
        }
        body.len()
    }

    /// Packs all readings into the blocks of the history; returns the bytes.
    #[must_use]
    pub fn encode(&self) -> usize {
        self.blocks.iter().map(|(from, points)| block::encode(points, *from).len()).sum()
    }

    /// The blocks of [`Self::encode`], each with the start of its hour, ms since 1970.
    #[must_use]
    pub fn encoded(&self) -> Vec<(i64, Vec<u8>)> {
        self.blocks.iter().map(|(from, points)| (*from, block::encode(points, *from))).collect()
    }

    /// Unpacks blocks; returns the readings in them.
    #[must_use]
    pub fn decode(blocks: &[(i64, Vec<u8>)]) -> usize {
        blocks.iter().filter_map(|(from, body)| block::decode(body, *from)).map(|points| points.len()).sum()
    }
}
