//! Who is in a room and when: a few intervals a person a day, drawn from the room's stream.

use crate::{noise::Stream, scenario::Pattern};

/// Seconds after local midnight, from and to.
pub(crate) type Stay = (i64, i64);

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

/// The stays of all people in a room on one day; `day` counts days and `is_working` says whether it is worked.
pub(crate) fn stays(pattern: Pattern, people: u32, stream: Stream, day: i64, is_working: bool) -> Vec<Stay> {
    match pattern {
        Pattern::Empty => Vec::new(),
        Pattern::Always => vec![(0, 26 * HOUR); people as usize],
        Pattern::Desk if is_working => {
            (0..people).flat_map(|who| at_desk(stream.of(u64::from(who)), day)).collect()
        }
        Pattern::Meeting if is_working => meetings(people, stream, day),
        Pattern::Shift if is_working => {
            together(people, [(8 * HOUR + 30 * MINUTE, 12 * HOUR), (13 * HOUR, 17 * HOUR + 30 * MINUTE)])
        }
        Pattern::Desk | Pattern::Meeting | Pattern::Shift => Vec::new(),
        // Both begin on the hour, so that no judged hour is mostly the fresh air before them.
        Pattern::DailyMeeting => {
            together(people, [(9 * HOUR, 11 * HOUR + 30 * MINUTE), (14 * HOUR, 17 * HOUR)])
        }
    }
}

/// All people, each for both stays.
fn together(people: u32, stays: [Stay; 2]) -> Vec<Stay> {
    stays.into_iter().flat_map(|stay| std::iter::repeat_n(stay, people as usize)).collect()
}

/// One person's day: arrival, lunch, leaving, and at times a meeting elsewhere or a day away.
fn at_desk(stream: Stream, day: i64) -> Vec<Stay> {
    if stream.of(0).uniform(day) < 0.08 {
        return Vec::new();
    }
    let around =
        |aspect: u64, clock: i64, minutes: f64| clock + seconds(stream.of(aspect).normal(day) * minutes);
    let arrive = around(1, 8 * HOUR + 25 * MINUTE, 9.0);
    let lunch = around(2, 12 * HOUR, 5.0);
    let back = around(3, 13 * HOUR, 8.0).max(lunch + 20 * MINUTE);
    let leave = around(4, 17 * HOUR + 45 * MINUTE, 18.0);
    let mut stays = vec![(arrive, lunch), (back, leave)];
    let draw = stream.of(5).uniform(day);
    if draw < 0.35 {
        let begin = if draw < 0.18 { 9 * HOUR + 30 * MINUTE } else { 14 * HOUR + 30 * MINUTE };
        let end = begin + seconds(stream.of(6).between(day, 40.0, 90.0));
        stays = stays.into_iter().flat_map(|stay| without(stay, (begin, end))).collect();
    }
    stays
}

fn seconds(minutes: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "minutes of one day")]
    let seconds = (minutes * 60.0).round() as i64;
    seconds
}

fn without(stay: Stay, gap: Stay) -> impl Iterator<Item = Stay> {
    let parts =
        if gap.1 <= stay.0 || stay.1 <= gap.0 { [stay, (0, 0)] } else { [(stay.0, gap.0), (gap.1, stay.1)] };
    parts.into_iter().filter(|(from, to)| to > from)
}

/// Up to four meetings a day, each a little more than half the time, 30 to 80 % of the seats.
fn meetings(seats: u32, stream: Stream, day: i64) -> Vec<Stay> {
    let slots: [Stay; 4] = [
        (9 * HOUR, 10 * HOUR + 20 * MINUTE),
        (10 * HOUR + 30 * MINUTE, 11 * HOUR + 50 * MINUTE),
        (14 * HOUR, 15 * HOUR + 20 * MINUTE),
        (15 * HOUR + 30 * MINUTE, 17 * HOUR),
    ];
    let mut stays = Vec::new();
    for (slot, stay) in (0_u64..).zip(slots) {
        let stream = stream.of(slot);
        // One meeting a day is certain, so that a used room never looks idle.
        let is_held = i64::try_from(slot) == Ok(day.rem_euclid(4)) || stream.uniform(day) < 0.5;
        if is_held {
            let share = stream.of(1).between(day, 0.3, 0.8);
            let count = (1..=seats).take_while(|n| f64::from(*n) <= f64::from(seats) * share).count().max(2);
            stays.extend(std::iter::repeat_n(stay, count));
        }
    }
    stays
}

/// People present at each step of a day of `steps` steps of `step_s` seconds.
pub(crate) fn counts(stays: &[Stay], steps: usize, step_s: i64) -> Vec<u16> {
    let mut change = vec![0_i32; steps + 1];
    let index = |second: i64| usize::try_from(second.max(0).div_euclid(step_s)).unwrap_or(0).min(steps);
    for (from, to) in stays {
        if let Some(step) = change.get_mut(index(*from)) {
            *step += 1;
        }
        if let Some(step) = change.get_mut(index(*to)) {
            *step -= 1;
        }
    }
    change
        .iter()
        .take(steps)
        .scan(0_i32, |present, step| {
            *present += step;
            Some(u16::try_from(*present).unwrap_or(0))
        })
        .collect()
}

/// Hours that all people together spend in the room.
pub(crate) fn person_hours(stays: &[Stay], day_s: i64) -> f64 {
    let seconds: i64 = stays.iter().map(|(from, to)| to.min(&day_s) - from).sum();
    i32::try_from(seconds).map_or(0.0, |s| f64::from(s) / 3600.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_is_used_on_working_days_with_a_lunch_break() {
        let stays = stays(Pattern::Desk, 40, Stream::new(1, "open-101"), 20_000, true);
        let counts = counts(&stays, 720, 120);
        assert_eq!(counts[60], 0, "02:00");
        assert!(counts[10 * 30] > 25, "10:00: {}", counts[10 * 30]);
        assert!(counts[12 * 30 + 15] < 8, "12:30: {}", counts[12 * 30 + 15]);
        assert_eq!(counts[23 * 30], 0, "23:00");
        assert!(super::stays(Pattern::Desk, 40, Stream::new(1, "open-101"), 20_000, false).is_empty());
    }

    #[test]
    fn a_used_meeting_room_is_used_every_working_day() {
        for day in 0..200 {
            assert!(!stays(Pattern::Meeting, 12, Stream::new(1, "meeting-101"), day, true).is_empty());
        }
    }

    #[test]
    fn counted_and_summed_hours_agree() {
        let stays = stays(Pattern::Desk, 8, Stream::new(1, "office-101"), 20_001, true);
        let counted: f64 = counts(&stays, 720, 120).iter().map(|n| f64::from(*n) / 30.0).sum();
        assert!((counted - person_hours(&stays, 86_400)).abs() < 0.6);
    }
}
