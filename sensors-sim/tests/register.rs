//! The register of the demo office agrees with its documentation and with its sensors.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_precision_loss,
    reason = "tests may fail loudly"
)]

mod demo;

use std::collections::BTreeSet;

use demo::{HOUR, at, table};
use model::{Id, Span};
use sensors_sim::Scenario;

/// Columns of the register's files as its documentation lists them.
const COLUMNS: [(&str, &str); 9] = [
    ("bodies.csv", "body,name,parent,level,authorised_headcount,energy_headcount,quota_zone"),
    (
        "places.csv",
        "place,kind,parent,label,use,floor_area_m2,usable_area_m2,heated_area_m2,excluded_area_m2,body,capacity,storeys,climate_zone,building_type,building_class",
    ),
    ("posts.csv", "post,rank,body,room"),
    (
        "sensors.csv",
        "sensor,place,profile,interval_s,max_gap_s,reporting,hold_off_s,zone,overlaps,scale,offset",
    ),
    (
        "meters.csv",
        "sensor,place,carrier,end_use,parent,multiplier,interval_s,max_gap_s,rollover_at,zero_is_gap,rated_kw",
    ),
    ("meter_events.csv", "sensor,time,kind,old_reading,new_reading,multiplier"),
    (
        "recipients.csv",
        "recipient,mail,language,time_zone,place,body,severity_at_least,deputy,absent_from,absent_to",
    ),
    ("waivers.csv", "clause,place,body,reason,approver,from,to"),
    ("calendar.csv", "date,kind,name"),
];

#[test]
fn the_register_has_the_documented_columns_and_refers_only_to_itself() {
    let files = Scenario::demo(at("2026-11-14T00:00:00+08:00")).unwrap().register_files();
    assert_eq!(files.len(), COLUMNS.len() + 1);
    for (name, columns) in COLUMNS {
        let known: BTreeSet<&str> = columns.split(',').collect();
        let header = String::from_utf8(files[name].clone()).unwrap();
        assert!(header.lines().next().unwrap().split(',').all(|column| known.contains(column)), "{name}");
    }
    let ids = |name: &str, column: &str| -> BTreeSet<String> {
        table(&files, name).into_iter().map(|row| row[column].clone()).filter(|id| !id.is_empty()).collect()
    };
    let (places, bodies, meters) =
        (ids("places.csv", "place"), ids("bodies.csv", "body"), ids("meters.csv", "sensor"));
    assert!((195..=230).contains(&places.len()), "{}", places.len());
    assert!(places.iter().chain(&bodies).all(|id| Id::parse(id).is_ok()));
    assert!(ids("places.csv", "parent").is_subset(&places));
    for (name, column, of) in [
        ("places.csv", "body", &bodies),
        ("posts.csv", "room", &places),
        ("posts.csv", "body", &bodies),
        ("sensors.csv", "place", &places),
        ("meters.csv", "place", &places),
        ("meters.csv", "parent", &meters),
        ("meter_events.csv", "sensor", &meters),
        ("recipients.csv", "place", &places),
    ] {
        assert!(ids(name, column).is_subset(of), "{name} {column}");
    }
    assert_eq!(ids("meter_events.csv", "kind"), BTreeSet::from(["reset".to_owned(), "replaced".to_owned()]));
}

#[test]
fn every_sensor_of_the_register_publishes_and_one_more_that_waits_to_be_claimed() {
    let start = at("2026-11-16T00:00:00+08:00");
    let scenario = Scenario::demo(start).unwrap();
    let files = scenario.register_files();
    let bound = ["sensors.csv", "meters.csv"].into_iter().flat_map(|name| table(&files, name));
    let bound: BTreeSet<String> = bound.map(|row| row["sensor"].clone()).collect();
    let heard: BTreeSet<String> =
        scenario.rows(Span::new(start, start.plus_ms(2 * HOUR))).map(|row| row.sensor.to_string()).collect();
    assert!(bound.is_subset(&heard));
    assert_eq!(heard.difference(&bound).collect::<Vec<_>>(), ["climate-reception-555"]);
    assert_eq!(scenario.sensors().count(), heard.len());
}
