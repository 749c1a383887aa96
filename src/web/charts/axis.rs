//! The time axis: marks on round local hours or days.

use std::ops::Range;

use jiff::tz::TimeZone;
use model::{Instant, Span};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Distances of marks that people read easily, ms.
const STEPS: [i64; 11] = [
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    30 * DAY,
];

/// Milliseconds since the epoch, marked in the local time of a zone.
#[derive(Debug, Clone)]
pub(super) struct TimeAxis {
    pub(super) span: Span,
    pub(super) zone: TimeZone,
}

impl TimeAxis {
    /// Offset of the zone at the start, ms. A change of clocks inside shifts later marks by it, at most an hour.
    fn offset_ms(&self) -> i64 {
        i64::from(self.zone.to_offset(self.span.from.timestamp()).seconds()) * 1000
    }

    /// `08:00` within days, `11-21` at midnight and for longer spans.
    pub(super) fn label(&self, ms: i64) -> String {
        let local = Instant::from_millis(ms).timestamp().to_zoned(self.zone.clone());
        let is_midnight = local.hour() == 0 && local.minute() == 0;
        let format = if is_midnight || self.span.millis() > 5 * DAY { "%m-%d" } else { "%H:%M" };
        local.strftime(format).to_string()
    }
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = i64;

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "pixels: a picture has a few hundred, and `as` saturates"
    )]
    fn map(&self, value: &i64, limit: (i32, i32)) -> i32 {
        let share = (value - self.span.from.millis()) as f64 / self.span.millis().max(1) as f64;
        limit.0 + (f64::from(limit.1 - limit.0) * share).round() as i32
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<i64> {
        let most = i64::try_from(hint.max_num_points()).unwrap_or(i64::MAX).max(1);
        let step = STEPS.into_iter().find(|step| self.span.millis() / step <= most).unwrap_or(60 * DAY);
        let offset = self.offset_ms();
        let (from, to) = (self.span.from.millis() + offset, self.span.to.millis() + offset);
        let mut at = (from + step - 1).div_euclid(step) * step;
        let mut marks = Vec::new();
        while at <= to {
            marks.push(at - offset);
            at += step;
        }
        marks
    }

    fn range(&self) -> Range<i64> {
        self.span.from.millis()..self.span.to.millis()
    }
}

impl ValueFormatter<i64> for TimeAxis {
    fn format_ext(&self, value: &i64) -> String {
        self.label(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_on_round_local_hours() {
        let at = |text| Instant::parse(text).unwrap();
        let zone = TimeZone::get("Asia/Kathmandu").unwrap();
        let span = Span::new(at("2026-11-20T07:10:00+05:45"), at("2026-11-21T07:10:00+05:45"));
        let axis = TimeAxis { span, zone };
        let labels: Vec<String> = axis.key_points(8).into_iter().map(|ms| axis.label(ms)).collect();
        assert_eq!(labels, ["09:00", "12:00", "15:00", "18:00", "21:00", "11-21", "03:00", "06:00"]);
    }
}
