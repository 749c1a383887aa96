//! Line protocol: the text in which readings, verdicts, measures and events go to the server.
//!
//! Names of measurements, tags and fields are a promise to dashboards and change only with
//! a migration. Times are milliseconds. A value that is not finite never becomes a field:
//! one such field makes the server refuse the line.

use model::{Id, Instant, Reading, Series};
use rules::{Evidence, Outcome, Subject, Verdict};

use super::heads::PlaceTags;

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
    out.push_str(itoa::Buffer::new().format(reading.flags.0));
    out.push_str("i ");
    push_time(out, reading.time);
}

/// The line of a verdict, without line end; its time is the start of the window, so that a revision overwrites.
#[must_use]
pub fn verdict(verdict: &Verdict, tags: &PlaceTags) -> String {
    let mut out = String::from("verdict");
    push_tag(&mut out, "clause", &verdict.clause.id);
    push_id(&mut out, "site", tags.site.as_ref());
    push_id(&mut out, "building", tags.building.as_ref());
    match &verdict.subject {
        Subject::Place(place) => {
            push_id(&mut out, "place", Some(place));
            push_id(&mut out, "body", tags.body.as_ref());
        }
        Subject::Body(body) => push_id(&mut out, "body", Some(body)),
    }
    let state = match verdict.outcome {
        Outcome::Compliant => 0,
        Outcome::Breach => 1,
        Outcome::Insufficient => 2,
    };
    let mut fields = Fields::new(out);
    fields.integer("state", state);
    fields.integer("evidence", i64::from(verdict.evidence() == Evidence::Firm));
    fields.integer("revision", i64::from(verdict.revision));
    fields.float("value", verdict.value);
    fields.float("limit", verdict.limit);
    fields.float("coverage", Some(verdict.coverage));
    fields.end(verdict.window.from)
}

/// A figure derived for one place or body and window.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureLine<'a> {
    /// Name of the measure.
    pub measure: &'a str,
    /// The place, unless it is a figure of a body alone.
    pub place: Option<&'a Id>,
    /// Site, building and body.
    pub tags: &'a PlaceTags,
    /// Name of the period, such as `day`.
    pub period: &'a str,
    /// The value, `None` without evidence.
    pub value: Option<f64>,
    /// Observed share of the judged time, 0 to 1.
    pub coverage: f64,
    /// Start of the window.
    pub from: Instant,
}

/// The line of a measure, without line end.
#[must_use]
pub fn measure(figure: &MeasureLine<'_>) -> String {
    let mut out = String::from("measure");
    push_tag(&mut out, "measure", figure.measure);
    push_id(&mut out, "site", figure.tags.site.as_ref());
    push_id(&mut out, "building", figure.tags.building.as_ref());
    push_id(&mut out, "place", figure.place);
    push_id(&mut out, "body", figure.tags.body.as_ref());
    push_tag(&mut out, "period", figure.period);
    let mut fields = Fields::new(out);
    fields.float("value", figure.value);
    fields.float("coverage", Some(figure.coverage));
    fields.end(figure.from)
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// An alert fired, ended or was revised.
    Alert,
    /// A limit changed: a pack or an overlay came into force.
    Limit,
    /// A meter was replaced or reset.
    Meter,
    /// The register changed.
    Register,
}

impl EventKind {
    /// The value of the tag `kind`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Limit => "limit",
            Self::Meter => "meter",
            Self::Register => "register",
        }
    }
}

/// Something that a chart marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine<'a> {
    /// What it is about.
    pub kind: EventKind,
    /// The place.
    pub place: Option<&'a Id>,
    /// Site and building.
    pub tags: &'a PlaceTags,
    /// One line.
    pub title: &'a str,
    /// More.
    pub text: &'a str,
    /// When.
    pub at: Instant,
}

/// The line of an event, without line end.
#[must_use]
pub fn event(event: &EventLine<'_>) -> String {
    let mut out = String::from("event");
    push_tag(&mut out, "kind", event.kind.name());
    push_id(&mut out, "site", event.tags.site.as_ref());
    push_id(&mut out, "building", event.tags.building.as_ref());
    push_id(&mut out, "place", event.place);
    let mut fields = Fields::new(out);
    fields.text("title", event.title);
    fields.text("text", event.text);
    fields.end(event.at)
}

fn push_time(out: &mut String, at: Instant) {
    out.push_str(itoa::Buffer::new().format(at.millis()));
    out.push('\n');
}

/// Appends a tag of an id, whose characters need no escape.
fn push_id(out: &mut String, name: &str, id: Option<&Id>) {
    if let Some(id) = id {
        out.push(',');
        out.push_str(name);
        out.push('=');
        out.push_str(id.as_str());
    }
}

/// Appends a tag; an empty value is no tag, since the server refuses it.
fn push_tag(out: &mut String, name: &str, value: &str) {
    // A backslash at the end would escape what follows, and a line end would cut the line.
    let value = value.trim_end_matches('\\');
    if value.is_empty() {
        return;
    }
    out.push(',');
    out.push_str(name);
    out.push('=');
    for c in value.chars() {
        match c {
            ',' | '=' | ' ' => out.extend(['\\', c]),
            '\n' | '\r' => out.push_str("\\ "),
            _ => out.push(c),
        }
    }
}

/// The fields of a line, the first behind a blank and the others behind commas.
struct Fields {
    out: String,
    before: char,
}

impl Fields {
    fn new(out: String) -> Self {
        Self { out, before: ' ' }
    }

    fn name(&mut self, name: &str) {
        self.out.push(self.before);
        self.before = ',';
        self.out.push_str(name);
        self.out.push('=');
    }

    fn integer(&mut self, name: &str, value: i64) {
        self.name(name);
        self.out.push_str(itoa::Buffer::new().format(value));
        self.out.push('i');
    }

    fn float(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.name(name);
            self.out.push_str(zmij::Buffer::new().format_finite(value));
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.out.push('"');
        for c in value.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                // Servers allow a line end inside quotes, but what splits by lines does not.
                '\n' | '\r' => self.out.push(' '),
                _ => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn end(mut self, at: Instant) -> String {
        self.out.push(' ');
        self.out.push_str(itoa::Buffer::new().format(at.millis()));
        self.out
    }
}

#[cfg(test)]
mod tests {
    use model::{Flags, Quantity};

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

    #[test]
    fn texts_are_escaped_so_that_no_line_is_cut() {
        let tags = PlaceTags::default();
        let event = EventLine {
            kind: EventKind::Alert,
            place: Some(&id("r")),
            tags: &tags,
            title: "CO2 \"high\" \\",
            text: "会议室\n二",
            at: Instant::from_millis(7),
        };
        assert_eq!(
            super::event(&event),
            r#"event,kind=alert,place=r title="CO2 \"high\" \\",text="会议室 二" 7"#
        );
        let mut out = String::new();
        push_tag(&mut out, "clause", "a b,c=d\\");
        push_tag(&mut out, "empty", "");
        assert_eq!(out, r",clause=a\ b\,c\=d");
    }

    #[test]
    fn a_measure_without_evidence_keeps_its_coverage() {
        let tags = PlaceTags { building: Some(id("b")), ..PlaceTags::default() };
        let figure = MeasureLine {
            measure: "eui",
            place: Some(&id("b")),
            tags: &tags,
            period: "year",
            value: None,
            coverage: 0.0,
            from: Instant::from_millis(0),
        };
        assert_eq!(measure(&figure), "measure,measure=eui,building=b,place=b,period=year coverage=0.0 0");
    }
}
