//! Made offices of any size: buildings of 250 rooms, a sensor of four quantities in each.

use std::{collections::BTreeMap, fmt::Write, sync::Arc, time::Duration};

use model::{Id, Quantity, Reading, Register, Series};
use rules::{Engine, EngineOptions, LiveClause, Output};
use tokio::time::Instant;

use super::{
    office::{self, START},
    progress::Progress,
    system::{available, number, worked},
};
use crate::pipeline::{held_ms, pieces::set_up};

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
        let time = START.plus_ms(i64::from(step) * INTERVAL_MS);
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
    set_up(Arc::clone(register), clauses, options())
}

/// What judging came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Judged {
    /// Nanoseconds per reading.
    pub(super) ns: f64,
    pub(super) readings: u64,
    pub(super) verdicts: u64,
    /// Steps that were judged: fewer than asked for where they took too long.
    pub(super) steps: u32,
}

/// How long one size may be judged.
const LONGEST: Duration = Duration::from_secs(300);

/// Judges the steps given.
pub(super) fn judge(
    engine: &mut Engine,
    sensors: &Sensors,
    steps: std::ops::Range<u32>,
    progress: &mut Progress<'_>,
) -> Judged {
    let begun = Instant::now();
    let (mut secs, mut judged) = (0.0, Judged::default());
    let mut outputs: Vec<Output> = Vec::new();
    let all = steps.len();
    for step in steps {
        if begun.elapsed() > LONGEST {
            break;
        }
        progress.at(format_args!("step {} of {all}", judged.steps + 1));
        // Made beforehand: only the engine is timed.
        let readings: Vec<Reading> = sensors.readings(step).collect();
        let (took, ()) = worked(|| {
            for reading in &readings {
                engine.observe(reading, &mut outputs);
                judged.verdicts += outputs.len() as u64;
                outputs.clear();
            }
        });
        secs += took;
        judged.readings += readings.len() as u64;
        judged.steps += 1;
    }
    judged.ns = secs * 1e9 / number(judged.readings.max(1));
    judged
}

/// Bytes that a series may need while it is measured: register, engine, and a checkpoint beside them.
const ROOM: u64 = 8 << 10;

/// Whether so many series have room in memory; else why they are not measured.
pub(super) fn room_for(series: usize) -> Result<(), String> {
    const GIB: f64 = 1_073_741_824.0;
    let needed = series as u64 * ROOM;
    match available() {
        Some(free) if free < needed => {
            let (needed, free) = (number(needed) / GIB, number(free) / GIB);
            Err(format!(
                "{series} series are not measured: {needed:.1} GiB of memory may be needed, {free:.1} are free"
            ))
        }
        _ => Ok(()),
    }
}
