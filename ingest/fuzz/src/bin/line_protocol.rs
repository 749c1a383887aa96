//! InfluxDB lines, written: whatever the words say, a line is one line with a field and a time.
#![no_main]

use model::{Id, Instant, Quantity, Reading, Series};
use series::{PlaceTags, line};

/// The writer as the service has it, without the service: all of it would take minutes to build.
#[path = "../../../../src/series"]
#[allow(dead_code, reason = "not all of it is fuzzed")]
mod series {
    mod heads;
    pub mod line;
    pub use heads::PlaceTags;
}

libfuzzer_sys::fuzz_target!(|data: (String, String, String, u64, i64, u16)| {
    let (first, second, third, bits, millis, flags) = data;
    let id = Id::fold(&first);
    let tags = PlaceTags { site: Some(Id::fold(&second)), ..PlaceTags::default() };
    let at = Instant::from_millis(millis);
    let event = line::EventLine {
        kind: line::EventKind::Alert,
        place: Some(&id),
        tags: &tags,
        title: &second,
        text: &third,
        at,
    };
    let value = f64::from_bits(bits);
    let measure = line::MeasureLine {
        measure: &first,
        place: Some(&id),
        tags: &tags,
        period: &second,
        value: Some(value),
        coverage: value,
        from: at,
    };
    for line in [line::event(&event), line::measure(&measure)] {
        assert!(!line.contains(['\n', '\r']), "{line:?}");
        assert!(line.ends_with(&format!(" {}", at.millis())), "{line:?}");
    }
    let series = Series { sensor: id.clone(), quantity: Quantity::Co2, channel: Some(Id::fold(&third)) };
    let head = line::reading_head(&series, &tags);
    let mut out = String::new();
    line::push_reading(&mut out, &head, &Reading { series, time: at, value, flags: model::Flags(flags) });
    assert_eq!(out.matches('\n').count(), usize::from(value.is_finite()));
});
