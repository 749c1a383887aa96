//! The demo office, whole and in parts, as the tests ask for it.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::collections::BTreeMap;

use model::{Instant, Span};
use sensors_sim::Scenario;

pub(crate) const DEMO: &str = include_str!("../../scenarios/demo.toml");
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

pub(crate) fn days(from: Instant, count: i64) -> Span {
    Span::new(from, from.plus_ms(count * DAY))
}

/// The demo's file without what stands between two of its headings.
pub(crate) fn without(heading: &str, next: &str) -> String {
    let (from, to) = (DEMO.find(heading).unwrap(), DEMO.find(next).unwrap());
    format!("{}{}", &DEMO[..from], &DEMO[to..])
}

pub(crate) fn without_faults(start: Instant) -> Scenario {
    let text = without("# --- What is seeded to fail", "# --- Who gets mail");
    Scenario::parse(&text, Some(start)).unwrap()
}

pub(crate) fn without_breaches(start: Instant) -> Scenario {
    let text = without("# --- What is seeded to breach", "# --- Who gets mail");
    Scenario::parse(&text, Some(start)).unwrap()
}

/// A cell of a register file by column, for every row.
pub(crate) fn table(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = String::from_utf8(files[name].clone()).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), header.len(), "{name}: {line}");
            header.iter().zip(cells).map(|(h, c)| ((*h).to_owned(), c.to_owned())).collect()
        })
        .collect()
}
