//! Step functions of time: what stands from when to when. Unobserved time is simply absent.
//!
//! Values are integers (micro-units), so that sums do not depend on order.

use model::{Instant, Span};

/// A value in millionths of its unit.
pub(crate) type Micro = i64;

/// Converts a value to micro-units, rounded to the nearest.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates; physical ranges keep far below the end")]
pub(crate) fn micro(value: f64) -> Micro {
    (value * 1e6).round() as Micro
}

/// Values that stand over spans, in time order, never overlapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Steps<T>(Vec<(Span, T)>);

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + PartialEq> Steps<T> {
    /// Appends a span; empty spans are dropped, equal neighbours join.
    pub(crate) fn push(&mut self, span: Span, value: T) {
        if span.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some((last, held)) if last.to == span.from && *held == value => last.to = span.to,
            _ => self.0.push((span, value)),
        }
    }

    /// The spans and values in time order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Span, T)> + '_ {
        self.0.iter().copied()
    }

    /// Whether nothing is observed.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same steps with another value.
    pub(crate) fn map<U: Copy + PartialEq>(&self, f: impl Fn(T) -> U) -> Steps<U> {
        let mut out = Steps::default();
        for (span, value) in self.iter() {
            out.push(span, f(value));
        }
        out
    }
}

/// How a series carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Carry {
    /// Longest time a reading stands, ms.
    pub(crate) max_gap_ms: i64,
    /// How long the last reading of an input that has ended stands, ms.
    pub(crate) interval_ms: i64,
    /// Whether the input has ended, so that the last reading stands only `interval_ms`.
    pub(crate) has_ended: bool,
    /// Nothing stands outside the binding.
    pub(crate) binding: Span,
}

/// Readings in time order, each at its own instant, as steps inside `window`: each stands
/// until the next, at most the longest gap.
#[must_use]
pub(crate) fn carried(readings: &[(Instant, Micro)], carry: Carry, window: Span) -> Steps<Micro> {
    let mut steps = Steps::default();
    let Some(inside) = window.intersect(carry.binding) else { return steps };
    let first = readings.partition_point(|(at, _)| *at <= inside.from).saturating_sub(1);
    let last = readings.partition_point(|(at, _)| *at < inside.to);
    steps.0.reserve_exact(last.saturating_sub(first));
    for (index, (at, value)) in readings.iter().enumerate().take(last).skip(first) {
        let end = match readings.get(index + 1) {
            Some((next, _)) => (*next).min(at.plus_ms(carry.max_gap_ms)),
            None if carry.has_ended => at.plus_ms(carry.interval_ms.min(carry.max_gap_ms)),
            None => at.plus_ms(carry.max_gap_ms),
        };
        if let Some(span) = Span::new(*at, end).intersect(inside) {
            steps.push(span, *value);
        }
    }
    steps
}

/// Motion as steps of occupied (1) or not (0): each value above 0 occupies for `hold_off_ms`,
/// intersected with the observed time of the series.
#[must_use]
pub(crate) fn held_motion(
    readings: &[(Instant, Micro)],
    carry: Carry,
    hold_off_ms: i64,
    window: Span,
) -> Steps<Micro> {
    let observed = carried(readings, carry, window);
    let start = window.from.plus_ms(-hold_off_ms);
    let first = readings.partition_point(|(at, _)| *at <= start);
    let mut held: Vec<Span> = Vec::new();
    for (at, value) in readings.iter().skip(first) {
        if *at >= window.to {
            break;
        }
        if *value > 0 {
            let span = Span::new(*at, at.plus_ms(hold_off_ms));
            match held.last_mut() {
                Some(last) if last.to >= span.from => last.to = last.to.max(span.to),
                _ => held.push(span),
            }
        }
    }
    let mut steps = Steps::default();
    let mut held = held.into_iter().peekable();
    for (span, _) in observed.iter() {
        let mut from = span.from;
        while from < span.to {
            while held.peek().is_some_and(|h| h.to <= from) {
                held.next();
            }
            match held.peek() {
                Some(h) if h.from <= from => {
                    let to = h.to.min(span.to);
                    steps.push(Span::new(from, to), 1_000_000);
                    from = to;
                }
                Some(h) => {
                    let to = h.from.min(span.to);
                    steps.push(Span::new(from, to), 0);
                    from = to;
                }
                None => {
                    steps.push(Span::new(from, span.to), 0);
                    from = span.to;
                }
            }
        }
    }
    steps
}

/// Walks several step functions at once over `window`, in pieces in which none of them changes.
///
/// `visit` gets the piece and the value of each function there, `None` where it is unobserved.
pub(crate) fn sweep<T: Copy + PartialEq>(
    tracks: &[&Steps<T>],
    window: Span,
    mut visit: impl FnMut(Span, &[Option<T>]),
) {
    let mut at: Vec<usize> = vec![0; tracks.len()];
    let mut values: Vec<Option<T>> = vec![None; tracks.len()];
    let mut from = window.from;
    while from < window.to {
        let mut to = window.to;
        for ((track, index), value) in tracks.iter().zip(at.iter_mut()).zip(values.iter_mut()) {
            while track.0.get(*index).is_some_and(|(span, _)| span.to <= from) {
                *index += 1;
            }
            *value = match track.0.get(*index) {
                Some((span, held)) if span.from <= from => {
                    to = to.min(span.to);
                    Some(*held)
                }
                Some((span, _)) => {
                    to = to.min(span.from);
                    None
                }
                None => None,
            };
        }
        visit(Span::new(from, to), &values);
        from = to;
    }
}

