//! From points to what is drawn: runs without gaps, marks for flagged readings, the occupancy band.

use model::{Instant, Nature, Quantity, Register, Series, Span, register::Sensor};

use crate::web::sources::ChartSource;

/// Points asked of the history for one curve; more than the pixels of the widest picture.
const MAX_POINTS: usize = 1200;
/// Marks drawn at most.
const MAX_MARKS: usize = 200;

/// One series as drawn: instants in ms since the epoch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    /// Sensor id, with the channel where there is one.
    pub(super) id: String,
    /// Points that join; between two runs nothing was observed.
    pub(super) runs: Vec<Vec<(i64, f64)>>,
    /// Readings that a quality mark keeps out of measures.
    pub(super) marks: Vec<(i64, f64)>,
    /// How long the last point of a run stands, ms.
    pub(super) carry_ms: i64,
    /// How long one motion keeps a room occupied, ms; `None` where a value speaks for itself.
    pub(super) hold_ms: Option<i64>,
    /// Where the picture ends; nothing stands beyond it.
    pub(super) end_ms: i64,
}

/// Reads one series.
///
/// # Errors
/// Returns the history's own error.
pub(super) fn gather(
    source: &dyn ChartSource,
    register: &Register,
    series: &Series,
    span: Span,
) -> Result<Curve, String> {
    let points = source.points(series, span, MAX_POINTS)?;
    let flagged = source.flagged(series, span, MAX_MARKS)?;
    let is_barred = |at: Instant, value: f64| {
        !series.quantity.is_plausible(value)
            || flagged.iter().any(|(t, v, f)| *t == at && v.to_bits() == value.to_bits() && !f.is_usable())
    };
    let (marks, usable): (Vec<_>, Vec<_>) =
        points.into_iter().partition(|(at, value)| is_barred(*at, *value));
    let marks = marks.into_iter().chain(flagged.iter().map(|(at, value, _)| (*at, *value)));
    let mut marks: Vec<(i64, f64)> = marks.map(|(at, value)| (at.millis(), value)).collect();
    marks.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    marks.dedup();
    // A series that is barred throughout would be a bar of crosses, each an element of the picture.
    let marks: Vec<(i64, f64)> = marks.iter().step_by(marks.len() / MAX_MARKS + 1).copied().collect();
    let usable: Vec<(i64, f64)> = usable.into_iter().map(|(at, value)| (at.millis(), value)).collect();
    let carry_ms = carry(register, series, span).max(2 * usual_step(&usable));
    let id = match &series.channel {
        Some(channel) => format!("{} {channel}", series.sensor),
        None => series.sensor.to_string(),
    };
    Ok(Curve {
        id,
        runs: runs(&usable, carry_ms),
        marks,
        carry_ms,
        hold_ms: (series.quantity == Quantity::Motion).then(|| hold_off(register, series, span)),
        end_ms: span.to.millis(),
    })
}

/// The longest gap that the register allows the sensor, ms.
fn carry(register: &Register, series: &Series, span: Span) -> i64 {
    let meter = || register.meters.get(&series.sensor).and_then(|h| h.at(last(span)).or_else(|| h.last()));
    let sensor = sensor(register, series, span).map(|sensor| sensor.max_gap_s);
    millis(sensor.or_else(|| meter().map(|meter| meter.max_gap_s)).unwrap_or(900.0))
}

fn hold_off(register: &Register, series: &Series, span: Span) -> i64 {
    millis(sensor(register, series, span).map_or(900.0, |sensor| sensor.hold_off_s))
}

fn sensor<'a>(register: &'a Register, series: &Series, span: Span) -> Option<&'a Sensor> {
    let history = register.sensors.get(&series.sensor)?;
    history.at(last(span)).or_else(|| history.last())
}

const fn last(span: Span) -> Instant {
    span.to.plus_ms(-1)
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a register; `as` saturates")]
const fn millis(secs: f64) -> i64 {
    (secs * 1000.0) as i64
}

/// The median distance of points, ms: a thinned history has wider steps than the sensor.
fn usual_step(points: &[(i64, f64)]) -> i64 {
    let mut steps: Vec<i64> = points.iter().zip(points.iter().skip(1)).map(|(a, b)| b.0 - a.0).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or(0)
}

fn runs(points: &[(i64, f64)], carry_ms: i64) -> Vec<Vec<(i64, f64)>> {
    let mut runs: Vec<Vec<(i64, f64)>> = Vec::new();
    for point in points {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| point.0 - last.0 <= carry_ms) => run.push(*point),
            _ => runs.push(vec![*point]),
        }
    }
    runs
}

/// Whether the values of a quantity stand until the next, so that a slope between them would be a lie.
pub(super) const fn is_stepped(quantity: Quantity) -> bool {
    matches!(
        quantity,
        Quantity::Occupied
            | Quantity::Motion
            | Quantity::PeopleCount
            | Quantity::WindowOpen
            | Quantity::CoolingOn
            | Quantity::HeatingOn
            | Quantity::Setpoint
    ) || !matches!(quantity.nature(), Nature::Gauge | Nature::Counter)
}

