//! Made offices of any size: buildings of 250 rooms, a sensor of four quantities in each.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use model::{Id, Instant, Quantity, Reading, Register, Series};
use rules::{Engine, EngineOptions, LiveClause, Output};

use super::{
    office::{self, START},
    system::{number, worked},
};
use crate::pipeline::held_ms;

const ROOMS: usize = 250;
/// Between two readings of a series.
const INTERVAL_MS: i64 = 600_000;
/// What each sensor publishes.
const QUANTITIES: [Quantity; 4] =
    [Quantity::Co2, Quantity::Temperature, Quantity::Humidity, Quantity::Occupied];

/// A register of so many series, judged by the packs named.
pub(super) fn register(series: usize, packs: &[&str]) -> anyhow::Result<Arc<Register>> {
    Ok(Arc::new(office::register(&files(series, packs)?)?))
}

/// The files of such a register.
pub(super) fn files(series: usize, packs: &[&str]) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut places = "place,kind,parent,use,usable_area_m2,capacity\ns,site,,,,\n".to_owned();
    let mut sensors = "sensor,place,interval_s\n".to_owned();
    for room in 0..series.div_ceil(QUANTITIES.len()) {
        let building = room / ROOMS;
        if room % ROOMS == 0 {
            writeln!(places, "b{building},building,s,,,")?;
        }
        writeln!(places, "r{room},room,b{building},office,24,3")?;
        writeln!(sensors, "n{room},r{room},600")?;
    }
    let settings = format!("id = \"s\"\ntime_zone = \"Asia/Shanghai\"\npacks = {packs:?}\n");
    let files = [("register.toml", settings), ("places.csv", places), ("sensors.csv", sensors)];
    Ok(files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect())
}

/// The series of a register made here.
#[derive(Debug)]
pub(super) struct Sensors(Vec<Id>);

impl Sensors {
    pub(super) fn of(register: &Register) -> Self {
        Self(register.sensors.keys().cloned().collect())
    }

    /// What all of them say at the `step`th instant, as messages bring it.
    fn readings(&self, step: u32) -> impl Iterator<Item = Reading> + '_ {
        let time: Instant = START.plus_ms(i64::from(step) * INTERVAL_MS);
        self.0.iter().zip(0_u32..).flat_map(move |(sensor, n)| {
            let wave = f64::from((n + step * 7) % 50);
            let values =
                [500.0 + wave * 12.0, 20.0 + wave / 10.0, 40.0 + wave / 5.0, f64::from((n + step) % 2)];
            let reading = move |(quantity, value)| {
                let series = Series { sensor: sensor.clone(), quantity, channel: None };
                Reading::new(series, time, value)
            };
            QUANTITIES.into_iter().zip(values).filter_map(reading)
        })
    }
}

/// How a service runs its engine, with a long history behind it.
pub(super) fn options() -> EngineOptions {
    EngineOptions { held_ms: held_ms(i64::MAX), ..EngineOptions::default() }
}

/// An engine for some clauses.
pub(super) fn engine(register: &Arc<Register>, clauses: &[LiveClause]) -> Engine {
    Engine::new(Arc::clone(register), clauses, options())
}

/// Nanoseconds per reading of the steps given, and how many verdicts came of them.
pub(super) fn judge(engine: &mut Engine, sensors: &Sensors, steps: std::ops::Range<u32>) -> (f64, u64) {
    let (mut secs, mut count, mut verdicts) = (0.0, 0_u64, 0_u64);
    let mut outputs: Vec<Output> = Vec::new();
    for step in steps {
        // Made beforehand: only the engine is timed.
        let readings: Vec<Reading> = sensors.readings(step).collect();
        let (took, ()) = worked(|| {
            for reading in &readings {
                engine.observe(reading, &mut outputs);
                verdicts += outputs.len() as u64;
                outputs.clear();
            }
        });
        secs += took;
        count += readings.len() as u64;
    }
    (secs * 1e9 / number(count), verdicts)
}
