//! The headline: many readings of an office judged, on all cores.

use std::{sync::Arc, thread};

use ingest::{RawReading, quality::Quality};
use model::Span;
use rules::Engine;

use super::{
    Options,
    office::{DAY_MS, Office, START, settled},
    progress::Progress,
    report::{Section, figure},
    scale,
    system::{number, timed},
};
use crate::pipeline::cores;

/// What one core has to do.
struct Desk {
    quality: Quality,
    engine: Engine,
    verdicts: u64,
    readings: u64,
}

pub(super) fn measure(options: &Options, progress: &mut Progress<'_>) -> anyhow::Result<Section> {
    let wanted: u64 = match (options.is_large, options.is_quick) {
        (true, _) => 9_250_000,
        (false, false) => 1_000_000,
        (false, true) => 250_000,
    };
    let office = Office::new()?;
    let mut desks: Vec<Desk> = (0..cores().min(2)).map(|_| Desk::new(&office)).collect();
    let (mut secs, mut day) = (0.0, 0);
    while desks.iter().map(|desk| desk.readings).sum::<u64>() < wanted {
        progress.at(format_args!("day {}", day + 1));
        let from = START.plus_ms(day * DAY_MS);
        let raw = office.raw(Span::new(from, from.plus_ms(DAY_MS)));
        let days: Vec<Vec<RawReading>> = desks.iter().map(|_| raw.clone()).collect();
        // Making the readings is the simulator's business and not timed.
        let (took, ()) = timed(|| {
            thread::scope(|scope| {
                for (desk, raw) in desks.iter_mut().zip(days) {
                    scope.spawn(|| desk.judge(raw, &office));
                }
            });
        });
        secs += took;
        day += 1;
    }
    let readings: u64 = desks.iter().map(|desk| desk.readings).sum();
    let verdicts: u64 = desks.iter().map(|desk| desk.verdicts).sum();
    let mut section = Section::new("Headline: a simulated office judged by the default packs, from memory");
    section.row(
        format!("{readings} readings, {} cores", desks.len()),
        vec![
            figure("in", secs, "s"),
            figure("judges", number(readings) / secs, "readings/s"),
            figure("verdicts", number(verdicts), ""),
        ],
    );
    section.note(format!(
        "{day} days of the same office once for each core, as two buildings would be; marks, measures, checks and alerts, no files"
    ));
    Ok(section)
}

impl Desk {
    fn new(office: &Office) -> Self {
        let engine = Engine::new(Arc::clone(&office.register), &office.clauses, scale::options());
        Self { quality: Quality::new(), engine, verdicts: 0, readings: 0 }
    }

    fn judge(&mut self, raw: Vec<RawReading>, office: &Office) {
        let mut outputs = Vec::new();
        for raw in raw {
            let Some(reading) = settled(raw, &office.register, &mut self.quality) else { continue };
            self.readings += 1;
            self.engine.observe(&reading, &mut outputs);
            self.verdicts += outputs.len() as u64;
            outputs.clear();
        }
    }
}