/// The mean of several series at each instant, over those that are observed there.
#[must_use]
pub(crate) fn mean_of(tracks: Vec<Steps<Micro>>, window: Span) -> Steps<Micro> {
    if tracks.len() == 1 {
        return tracks.into_iter().next().unwrap_or_default();
    }
    let mut out = Steps::default();
    let refs: Vec<&Steps<Micro>> = tracks.iter().collect();
    sweep(&refs, window, |span, values| {
        let seen: Vec<i128> = values.iter().flatten().map(|v| i128::from(*v)).collect();
        let Ok(count) = i128::try_from(seen.len()) else { return };
        if count > 0 {
            let mean = seen.iter().sum::<i128>().div_euclid(count);
            out.push(span, i64::try_from(mean).unwrap_or(i64::MAX));
        }
    });
    out
}

/// The parts of `window` that lie in `spans` as steps of unit value.
#[must_use]
pub(crate) fn mask(spans: &[Span], window: Span) -> Steps<Micro> {
    let mut out = Steps::default();
    for span in spans {
        if let Some(inside) = span.intersect(window) {
            out.push(inside, 1);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(s: i64) -> Instant {
        Instant::from_millis(s * 1000)
    }

    fn carry(gap: i64) -> Carry {
        Carry { max_gap_ms: gap * 1000, interval_ms: 60_000, has_ended: false, binding: Span::ALWAYS }
    }

    #[test]
    fn a_reading_stands_until_the_next_and_at_most_the_longest_gap() {
        let readings = [(t(0), 1), (t(60), 2), (t(600), 3)];
        let steps = carried(&readings, carry(180), Span::new(t(0), t(3600)));
        let spans: Vec<_> = steps.iter().collect();
        assert_eq!(
            spans,
            [(Span::new(t(0), t(60)), 1), (Span::new(t(60), t(240)), 2), (Span::new(t(600), t(780)), 3)]
        );
    }

    #[test]
    fn a_reading_from_before_the_window_stands_into_it() {
        let steps = carried(&[(t(0), 7)], carry(180), Span::new(t(100), t(200)));
        assert_eq!(steps.iter().collect::<Vec<_>>(), [(Span::new(t(100), t(180)), 7)]);
    }

    #[test]
    fn where_the_input_ends_the_last_reading_stands_one_interval() {
        let ended = Carry { has_ended: true, ..carry(180) };
        let steps = carried(&[(t(0), 7)], ended, Span::new(t(0), t(200)));
        assert_eq!(steps.iter().collect::<Vec<_>>(), [(Span::new(t(0), t(60)), 7)]);
    }

    #[test]
    fn motion_occupies_for_the_hold_off_but_only_while_observed() {
        let readings = [(t(0), 1), (t(60), 0), (t(120), 0), (t(1000), 0)];
        let steps = held_motion(&readings, carry(120), 900, Span::new(t(0), t(1100)));
        // hold-off in ms is 900 here: under one second
        assert_eq!(steps.iter().next().map(|(s, v)| (s.millis(), v)), Some((900, 1_000_000)));
        let long = held_motion(&readings, carry(120), 900_000, Span::new(t(0), t(1100)));
        let occupied: i64 = long.iter().filter(|(_, v)| *v > 0).map(|(s, _)| s.millis()).sum();
        assert_eq!(occupied, 240_000, "observed from 0 to 240 s, the gap after that is not occupied");
    }

    #[test]
    fn between_two_motions_the_room_is_free_once_the_hold_off_has_passed() {
        let readings: Vec<_> =
            (0..=30).map(|n| (t(60 * n), i64::from(n == 0 || n == 3 || n == 20))).collect();
        let steps = held_motion(&readings, carry(120), 300_000, Span::new(t(0), t(1800)));
        let occupied: Vec<_> = steps.iter().filter(|(_, v)| *v > 0).map(|(span, _)| span).collect();
        assert_eq!(occupied, [Span::new(t(0), t(480)), Span::new(t(1200), t(1500))]);
    }

    #[test]
    fn a_sweep_names_what_is_unobserved() {
        let a = carried(&[(t(0), 1)], carry(100), Span::new(t(0), t(300)));
        let b = carried(&[(t(50), 2)], carry(100), Span::new(t(0), t(300)));
        let mut pieces = Vec::new();
        sweep(&[&a, &b], Span::new(t(0), t(300)), |span, v| pieces.push((span.millis() / 1000, v.to_vec())));
        assert_eq!(
            pieces,
            [
                (50, vec![Some(1), None]),
                (50, vec![Some(1), Some(2)]),
                (50, vec![None, Some(2)]),
                (150, vec![None, None])
            ]
        );
    }
}
