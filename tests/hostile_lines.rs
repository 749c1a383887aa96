//! Every line that goes to the time-series server parses back to what it says, whatever the words are.
//!
//! The parser here is independent of the writer and strict: <https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "test helpers outside #[test] functions"
)]

use std::collections::BTreeMap;

use model::{Flags, Id, Instant, Quantity, Reading, Series};
use normwatch::series::{PlaceTags, line};
use proptest::prelude::*;
use rules::{Evidence, Outcome, Subject};

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
enum Field {
    Float(f64),
    Integer(i64),
    Text(String),
}

#[derive(Debug)]
struct Line {
    measurement: String,
    tags: BTreeMap<String, String>,
    fields: BTreeMap<String, Field>,
    time: i64,
}

/// Takes characters up to one of `ends`, undoing escapes of `special`.
fn until(text: &mut std::iter::Peekable<std::str::Chars<'_>>, ends: &[char], special: &[char]) -> String {
    let mut out = String::new();
    while let Some(c) = text.next_if(|c| !ends.contains(c)) {
        let escaped = (c == '\\').then(|| text.next_if(|next| special.contains(next))).flatten();
        out.push(escaped.unwrap_or(c));
    }
    out
}

fn quoted(text: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    assert_eq!(text.next(), Some('"'));
    let mut out = String::new();
    loop {
        match text.next().expect("a text that never ends") {
            '"' => return out,
            '\\' => match text.next_if(|c| matches!(c, '"' | '\\')) {
                Some(escaped) => out.push(escaped),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
}

/// Parses one line, or fails the test.
fn parse(line: &str) -> Line {
    assert!(!line.contains(['\n', '\r']), "a line is cut: {line:?}");
    let text = &mut line.chars().peekable();
    let measurement = until(text, &[',', ' '], &[',', ' ']);
    assert!(!measurement.is_empty() && !measurement.starts_with('#'), "{line:?}");
    let (mut tags, mut fields) = (BTreeMap::new(), BTreeMap::new());
    while text.next_if_eq(&',').is_some() {
        let key = until(text, &['=', ',', ' '], &[',', '=', ' ']);
        assert_eq!(text.next(), Some('='), "{line:?}");
        let value = until(text, &[',', ' ', '='], &[',', '=', ' ']);
        assert!(!key.is_empty() && !value.is_empty(), "an empty tag: {line:?}");
        assert!(tags.insert(key, value).is_none(), "a tag twice: {line:?}");
    }
    assert_eq!(text.next(), Some(' '), "{line:?}");
    loop {
        let key = until(text, &['=', ',', ' '], &[',', '=', ' ']);
        assert!(!key.is_empty() && text.next() == Some('='), "no field: {line:?}");
        let value = if text.peek() == Some(&'"') {
            Field::Text(quoted(text))
        } else {
            let number = until(text, &[',', ' '], &[]);
            match number.strip_suffix('i') {
                Some(integer) => Field::Integer(integer.parse().unwrap_or_else(|_| panic!("{line:?}"))),
                None => {
                    let float: f64 = number.parse().unwrap_or_else(|_| panic!("{line:?}"));
                    assert!(
                        float.is_finite() && number.starts_with(|c: char| c == '-' || c.is_ascii_digit())
                    );
                    Field::Float(float)
                }
            }
        };
        assert!(fields.insert(key, value).is_none(), "a field twice: {line:?}");
        match text.next() {
            Some(',') => {}
            Some(' ') => break,
            other => panic!("{other:?} behind a field: {line:?}"),
        }
    }
    let time: String = text.collect();
    Line { measurement, tags, fields, time: time.parse().unwrap_or_else(|_| panic!("no time: {line:?}")) }
}

/// A text of whatever breaks lines.
fn words() -> impl Strategy<Value = String> {
    let awkward = prop::sample::select(vec![
        ",",
        "=",
        " ",
        "\\",
        "\\\\",
        "\"",
        "\n",
        "\r\n",
        "\t",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "#",
        "i",
        "会议室",
        "é",
        "\u{202e}",
        "🏢",
        "value=1i 7",
        "\\,",
        "\\ ",
        "NaN",
    ]);
    let piece = prop_oneof![3 => awkward.prop_map(str::to_owned), 1 => ".{0,6}"];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        prop::sample::select(vec![
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            f64::MIN_POSITIVE,
            f64::MAX,
            5e-324
        ]),
        -1e6..1e6,
    ]
}

fn tags() -> impl Strategy<Value = PlaceTags> {
    let id = || prop::option::of(words().prop_map(|text| Id::fold(&text)));
    (id(), id(), id(), id(), id()).prop_map(|(site, building, floor, room, body)| PlaceTags {
        site,
        building,
        floor,
        room,
        body,
    })
}

/// What a tag keeps of a text: line ends are blanks, and nothing may escape what follows.
fn as_tag(text: &str) -> Option<String> {
    let kept = text.trim_end_matches('\\').replace(['\n', '\r'], " ");
    (!kept.is_empty()).then_some(kept)
}

fn float(line: &Line, name: &str) -> Option<f64> {
    line.fields.get(name).map(|field| match field {
        Field::Float(value) => *value,
        other => panic!("{name} is {other:?}"),
    })
}

fn cases() -> u32 {
    let asked = std::env::var_os("NORMWATCH_HOSTILE_CASES");
    asked.and_then(|text| text.to_str()?.parse().ok()).unwrap_or(5_000)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn a_reading_parses_back_and_one_that_is_not_finite_is_no_line(
        (sensor, channel, tags, value) in (words(), prop::option::of(words()), tags(), number()),
        (quantity, flags, millis) in (prop::sample::select(Quantity::ALL), any::<u16>(), any::<i64>()),
    ) {
        let channel = channel.map(|text| Id::fold(&text));
        let series = Series { sensor: Id::fold(&sensor), quantity, channel };
        let head = line::reading_head(&series, &tags);
        let mut out = String::new();
        let reading = Reading { series: series.clone(), time: Instant::from_millis(millis), value, flags: Flags(flags) };
        line::push_reading(&mut out, &head, &reading);
        if !value.is_finite() {
            prop_assert_eq!(out, "");
            return Ok(());
        }
        let parsed = parse(out.strip_suffix('\n').unwrap());
        prop_assert_eq!(parsed.measurement, quantity.name());
        prop_assert_eq!(parsed.tags.get("sensor").map(String::as_str), Some(series.sensor.as_str()));
        prop_assert_eq!(parsed.tags.get("channel").map(String::as_str), series.channel.as_ref().map(Id::as_str));
        prop_assert_eq!(parsed.tags.get("room").map(String::as_str), tags.room.as_ref().map(Id::as_str));
        prop_assert_eq!(parsed.fields.get("value"), Some(&Field::Float(value)));
        prop_assert_eq!(parsed.fields.get("flags"), Some(&Field::Integer(i64::from(Flags(flags).marks().0))));
        prop_assert_eq!(parsed.time, Instant::from_millis(millis).millis());
    }

    #[test]
    fn verdicts_measures_and_events_parse_back(
        (first, second, third, tags) in (words(), words(), words(), tags()),
        (value, limit, coverage) in (prop::option::of(number()), prop::option::of(number()), number()),
        (revision, millis) in (any::<u32>(), any::<i64>()),
    ) {
        let (place, from) = (Id::fold(&first), Instant::from_millis(millis));
        let subject = Subject::Place(place.clone());
        let outcome = Outcome::Breach;
        let verdict = line::VerdictLine {
            clause: &second, subject: &subject, outcome, evidence: Evidence::Firm, revision, value, limit, coverage, from,
        };
        let parsed = parse(&line::verdict(&verdict, &tags));
        prop_assert_eq!(parsed.tags.get("clause").cloned(), as_tag(&second));
        prop_assert_eq!(parsed.tags.get("place").map(String::as_str), Some(place.as_str()));
        prop_assert_eq!(parsed.fields.get("revision"), Some(&Field::Integer(i64::from(revision))));
        prop_assert_eq!(float(&parsed, "limit"), limit.filter(|limit| limit.is_finite()));

        let measure = line::MeasureLine {
            measure: &first, place: Some(&place), tags: &tags, period: &third, value, coverage, from,
        };
        let parsed = parse(&line::measure(&measure));
        prop_assert_eq!(parsed.tags.get("measure").cloned(), as_tag(&first));
        prop_assert_eq!(parsed.tags.get("period").cloned(), as_tag(&third));
        prop_assert_eq!(float(&parsed, "value"), value.filter(|value| value.is_finite()));
        prop_assert_eq!(parsed.time, Instant::from_millis(millis).millis());

        let event = line::EventLine {
            kind: line::EventKind::Limit, place: Some(&place), tags: &tags, title: &second, text: &third, at: from,
        };
        let parsed = parse(&line::event(&event));
        let as_text = |text: &str| Field::Text(text.replace(['\n', '\r'], " "));
        prop_assert_eq!(parsed.fields.get("title"), Some(&as_text(&second)));
        prop_assert_eq!(parsed.fields.get("text"), Some(&as_text(&third)));
    }
}
