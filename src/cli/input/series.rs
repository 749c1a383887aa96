//! The series of an input: each looked up once by its texts, then known by a number.

use std::collections::{BTreeSet, HashMap};

use model::{Id, Instant, Quantity, Register, Series, Span};

use super::line::Wanted;

/// No reading of ours is older: before it, a device's clock was never set.
const EARLIEST_MS: i64 = 1_104_537_600_000; // 2005-01-01T00:00:00Z

/// What is known of a series.
#[derive(Debug)]
pub(super) struct Known {
    series: Series,
    /// Start of its sensor's first binding; `None` when the register does not know the sensor.
    bound_from: Option<Instant>,
    /// Scale and offset of the bindings that have any.
    scales: Vec<(Span, f64, f64)>,
}

/// All series by number, and the number by text.
#[derive(Debug, Default)]
pub(super) struct SeriesTable {
    numbers: HashMap<String, u32>,
    known: Vec<Known>,
    /// The text that is looked up, kept to save its memory.
    key: String,
}

impl SeriesTable {
    /// Number and knowledge of a row's series.
    pub(super) fn find(&mut self, wanted: &Wanted<'_>, register: &Register) -> Result<(u32, &Known), String> {
        self.key.clear();
        for part in [wanted.sensor, "\n", wanted.quantity, "\n", wanted.channel] {
            self.key.push_str(part);
        }
        let number = if let Some(number) = self.numbers.get(&self.key) {
            *number
        } else {
            let known = Known::new(wanted, register)?;
            let number = u32::try_from(self.known.len()).map_err(|_| "too many series".to_owned())?;
            self.known.push(known);
            self.numbers.insert(self.key.clone(), number);
            number
        };
        let known = self.known.get(number as usize).ok_or("a series was lost")?;
        Ok((number, known))
    }

    /// The series of a number.
    pub(super) fn get(&self, number: u32) -> Option<&Series> {
        self.known.get(number as usize).map(|known| &known.series)
    }

    /// Some sensors that the register does not know.
    pub(super) fn unknown(&self, most: usize) -> Vec<&str> {
        let unknown = self.known.iter().filter(|known| !known.is_bound());
        let ids: BTreeSet<&str> = unknown.map(|known| known.series.sensor.as_str()).collect();
        ids.into_iter().take(most).collect()
    }
}

impl Known {
    fn new(wanted: &Wanted<'_>, register: &Register) -> Result<Self, String> {
        let sensor = Id::device(wanted.sensor).map_err(|error| format!("sensor: {error}"))?;
        let quantity = Quantity::parse(wanted.quantity).ok_or_else(|| {
            let names = Quantity::ALL.iter().map(|quantity| quantity.name());
            let meant = model::nearest(wanted.quantity, names).unwrap_or_default();
            format!("quantity: unknown `{}`, did you mean `{meant}`?", wanted.quantity)
        })?;
        let channel = match wanted.channel {
            "" => None,
            channel => Some(Id::parse(channel).map_err(|error| format!("channel: {error}"))?),
        };
        let sensors: Vec<_> =
            register.sensors.get(&sensor).into_iter().flat_map(|history| history.rows()).collect();
        let meters = register.meters.get(&sensor).into_iter().flat_map(|history| history.rows());
        let bound_from = sensors.iter().map(|row| row.span.from).chain(meters.map(|row| row.span.from)).min();
        let is_scaled = |scale: f64, offset: f64| (scale - 1.0).abs() > 0.0 || offset.abs() > 0.0;
        let scales = sensors
            .iter()
            .filter(|row| is_scaled(row.value.scale, row.value.offset))
            .map(|row| (row.span, row.value.scale, row.value.offset))
            .collect();
        Ok(Self { series: Series { sensor, quantity, channel }, bound_from, scales })
    }

    /// Whether the register knows the sensor.
    pub(super) const fn is_bound(&self) -> bool {
        self.bound_from.is_some()
    }

    /// Whether a reading may have this time: in a file there is no arrival time to take instead.
    pub(super) fn check_time(&self, time: Instant) -> Result<(), String> {
        if time.millis() < EARLIEST_MS {
            return Err(format!("time: {time} is before 2005: the device's clock was not set"));
        }
        match self.bound_from {
            Some(from) if time < from => {
                Err(format!("time: {time} is before `{}` was bound ({from})", self.series.sensor))
            }
            _ => Ok(()),
        }
    }

    /// The value in the canonical unit, scaled by the binding in force.
    pub(super) fn value(&self, value: f64, unit: &str, time: Instant) -> Result<f64, String> {
        let canonical = self.series.quantity.unit();
        let value = if unit.is_empty() || unit == canonical.name() {
            value
        } else {
            canonical.convert(value, unit).map_err(|error| format!("unit: {error}"))?
        };
        let scale = self.scales.iter().find(|(span, ..)| span.contains(time));
        let value = scale.map_or(value, |(_, scale, offset)| value * scale + offset);
        if value.is_finite() { Ok(value) } else { Err("value: is not finite".to_owned()) }
    }
}
