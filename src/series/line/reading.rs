//! The line of a reading: the one that is written a hundred thousand times a second.

use model::{Reading, Series};

use super::text::push_id;
use crate::series::PlaceTags;

/// The unchanging start of a series' lines: measurement and tags.
///
/// # Examples
/// ```
/// use model::{Id, Quantity, Series};
/// use normwatch::series::{PlaceTags, line};
///
/// let series = Series { sensor: Id::parse("s-1")?, quantity: Quantity::Co2, channel: None };
/// let tags = PlaceTags { room: Some(Id::parse("r-301")?), ..PlaceTags::default() };
/// assert_eq!(line::reading_head(&series, &tags), "co2,room=r-301,sensor=s-1");
/// # Ok::<(), model::IdError>(())
/// ```
#[must_use]
pub fn reading_head(series: &Series, tags: &PlaceTags) -> String {
    let mut out = String::with_capacity(96);
    out.push_str(series.quantity.name());
    let place = [
        ("site", &tags.site),
        ("building", &tags.building),
        ("floor", &tags.floor),
        ("room", &tags.room),
        ("body", &tags.body),
    ];
    for (name, id) in place {
        push_id(&mut out, name, id.as_ref());
    }
    push_id(&mut out, "sensor", Some(&series.sensor));
    push_id(&mut out, "channel", series.channel.as_ref());
    out
}

/// Appends the line of a reading behind its series' head; nothing when the value is not finite.
pub fn push_reading(out: &mut String, head: &str, reading: &Reading) {
    if !reading.value.is_finite() {
        return;
    }
    out.push_str(head);
    out.push_str(" value=");
    out.push_str(zmij::Buffer::new().format_finite(reading.value));
    out.push_str(",flags=");
    out.push_str(itoa::Buffer::new().format(reading.flags.marks().0));
    out.push_str("i ");
    out.push_str(itoa::Buffer::new().format(reading.time.millis()));
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use model::{Flags, Id, Instant, Quantity};

    use super::*;

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    fn reading(value: f64) -> Reading {
        let series = Series { sensor: id("s"), quantity: Quantity::Power, channel: Some(id("1")) };
        Reading { series, time: Instant::from_millis(1_700_000_000_123), value, flags: Flags::SPIKE }
    }

    fn line(value: f64) -> String {
        let reading = reading(value);
        let tags = PlaceTags { site: Some(id("hq")), body: Some(id("b.1")), ..PlaceTags::default() };
        let mut out = String::new();
        push_reading(&mut out, &reading_head(&reading.series, &tags), &reading);
        out
    }

    #[test]
    fn a_reading_has_the_promised_tags_and_fields_in_milliseconds() {
        assert_eq!(
            line(-2.5),
            "power,site=hq,body=b.1,sensor=s,channel=1 value=-2.5,flags=16i 1700000000123\n"
        );
    }

    #[test]
    fn a_value_that_is_not_finite_is_no_line() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(line(value), "");
        }
    }
}
