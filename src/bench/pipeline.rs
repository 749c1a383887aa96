//! The way of one reading on one core, stage by stage, against a bare parse of the same messages.

use std::{collections::HashMap, hint::black_box, sync::Arc};

use ingest::{Decoded, Decoder, Routes, quality::Quality};
use model::{Id, Quantity, Reading, Series, Span};
use rules::Engine;
use sensors_sim::{Event, Format, messages_for};

use super::{
    Options,
    office::{DAY_MS, HOUR_MS, Office, START, settled, wire},
    report::{Section, figure, ratio},
    scale,
    system::{number, quantile, timed, worked},
};
use crate::series::{PlaceTags, line};

/// Messages of a contest.
const MESSAGES: u32 = 2_000;

/// A wire format with what reads it, and what reads it barely.
type Contest = (&'static str, Format, fn(&[u8]) -> bool);

const CONTESTS: [Contest; 3] = [
    ("SenML pack", Format::Senml, super::parse::senml),
    ("ChirpStack v4 uplink", Format::ChirpstackV4, super::parse::chirpstack),
    ("zigbee2mqtt state", Format::Zigbee2mqtt, super::parse::zigbee2mqtt),
];

pub(super) fn measure(options: &Options) -> anyhow::Result<Section> {
    let mut section = Section::new("Pipeline: one core, per reading, against serde_json into a struct");
    let after = stages(options)?;
    let all_after: f64 = after.iter().map(|(_, ns)| ns).sum();
    for (name, format, parse) in CONTESTS {
        let (bare, decode, per_message) = contest(format, parse, options.pick(9, 25))?;
        section.row(
            format!("{name}: bare parse"),
            vec![figure("takes", bare, "ns/reading"), figure("carries", per_message, "readings")],
        );
        section.row(
            format!("{name}: decode"),
            vec![figure("takes", decode, "ns/reading"), ratio("of bare parse", decode, bare)],
        );
        section.row(
            format!("{name}: decode to line"),
            vec![
                figure("takes", decode + all_after, "ns/reading"),
                ratio("of bare parse", decode + all_after, bare),
            ],
        );
    }
    for (name, ns) in after {
        section.row(name, vec![figure("takes", ns, "ns/reading")]);
    }
    section.note("messages carry CO2, temperature, humidity and illuminance; the LoRaWAN and Zigbee ones a battery too");
    section.note("quality, engine and line are measured on the simulated office, whose day judges every hour by the default packs");
    Ok(section)
}

/// Nanoseconds per reading of a bare parse and of the decoder, in turns; and readings per message.
fn contest(format: Format, parse: fn(&[u8]) -> bool, rounds: usize) -> anyhow::Result<(f64, f64, f64)> {
    let events = packs(format);
    if !events.iter().all(|event| parse(&event.payload)) {
        anyhow::bail!("the struct for {format:?} does not fit what the simulator writes");
    }
    let mut decoder = Decoder::new(Routes::defaults());
    let readings = decoded(&mut decoder, &events);
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (secs, _) = timed(|| events.iter().filter(|event| parse(&event.payload)).count());
        bare.push(secs * 1e9 / number(readings));
        let (secs, _) = timed(|| black_box(decoded(&mut decoder, &events)));
        ours.push(secs * 1e9 / number(readings));
    }
    // The better fifth: what other programs take from either side does not count.
    Ok((quantile(&mut bare, 0.2), quantile(&mut ours, 0.2), number(readings) / f64::from(MESSAGES)))
}

pub(super) fn decoded(decoder: &mut Decoder, events: &[Event]) -> u64 {
    let count = |event| match decoder.decode_message(&wire(event)).result {
        Ok(Decoded::Readings(readings)) => black_box(readings).len() as u64,
        _ => 0,
    };
    events.iter().map(count).sum()
}

/// Messages of four quantities each.
pub(super) fn packs(format: Format) -> Vec<Event> {
    let rows = (0..MESSAGES).flat_map(|n| {
        let sensor = Id::fold(&format!("ambience-{:04}", n % 500));
        let time = START.plus_ms(i64::from(n) * 1000);
        let step = f64::from(n % 97) / 10.0;
        let values = [
            (Quantity::Co2, 420.0 + (step * 10.0).round()),
            (Quantity::Temperature, 18.0 + step),
            (Quantity::Humidity, 30.0 + step),
            (Quantity::Illuminance, 300.0 + (step * 10.0).round()),
        ];
        values.map(|(quantity, value)| sensors_sim::Row { time, sensor: sensor.clone(), quantity, value })
    });
    messages_for(rows, format).collect()
}

/// Nanoseconds per reading of what follows the decoder.
fn stages(options: &Options) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let office = Office::new()?;
    let mut quality = Quality::new();
    let mut engine = Engine::new(Arc::clone(&office.register), &office.clauses, scale::options());
    let mut heads: HashMap<Series, String> = HashMap::new();
    let mut samples = [Vec::new(), Vec::new(), Vec::new()];
    let mut outputs = Vec::new();
    let (rounds, hours) = (options.pick(4, 8), 6);
    for round in 0..=rounds {
        let from = START.plus_ms(8 * HOUR_MS + i64::try_from(round)? * hours * HOUR_MS);
        let raw = office.raw(Span::new(from, from.plus_ms(hours * HOUR_MS)));
        let count = number(raw.len() as u64);
        let (marking, readings) = worked(|| {
            let each = raw.into_iter().filter_map(|raw| settled(raw, &office.register, &mut quality));
            each.collect::<Vec<Reading>>()
        });
        let (judging, ()) = worked(|| {
            for reading in &readings {
                engine.observe(reading, &mut outputs);
                black_box(&outputs);
                outputs.clear();
            }
        });
        for reading in &readings {
            if !heads.contains_key(&reading.series) {
                heads.insert(reading.series.clone(), head(&office, &reading.series));
            }
        }
        let mut body = String::with_capacity(1 << 20);
        let (writing, ()) = worked(|| {
            for reading in &readings {
                if body.len() > 500_000 {
                    body.clear();
                }
                let head = heads.get(&reading.series).map_or("", String::as_str);
                line::push_reading(&mut body, head, reading);
            }
        });
        black_box(&body);
        // The first round fills tables.
        if round > 0 {
            for (samples, secs) in samples.iter_mut().zip([marking, judging, writing]) {
                samples.push(secs * 1e9 / count);
            }
        }
    }
    let names = ["quality (settle, mark)", "engine (measures, checks)", "line protocol"];
    Ok(names.into_iter().zip(samples.iter_mut().map(|samples| mean(samples))).collect())
}

pub(super) fn head(office: &Office, series: &Series) -> String {
    let place = office.register.place_of_sensor(&series.sensor, START.plus_ms(DAY_MS));
    let tags = place.map_or_else(PlaceTags::default, |place| {
        PlaceTags::of(&office.register, place, START.plus_ms(DAY_MS))
    });
    line::reading_head(series, &tags)
}

/// Nights are cheap and working hours are not: both count.
fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / number(samples.len() as u64)
}
