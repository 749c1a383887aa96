//! Lines of all kinds but readings.

use model::{Id, Instant};
use normwatch::series::{
    PlaceTags,
    line::{self, EventKind, EventLine, MeasureLine, VerdictLine},
};
use rules::{Evidence, Outcome, Subject};

use crate::rig::{START, id};

fn tags() -> PlaceTags {
    PlaceTags {
        site: Some(id("hq")),
        building: Some(id("b-1")),
        body: Some(id("bureau")),
        ..PlaceTags::default()
    }
}

/// Two windows of a room; of the first a revision too.
pub(crate) fn verdicts() -> Vec<String> {
    let subject = Subject::Place(id("r-201"));
    let of = |hour: i64, revision, value: Option<f64>, coverage| VerdictLine {
        clause: "gb-t-18883-2022/co2",
        subject: &subject,
        outcome: if value.is_some() { Outcome::Breach } else { Outcome::Insufficient },
        evidence: Evidence::Firm,
        revision,
        value,
        limit: Some(1000.0),
        coverage,
        from: Instant::from_millis(START + hour * 3_600_000),
    };
    let all = [of(0, 1, Some(1100.0), 0.5), of(1, 1, None, 0.25), of(0, 2, Some(1244.25), 0.95)];
    all.iter().map(|verdict| line::verdict(verdict, &tags())).collect()
}

/// What charts mark.
pub(crate) fn events() -> Vec<String> {
    let place: Id = id("b-1");
    let of = |kind, place, title, text| {
        let at = Instant::from_millis(START);
        line::event(&EventLine { kind, place, tags: &tags(), title, text, at })
    };
    vec![
        of(
            EventKind::Limit,
            None,
            "Limits changed",
            "gb-t-18883-2022/co2 at most 900 ppm (before: at most 1000 ppm)",
        ),
        of(EventKind::Meter, Some(&place), "Meter m-1: replaced", "m-1, old reading 99.5"),
        of(EventKind::Register, None, "Register changed", "places added: r-9"),
    ]
}

pub(crate) fn other_lines() -> Vec<String> {
    let tags = PlaceTags { site: Some(id("hq")), building: Some(id("b-1")), ..PlaceTags::default() };
    let (place, at) = (id("r-201"), Instant::from_millis(START));
    let figure = |value| MeasureLine {
        measure: "co2_hour_mean",
        place: Some(&place),
        tags: &tags,
        period: "hour",
        value,
        coverage: 0.75,
        from: at,
    };
    let event = EventLine {
        kind: EventKind::Alert,
        place: Some(&place),
        tags: &tags,
        title: "CO2 \"high\" \\, 会议室",
        text: "two\nlines",
        at,
    };
    vec![line::measure(&figure(Some(612.5))), line::measure(&figure(None)), line::event(&event)]
}
