//! What goes wrong between a true value and a message: each fault changes reports, never the office.

use model::{Quantity, Span};
use serde::Deserialize;

use crate::{
    noise::Stream,
    report::{Report, ReportKind},
};

/// The ways in which a sensor or its transport fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Repeats one value.
    Stuck,
    /// Publishes nothing.
    Silent,
    /// Now and then jumps by `size`.
    Spike,
    /// Moves away by `size` a day.
    Drift,
    /// Reports temperature in Fahrenheit, anything else times `size`, under the old unit.
    WrongUnit,
    /// Stamps messages `size` seconds ahead (behind when negative).
    ClockSkew,
    /// Sends every message twice.
    Duplicate,
    /// Keeps its messages and sends them all at the end.
    Late,
    /// The counter begins again from zero; the register declares it.
    DeclaredReset,
    /// The counter begins again from zero and nobody says so.
    UndeclaredReset,
    /// Another meter with a register of its own; the register declares it.
    MeterChange,
}

impl FaultKind {
    /// The name in scenario files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Silent => "silent",
            Self::Spike => "spike",
            Self::Drift => "drift",
            Self::WrongUnit => "wrong_unit",
            Self::ClockSkew => "clock_skew",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::DeclaredReset => "declared_reset",
            Self::UndeclaredReset => "undeclared_reset",
            Self::MeterChange => "meter_change",
        }
    }

    /// Whether a counter starts anew; such a fault never ends.
    pub(crate) const fn is_reset(self) -> bool {
        matches!(self, Self::DeclaredReset | Self::UndeclaredReset | Self::MeterChange)
    }
}

/// One fault of one device.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) device: usize,
    pub(crate) kind: FaultKind,
    /// Only this quantity, or all.
    pub(crate) quantity: Option<Quantity>,
    pub(crate) span: Span,
    pub(crate) size: f64,
}

/// Register of a new meter when it is put on, raw units.
pub(crate) const NEW_METER_READING: f64 = 12.5;

impl Fault {
    /// What the fault makes of a report: nothing, one or two. `held` are the values at its start
    /// (those a stuck sensor repeats, or the register at a reset).
    pub(crate) fn apply(&self, mut report: Report, stream: Stream, held: &[(Quantity, f64)]) -> Vec<Report> {
        if !self.span.contains(report.time) || report.kind != ReportKind::Up {
            return vec![report];
        }
        match self.kind {
            FaultKind::Silent => return Vec::new(),
            FaultKind::Duplicate => {
                let mut again = report.clone();
                again.arrival = report.arrival.plus_ms(2_000);
                again.copy = 1;
                return vec![report, again];
            }
            FaultKind::ClockSkew => report.stamp = report.stamp.plus_ms(whole_ms(self.size)),
            FaultKind::Late => {
                report.arrival = self.span.to.plus_ms(report.time.since(self.span.from) / 1000);
            }
            _ => self.bend(&mut report, stream, held),
        }
        vec![report]
    }

    fn bend(&self, report: &mut Report, stream: Stream, held: &[(Quantity, f64)]) {
        let days = crate::report::days(report.time.since(self.span.from));
        // One message in 25, so that no hour has two and its mean stays what the room's air was.
        let is_hit = (report.serial + stream.of(77).bits(0).cast_signed() % 25) % 25 == 0;
        for (quantity, value) in &mut report.values {
            if self.quantity.is_some_and(|only| only != *quantity) {
                continue;
            }
            let kept = held.iter().find(|(q, _)| q == quantity).map(|(_, v)| *v);
            *value = match self.kind {
                FaultKind::Stuck => kept.unwrap_or(*value),
                FaultKind::Spike if is_hit => *value + self.size,
                FaultKind::Drift => *value + self.size * days,
                FaultKind::WrongUnit if *quantity == Quantity::Temperature => *value * 1.8 + 32.0,
                FaultKind::WrongUnit => *value * self.size,
                FaultKind::DeclaredReset | FaultKind::UndeclaredReset if is_counter(*quantity) => {
                    (*value - kept.unwrap_or(0.0)).max(0.0)
                }
                FaultKind::MeterChange if is_counter(*quantity) => {
                    (*value - kept.unwrap_or(0.0)).max(0.0) + NEW_METER_READING
                }
                _ => *value,
            };
        }
    }
}

fn is_counter(quantity: Quantity) -> bool {
    quantity.nature() == model::Nature::Counter
}

fn whole_ms(secs: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a skew of years would still fit")]
    let ms = (secs * 1000.0) as i64;
    ms
}

#[cfg(test)]
mod tests {
    use model::Instant;

    use super::*;

    fn report(at: i64, value: f64) -> Report {
        let time = Instant::from_millis(at);
        Report {
            arrival: time.plus_ms(500),
            time,
            stamp: time,
            device: 0,
            serial: at / 1000,
            copy: 0,
            kind: ReportKind::Up,
            values: vec![(Quantity::Temperature, value)],
        }
    }

    fn fault(kind: FaultKind, size: f64) -> Fault {
        let span = Span::new(Instant::from_millis(1_000), Instant::from_millis(86_401_000));
        Fault { device: 0, kind, quantity: None, span, size }
    }

    fn one(fault: &Fault, at: i64, value: f64) -> Report {
        let mut got = fault.apply(report(at, value), Stream::new(1, "x"), &[(Quantity::Temperature, 20.5)]);
        assert_eq!(got.len(), 1);
        got.remove(0)
    }

    #[test]
    fn outside_its_span_a_fault_changes_nothing() {
        let silent = fault(FaultKind::Silent, 0.0);
        assert_eq!(one(&silent, 999, 21.0), report(999, 21.0));
        assert!(silent.apply(report(1_000, 21.0), Stream::new(1, "x"), &[]).is_empty());
    }

    #[test]
    fn a_stuck_sensor_repeats_what_it_held() {
        let value = one(&fault(FaultKind::Stuck, 0.0), 5_000, 23.0).values[0].1;
        assert!((value - 20.5).abs() < 1e-12);
    }

    #[test]
    fn a_drift_grows_with_time() {
        let value = one(&fault(FaultKind::Drift, 2.0), 43_201_000, 20.0).values[0].1;
        assert!((value - 21.0).abs() < 1e-9);
    }

    #[test]
    fn a_late_message_keeps_its_stamp_and_arrives_after_the_span() {
        let late = one(&fault(FaultKind::Late, 0.0), 5_000, 20.0);
        assert_eq!(late.stamp.millis(), 5_000);
        assert!(late.arrival >= Instant::from_millis(86_401_000));
    }

    #[test]
    fn a_skewed_clock_moves_only_the_stamp() {
        let skewed = one(&fault(FaultKind::ClockSkew, 3_600.0), 5_000, 20.0);
        assert_eq!(skewed.stamp.since(skewed.time), 3_600_000);
        assert_eq!(skewed.arrival, report(5_000, 0.0).arrival);
    }
}
