//! What the simulator writes, the decoder reads: the same readings, and nothing more.

use std::{collections::BTreeSet, sync::Arc};

use ingest::{Decoded, Decoder, Message, Routes};
use model::{Instant, Quantity, Register, Span};
use rules::Catalogue;
use sensors_sim::{Event, Row, Scenario};

use crate::{
    office::{demo, past, scenario, small},
    play::{DAY, at, days},
};

type Told = (String, Quantity, Instant, f64);

fn decoded(events: impl Iterator<Item = Event>) -> Vec<Told> {
    let mut decoder = Decoder::new(Routes::defaults());
    let mut told = Vec::new();
    for event in events {
        let message = Message {
            topic: &event.topic,
            payload: &event.payload,
            retained: event.retain,
            received_at: None,
        };
        match decoder.decode_message(&message).result {
            Ok(Decoded::Readings(readings)) => {
                let readings = readings.into_iter().filter(|r| !is_of_the_device(r.quantity));
                told.extend(readings.map(|r| (r.sensor.to_string(), r.quantity, r.time.unwrap(), r.value)));
            }
            Ok(Decoded::Ignored(_)) => {}
            Err(error) => panic!("{}: {error:?}", event.topic),
        }
    }
    told
}

const fn is_of_the_device(quantity: Quantity) -> bool {
    matches!(quantity, Quantity::BatteryLevel | Quantity::BatteryVoltage | Quantity::Signal | Quantity::Snr)
}

fn written(rows: impl Iterator<Item = Row>) -> Vec<Told> {
    rows.map(|row| (row.sensor.to_string(), row.quantity, row.time, row.value)).collect()
}

fn assert_same(mut written: Vec<Told>, mut decoded: Vec<Told>) {
    for told in [&mut written, &mut decoded] {
        told.sort_by(|a, b| (&a.0, a.1, a.2).cmp(&(&b.0, b.1, b.2)).then(a.3.total_cmp(&b.3)));
    }
    for (row, reading) in written.iter().zip(&decoded) {
        let is_same = (&row.0, row.1, row.2) == (&reading.0, reading.1, reading.2);
        assert!(is_same && (row.3 - reading.3).abs() <= 1e-6, "written {row:?} read {reading:?}");
    }
    assert_eq!(written.len(), decoded.len());
}

#[test]
fn the_decoder_reads_what_the_demo_writes_its_faults_included() {
    let start = at("2026-11-14T00:00:00+08:00");
    let office = scenario(&demo(), start);
    let run = days(start, 4);
    let rows = written(office.rows(run));
    assert!(rows.len() > 200_000, "{}", rows.len());
    assert_same(rows, decoded(office.events(run)));
    let past = past("2026-11-14T00:00:00+08:00");
    assert_same(written(office.backfill_rows(past)), decoded(office.backfill(past)));
}

#[test]
fn the_decoder_reads_every_format_over_a_change_of_the_clock() {
    let start = at("2026-10-24T00:00:00+02:00");
    let office = scenario(&small(), start);
    let run = Span::new(start, start.plus_ms(3 * DAY));
    assert_same(written(office.rows(run)), decoded(office.events(run)));
}

fn load(office: &Scenario) -> Register {
    Register::load(&office.register_files()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn the_registers_that_the_simulator_writes_have_no_problem() {
    let catalogue = Catalogue::builtin().unwrap();
    for text in [demo(), small()] {
        let office = scenario(&text, at("2026-11-14T00:00:00+08:00"));
        let register = Arc::new(load(&office));
        assert_eq!(catalogue.check_register(&register), []);
        let unknown: BTreeSet<String> = office
            .sensors()
            .map(|(id, _)| id)
            .filter(|id| !register.knows_sensor(id))
            .map(ToString::to_string)
            .collect();
        let is_demo = text == demo();
        assert_eq!(
            unknown.len(),
            usize::from(is_demo),
            "one sensor of the demo waits to be claimed: {unknown:?}"
        );
    }
}
