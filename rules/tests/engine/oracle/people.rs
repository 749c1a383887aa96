//! Who is in a room in a minute, and what the air is.

use std::collections::{BTreeMap, BTreeSet};

use model::{Id, Instant, Quantity, RoomUse};

use super::{Minute, Oracle, Track};

impl Oracle<'_> {
    pub(super) fn of(&self, room: &Id, quantity: Quantity, before: Instant) -> Vec<&Track> {
        let mine = |t: &&Track| t.place == *room && t.quantity == quantity && t.first < before;
        self.tracks.iter().filter(mine).collect()
    }

    /// Those of them that hung there in the hour of a minute.
    fn bound(&self, room: &Id, quantity: Quantity, minute: Minute) -> Vec<&Track> {
        let (from, to) = self.hours[minute.hour];
        let mut tracks = self.of(room, quantity, to);
        tracks.retain(|t| t.bound.from < to && from < t.bound.to);
        tracks
    }

    pub(super) fn has_doors(&self, room: &Id, before: Instant) -> bool {
        [Quantity::PeopleIn, Quantity::PeopleOut].iter().all(|q| !self.of(room, *q, before).is_empty())
    }

    pub(super) fn has_people(&self, room: &Id, before: Instant) -> bool {
        !self.of(room, Quantity::PeopleCount, before).is_empty() || self.has_doors(room, before)
    }

    pub(super) fn has_occupancy(&self, room: &Id, before: Instant) -> bool {
        let plain = [Quantity::PeopleCount, Quantity::Occupied, Quantity::Motion];
        plain.iter().any(|q| !self.of(room, *q, before).is_empty()) || self.has_doors(room, before)
    }

    /// Whether somebody is in, and how many (millionths), if known.
    pub(super) fn occupancy(&self, room: &Id, minute: Minute) -> Option<(bool, Option<i64>)> {
        if let Some(people) = self.counted(room, minute) {
            return Some((people > 0, Some(people)));
        }
        if let Some(people) = self.through_doors(room, minute) {
            return Some((people > 0, Some(people)));
        }
        let presence: Vec<Option<bool>> = self
            .bound(room, Quantity::Occupied, minute)
            .iter()
            .map(|t| t.observed.get(&minute.at).map(|v| *v > 0))
            .collect();
        let motion: Vec<Option<bool>> = self
            .bound(room, Quantity::Motion, minute)
            .iter()
            .map(|t| t.observed.get(&minute.at).map(|_| t.moving.contains(&minute.at)))
            .collect();
        for class in [presence, motion] {
            if class.contains(&Some(true)) {
                return Some((true, None));
            }
            if !class.is_empty() && class.iter().all(Option::is_some) {
                return Some((false, None));
            }
        }
        None
    }

    pub(super) fn counted(&self, room: &Id, minute: Minute) -> Option<i64> {
        let tracks = self.bound(room, Quantity::PeopleCount, minute);
        // Groups of zones that overlap: joined until nothing changes.
        let mut groups: Vec<BTreeSet<Option<String>>> = Vec::new();
        for track in &tracks {
            let mut group = BTreeSet::from([track.sensor.zone.clone()]);
            group.extend(track.sensor.overlaps.clone().map(Some));
            let (touching, apart): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|g| g.intersection(&group).next().is_some());
            group.extend(touching.into_iter().flatten());
            groups = apart;
            groups.push(group);
        }
        let mut sum = 0;
        for group in &groups {
            let members = tracks.iter().filter(|t| group.contains(&t.sensor.zone));
            sum += members.filter_map(|t| t.observed.get(&minute.at)).max()?;
        }
        (!groups.is_empty()).then_some(sum)
    }

    pub(super) fn through_doors(&self, room: &Id, minute: Minute) -> Option<i64> {
        let ways = [(Quantity::PeopleIn, 1), (Quantity::PeopleOut, -1)];
        if ways.iter().any(|(way, _)| self.bound(room, *way, minute).is_empty()) {
            return None;
        }
        let midnight = self.days[minute.day].0;
        let mut net: BTreeMap<Instant, i64> = BTreeMap::new();
        for (quantity, sign) in ways {
            for track in self.bound(room, quantity, minute) {
                track.observed.get(&minute.at)?;
                for (at, value) in track.readings.iter().filter(|(at, _)| midnight <= *at && *at <= minute.at)
                {
                    *net.entry(*at).or_default() += sign * value;
                }
            }
        }
        Some(net.values().fold(0, |people, change| (people + change).max(0)))
    }

    pub(super) fn gauge(&self, room: &Id, quantity: Quantity, minute: Minute) -> Option<i64> {
        let before = self.hours[minute.hour].1;
        let seen: Vec<i64> = self
            .of(room, quantity, before)
            .iter()
            .filter_map(|t| t.observed.get(&minute.at).copied())
            .collect();
        let count = i64::try_from(seen.len()).unwrap();
        (count > 0).then(|| seen.iter().sum::<i64>().div_euclid(count))
    }

    /// The office rooms of a building at an instant.
    pub(super) fn rooms(&self, building: &Id, at: Instant) -> Vec<Id> {
        let office = [RoomUse::Office, RoomUse::Meeting];
        let rooms = self.case.register.places.keys();
        let rooms = rooms.filter(|name| *name != building && self.is_below(name, building, at));
        rooms.filter(|name| office.contains(&self.place(name, at).room_use.unwrap())).cloned().collect()
    }
}
