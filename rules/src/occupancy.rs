//! Fusion: from counters, presence and motion sensors of a room to who is in it.

use std::collections::BTreeMap;

use model::Span;

use crate::steps::{Micro, Steps, sweep};

/// What is known of a room at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occupancy {
    /// Whether somebody is there.
    pub(crate) is_occupied: bool,
    /// How many, in millionths, where a counter says so.
    pub(crate) people: Option<Micro>,
}

/// One counter's track with the zone that it counts.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    /// Its zone; `None` is the whole room.
    pub(crate) zone: Option<Box<str>>,
    /// A zone that it overlaps.
    pub(crate) overlaps: Option<Box<str>>,
    /// Counts over time.
    pub(crate) steps: Steps<Micro>,
}

/// The occupancy of a room over `window`.
///
/// At each instant the best observed class decides: count over what passed the doors over presence
/// over motion. Counts of different zones add, overlapping ones take the maximum, and a count is known only where every
/// zone is observed. Presence (and motion likewise) is true if any sensor says so, unknown if
/// none does and one of them is unobserved.
#[must_use]
pub(crate) fn fused(
    counts: &[Counted],
    doors: Option<&Steps<Micro>>,
    presence: &[Steps<Micro>],
    motion: &[Steps<Micro>],
    window: Span,
) -> Steps<Occupancy> {
    let groups = zone_groups(counts);
    let tracks: Vec<&Steps<Micro>> =
        counts.iter().map(|c| &c.steps).chain(doors).chain(presence).chain(motion).collect();
    let mut out = Steps::default();
    sweep(&tracks, window, |span, values| {
        let (counted, rest) = values.split_at(counts.len().min(values.len()));
        let (through, rest) = rest.split_at(usize::from(doors.is_some()).min(rest.len()));
        let (present, moving) = rest.split_at(presence.len().min(rest.len()));
        let known = people(counted, &groups)
            .or_else(|| through.first().copied().flatten())
            .map(|people| Occupancy { is_occupied: people > 0, people: Some(people) })
            .or_else(|| any(present).map(|is_occupied| Occupancy { is_occupied, people: None }))
            .or_else(|| any(moving).map(|is_occupied| Occupancy { is_occupied, people: None }));
        if let Some(occupancy) = known {
            out.push(span, occupancy);
        }
    });
    out
}

/// For each counter the number of its zone group: overlapping zones share one.
fn zone_groups(counts: &[Counted]) -> Vec<usize> {
    let mut group_of: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for counted in counts {
        let next = group_of.len();
        let own = *group_of.entry(counted.zone.as_deref()).or_insert(next);
        if let Some(other) = counted.overlaps.as_deref() {
            match group_of.get(&Some(other)).copied() {
                Some(joined) if joined != own => {
                    group_of.values_mut().filter(|g| **g == own).for_each(|g| *g = joined);
                }
                Some(_) => {}
                None => {
                    group_of.insert(Some(other), own);
                }
            }
        }
    }
    counts.iter().map(|c| group_of.get(&c.zone.as_deref()).copied().unwrap_or(0)).collect()
}

fn people(values: &[Option<Micro>], groups: &[usize]) -> Option<Micro> {
    let mut largest: BTreeMap<usize, Option<Micro>> = BTreeMap::new();
    for (value, group) in values.iter().zip(groups) {
        let held = largest.entry(*group).or_default();
        *held = (*held).max(*value);
    }
    if largest.is_empty() { None } else { largest.into_values().sum() }
}

/// True if any is above 0; unknown if none is and one is unobserved, or there is none at all.
fn any(values: &[Option<Micro>]) -> Option<bool> {
    if values.iter().flatten().any(|v| *v > 0) {
        Some(true)
    } else if values.is_empty() || values.iter().any(Option::is_none) {
        None
    } else {
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use model::Instant;

    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span::new(Instant::from_millis(from), Instant::from_millis(to))
    }

    fn steps(pieces: &[(i64, i64, i64)]) -> Steps<Micro> {
        let mut out = Steps::default();
        for (from, to, value) in pieces {
            out.push(span(*from, *to), *value);
        }
        out
    }

    fn counted(zone: Option<&str>, overlaps: Option<&str>, value: i64) -> Counted {
        Counted {
            zone: zone.map(Box::from),
            overlaps: overlaps.map(Box::from),
            steps: steps(&[(0, 10, value)]),
        }
    }

    fn people_of(counts: &[Counted]) -> Option<Micro> {
        fused(counts, None, &[], &[], span(0, 10)).iter().next().and_then(|(_, o)| o.people)
    }

    #[test]
    fn counts_of_zones_add_and_overlapping_ones_take_the_maximum() {
        assert_eq!(people_of(&[counted(Some("a"), None, 2), counted(Some("b"), None, 3)]), Some(5));
        assert_eq!(people_of(&[counted(Some("a"), None, 2), counted(Some("b"), Some("a"), 3)]), Some(3));
        assert_eq!(people_of(&[counted(None, None, 2), counted(None, None, 3)]), Some(3));
    }

    #[test]
    fn presence_stays_unknown_while_one_silent_sensor_could_still_see_somebody() {
        let silent = Steps::default();
        let empty = steps(&[(0, 10, 0)]);
        let busy = steps(&[(0, 10, 1)]);
        let w = span(0, 10);
        assert!(fused(&[], None, &[empty.clone(), silent.clone()], &[], w).is_empty());
        assert!(fused(&[], None, &[busy, silent], &[], w).iter().all(|(_, o)| o.is_occupied));
        assert!(fused(&[], None, &[empty.clone(), empty], &[], w).iter().all(|(_, o)| !o.is_occupied));
    }

    #[test]
    fn a_count_outranks_presence_and_presence_outranks_motion() {
        let w = span(0, 30);
        let count = Counted { zone: None, overlaps: None, steps: steps(&[(0, 10, 0)]) };
        let presence = steps(&[(0, 20, 1)]);
        let motion = steps(&[(0, 30, 0)]);
        let seen: Vec<_> =
            fused(&[count], None, &[presence], &[motion], w).iter().map(|(_, o)| o.is_occupied).collect();
        assert_eq!(seen, [false, true, false]);
    }
}
