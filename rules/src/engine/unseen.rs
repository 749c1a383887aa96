//! Time of a window before a place had its first reading, or after the input has ended: judged, and unobserved.

use model::{Calendar, Instant, Period, Span};

use super::{place::PlaceState, shard::Shard};
use crate::{Gate, measure::Basis, partial::Partial};

impl Shard {
    /// The partials of a window by day; its time outside the place's hours counts as unobserved.
    ///
    /// Without it a week whose first reading came on its Friday would claim to be known in full.
    /// `closed_to` is up to when its hours could be told.
    pub(super) fn days(
        &self,
        state: &PlaceState,
        basis: Basis,
        window: Span,
        closed_to: Instant,
    ) -> Option<Vec<(Span, Partial)>> {
        let calendar = &self.register.calendar;
        let mut days = state.partials(basis, window, calendar)?;
        let opened = state.kept.opened.map_or(window.from, |at| at.clamp(window.from, window.to));
        let ended = closed_to.clamp(opened, window.to);
        if opened == window.from && ended == window.to {
            return Some(days);
        }
        let sum: i64 = days.iter().map(|(_, partial)| partial.judged).sum();
        if sum == 0 {
            return Some(days);
        }
        let seen = judged(basis, calendar, Span::new(opened, ended));
        // Occupation of several rooms is weighted: so is the time in which they were not seen.
        let is_weighted = !(state.rooms.is_empty() || basis == Basis::Peak || basis.is_of_meters());
        for unseen in [Span::new(window.from, opened), Span::new(ended, window.to)] {
            for day in calendar.windows(Period::Day, unseen) {
                let missing = unseen.intersect(day).map_or(0, |part| judged(basis, calendar, part));
                let missing = if is_weighted { scaled(missing, sum, seen) } else { missing };
                if missing > 0 {
                    add(&mut days, day, missing);
                }
            }
        }
        Some(days)
    }

    /// Where the hours of a place end that the input could tell of; open as long as it goes on.
    pub(super) fn closed_to(&self, state: &PlaceState) -> Instant {
        let next = state.kept.next_hour.filter(|_| self.has_ended);
        next.map_or(Instant::MAX, |hour| hour.from).min(self.clip.to)
    }
}

/// The time of a span that a basis judges while nothing is known, ms.
fn judged(basis: Basis, calendar: &Calendar, span: Span) -> i64 {
    let spans = match basis {
        Basis::Occupied
        | Basis::People
        | Basis::Gauge(_, Some(Gate::Working))
        | Basis::Outside(_, Some(Gate::Working), _)
        | Basis::Regularity(_, true) => calendar.working_spans(span),
        Basis::WeekdayPeople => calendar.weekday_spans(span),
        Basis::Present
        | Basis::Peak
        | Basis::WhileEmpty
        | Basis::Regularity(..)
        | Basis::Gauge(..)
        | Basis::Outside(..) => {
            return span.millis();
        }
    };
    spans.iter().map(|s| s.millis()).sum()
}

/// Missing time with the weight of the time that was seen.
fn scaled(missing: i64, sum: i64, seen: i64) -> i64 {
    let weighted = i128::from(missing) * i128::from(sum) / i128::from(seen.max(1));
    i64::try_from(weighted).unwrap_or(i64::MAX)
}

/// Adds judged time to a day, which may have no partial yet.
fn add(days: &mut Vec<(Span, Partial)>, day: Span, judged: i64) {
    let index = days.partition_point(|(held, _)| held.from < day.from);
    match days.get_mut(index) {
        Some((held, partial)) if held.from == day.from => partial.judged += judged,
        _ => days.insert(index, (day, Partial { judged, ..Partial::default() })),
    }
}
