//! What others see of a scenario: events in time order, its register, and what was seeded.

use std::collections::BTreeMap;

use model::{Id, Instant, Quantity, Span};

use crate::{
    office::Office,
    payload::{self, Message},
    report::{Report, ReportKind, Row},
    run::{self, Reports},
    scenario::{File, ScenarioError},
    truth::{self, Truth},
};

/// The office of the demo.
const DEMO: &str = include_str!("../scenarios/demo.toml");

/// One MQTT message and when it reaches the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it reaches the broker.
    pub time: Instant,
    /// Topic.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// Quality of service, 0 or 1.
    pub qos: u8,
    /// Whether the broker keeps it as the topic's last.
    pub retain: bool,
}

/// An office ready to be played.
///
/// # Examples
/// ```
/// use model::{Instant, Span};
/// use sensors_sim::Scenario;
///
/// let start = Instant::parse("2026-11-14T00:00:00+08:00")?;
/// let office = Scenario::demo(start)?;
/// let first = office.events(Span::new(start, start.plus_ms(60_000))).next();
/// assert!(first.is_some_and(|event| event.time >= start && event.qos == 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scenario {
    office: Office,
}

impl Scenario {
    /// Reads a scenario file. `start`, else the file's own `start`, is the instant from which
    /// the days of faults count; the local day in which it lies is day 0.
    ///
    /// # Errors
    /// Returns [`ScenarioError`] when the file has another shape, names what does not exist, or no start is known.
    pub fn parse(text: &str, start: Option<Instant>) -> Result<Self, ScenarioError> {
        let file: File = toml::from_str(text)?;
        let start = start.or(file.start);
        let start =
            start.ok_or_else(|| crate::dates::value("start", "give the first day of the run".to_owned()))?;
        Ok(Self { office: Office::build(file, start)? })
    }

    /// The office of `normwatch demo`, its faults counted from `start`.
    ///
    /// # Errors
    /// Returns [`ScenarioError`] when the built-in file is broken, which its tests rule out.
    pub fn demo(start: Instant) -> Result<Self, ScenarioError> {
        Self::parse(DEMO, Some(start))
    }

    /// The instant from which the days of faults count.
    #[must_use]
    pub const fn start(&self) -> Instant {
        self.office.start
    }

    /// All messages that reach the broker in `span`, in time order, made as they are asked for.
    ///
    /// Spans that follow each other give the same messages as one long span.
    pub fn events(&self, span: Span) -> impl Iterator<Item = Event> + '_ {
        Reports::new(&self.office, span).filter_map(|report| self.event(&report))
    }

    /// What verdicts over a week, a month or a year need of the past in `span`, in time order: every meter at
    /// each local midnight; totals each hour from the Monday of the week before the start's on; and, from the
    /// month before the start's on, the people sensors of idle rooms.
    ///
    /// Meters count from the first of January two years before the start's year.
    pub fn backfill(&self, span: Span) -> impl Iterator<Item = Event> + '_ {
        run::backfill(&self.office, span).filter_map(|report| self.event(&report))
    }

    /// The readings inside the messages of [`Self::events`], as sensors tell them, faults included.
    pub fn rows(&self, span: Span) -> impl Iterator<Item = Row> + '_ {
        Reports::new(&self.office, span).flat_map(|report| self.rows_of(report))
    }

    /// The readings inside the messages of [`Self::backfill`].
    pub fn backfill_rows(&self, span: Span) -> impl Iterator<Item = Row> + '_ {
        run::backfill(&self.office, span).flat_map(|report| self.rows_of(report))
    }

    fn rows_of(&self, report: Report) -> impl Iterator<Item = Row> + use<> {
        let sensor = self.office.devices.get(report.device).map(|device| device.id.clone());
        let time = report.stamp;
        let values = if report.kind == ReportKind::Up { report.values } else { Vec::new() };
        let row = move |(quantity, value)| Some(Row { time, sensor: sensor.clone()?, quantity, value });
        values.into_iter().filter_map(row)
    }

    /// The register directory that fits this office, by file name.
    #[must_use]
    pub fn register_files(&self) -> BTreeMap<String, Vec<u8>> {
        crate::register::files(&self.office)
    }

    /// What was seeded in `span`: breaches with place and measure, faults with sensor and kind.
    #[must_use]
    pub fn truth(&self, span: Span) -> Vec<Truth> {
        truth::truth(&self.office, span)
    }

    /// Ids of all sensors and meters on the wire, with the quantities that each publishes.
    pub fn sensors(&self) -> impl Iterator<Item = (&Id, Vec<Quantity>)> {
        self.office.devices.iter().map(|device| (&device.id, self.office.quantities(device)))
    }

    fn event(&self, report: &Report) -> Option<Event> {
        let device = self.office.devices.get(report.device)?;
        let message = Message {
            id: &device.id,
            name: &device.name,
            stream: device.stream,
            kind: report.kind,
            stamp: report.stamp,
            arrival: report.arrival,
            serial: report.serial,
            values: &report.values,
        };
        let (topic, payload) = payload::write(device.format, &message);
        Some(Event { time: report.arrival, topic, payload, qos: 1, retain: false })
    }
}