/// A run as stairs.
pub(super) fn stepped(run: &[(i64, f64)]) -> Vec<(i64, f64)> {
    let mut stairs = Vec::with_capacity(run.len() * 2);
    for point in run {
        if let Some((_, value)) = stairs.last().copied() {
            stairs.push((point.0, value));
        }
        stairs.push(*point);
    }
    stairs
}

/// When somebody was there, as spans in ms; unobserved time is in no span.
pub(super) fn band(presence: &[Curve]) -> Vec<(i64, i64, bool)> {
    let mut changes: Vec<i64> = Vec::new();
    let pieces: Vec<Vec<(i64, i64, bool)>> = presence.iter().map(pieces).collect();
    for (from, to, _) in pieces.iter().flatten() {
        changes.extend([*from, *to]);
    }
    changes.sort_unstable();
    changes.dedup();
    let mut band: Vec<(i64, i64, bool)> = Vec::new();
    for (from, to) in changes.iter().zip(changes.iter().skip(1)) {
        let heard: Vec<bool> = pieces.iter().filter_map(|own| state_at(own, *from)).collect();
        let is_any = heard.contains(&true);
        // Free needs every sensor to say so; one that is silent leaves the room unknown.
        if !is_any && heard.len() < pieces.len() {
            continue;
        }
        match band.last_mut() {
            Some(last) if last.1 == *from && last.2 == is_any => last.1 = *to,
            _ => band.push((*from, *to, is_any)),
        }
    }
    band
}

fn state_at(pieces: &[(i64, i64, bool)], at: i64) -> Option<bool> {
    let found = pieces.partition_point(|piece| piece.0 <= at).checked_sub(1)?;
    pieces.get(found).filter(|piece| at < piece.1).map(|piece| piece.2)
}

/// The states of one sensor, in time order.
fn pieces(curve: &Curve) -> Vec<(i64, i64, bool)> {
    let mut pieces = Vec::new();
    let mut held = i64::MIN;
    for run in &curve.runs {
        for (i, (at, value)) in run.iter().enumerate() {
            let next = run.get(i + 1).map_or_else(|| (at + curve.carry_ms).min(curve.end_ms), |next| next.0);
            held = match curve.hold_ms {
                Some(hold) if *value > 0.0 => at + hold,
                Some(_) => held,
                None if *value > 0.0 => next,
                None => *at,
            };
            let until = held.clamp(*at, next.max(*at));
            pieces.extend([(*at, until, true), (until, next, false)].into_iter().filter(|p| p.1 > p.0));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(i64, f64)]) -> Curve {
        Curve {
            id: "a".to_owned(),
            runs: runs(points, 10),
            marks: Vec::new(),
            carry_ms: 10,
            hold_ms: None,
            end_ms: 100,
        }
    }

    #[test]
    fn a_pause_longer_than_the_gap_breaks_the_line() {
        let runs = runs(&[(0, 1.0), (10, 2.0), (21, 3.0)], 10);
        assert_eq!(runs, [vec![(0, 1.0), (10, 2.0)], vec![(21, 3.0)]]);
    }

    #[test]
    fn unobserved_time_is_in_no_part_of_the_band() {
        let band = band(&[curve(&[(0, 0.0), (10, 2.0), (50, 0.0)])]);
        assert_eq!(band, [(0, 10, false), (10, 20, true), (50, 60, false)]);
    }

    #[test]
    fn one_motion_keeps_the_room_occupied_for_the_hold_off_and_no_longer_than_observed() {
        let mut motion = curve(&[(0, 1.0), (5, 0.0), (15, 0.0), (90, 1.0)]);
        motion.hold_ms = Some(8);
        assert_eq!(band(&[motion.clone()]), [(0, 8, true), (8, 25, false), (90, 98, true), (98, 100, false)]);
        motion.hold_ms = Some(1000);
        assert_eq!(band(&[motion]), [(0, 25, true), (90, 100, true)]);
    }

    #[test]
    fn two_sensors_say_free_only_together() {
        let band = band(&[curve(&[(0, 0.0)]), curve(&[(5, 0.0), (8, 1.0)])]);
        assert_eq!(band, [(5, 8, false), (8, 18, true)]);
    }

    #[test]
    fn a_reading_outside_the_physical_range_is_a_mark_and_no_point() {
        struct Fake;
        impl ChartSource for Fake {
            fn points(&self, _: &Series, _: Span, _: usize) -> Result<Vec<(Instant, f64)>, String> {
                Ok([(0, 500.0), (1000, 65_535.0), (2000, 510.0)]
                    .map(|(t, v)| (Instant::from_millis(t), v))
                    .into())
            }
        }
        let series =
            Series { sensor: model::Id::parse("a").unwrap(), quantity: Quantity::Co2, channel: None };
        let register = Register::empty(model::Id::parse("x").unwrap());
        let span = Span::new(Instant::from_millis(0), Instant::from_millis(5000));
        let curve = gather(&Fake, &register, &series, span).unwrap();
        assert_eq!(curve.marks, [(1000, 65_535.0)]);
        assert_eq!(curve.runs, [vec![(0, 500.0), (2000, 510.0)]]);
    }
}
