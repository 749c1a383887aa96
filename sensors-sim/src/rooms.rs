//! Rooms of a scenario and what is seeded in them.

use model::{Id, Instant, RoomUse, register::Rank};

use crate::{
    dates::value,
    noise::Stream,
    scenario::{Breach, File, Pattern, RoomGroup, ScenarioError},
};

/// A room and how it is used.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) id: Id,
    pub(crate) floor: u32,
    pub(crate) label: String,
    pub(crate) room_use: RoomUse,
    pub(crate) usable_area_m2: Option<f64>,
    pub(crate) people: u32,
    pub(crate) capacity: Option<u32>,
    pub(crate) pattern: Pattern,
    /// Outdoor air while ventilation runs, m³/h.
    pub(crate) supply_m3h: f64,
    /// Whether ventilation never changes, day and night.
    pub(crate) is_always_supplied: bool,
    /// From when on the room gets this much outdoor air instead, m³/h.
    pub(crate) repaired: Option<(Instant, f64)>,
    /// Set-points, °C, and whether somebody left the unit running on rest days too.
    pub(crate) cooling_c: f64,
    pub(crate) heating_c: f64,
    pub(crate) is_left_running: bool,
    pub(crate) ranks: Vec<Rank>,
    pub(crate) body: Option<Id>,
    pub(crate) stream: Stream,
}

/// Floor and place in the row of each room of a group.
pub(crate) fn numbers(group: &RoomGroup) -> impl Iterator<Item = (u32, u32)> {
    group.floors.iter().flat_map(|floor| (0..group.count).map(|number| (*floor, number)))
}

/// The id of a room: its group's prefix and its number.
pub(crate) fn id(group: &RoomGroup, floor: u32, number: u32) -> Id {
    Id::fold(&format!("{}-{}", group.prefix, floor * 100 + group.first + number))
}

/// The rooms of a group, before anything is seeded.
pub(crate) fn of_group(file: &File, group: &RoomGroup) -> Vec<Room> {
    let made = (0..).zip(numbers(group)).map(|(index, (floor, number)): (usize, _)| {
        let id = id(group, floor, number);
        let body = index.checked_rem(group.bodies.len()).and_then(|turn| group.bodies.get(turn));
        Room {
            floor,
            label: format!("{}{}", group.label, floor * 100 + group.first + number),
            room_use: group.room_use,
            usable_area_m2: group.usable_area_m2,
            people: group.people,
            capacity: group.capacity,
            pattern: group.pattern,
            supply_m3h: group.fresh_air_m3h * f64::from(group.people.max(1)),
            is_always_supplied: group.pattern == Pattern::Always,
            repaired: None,
            cooling_c: 26.5,
            heating_c: 19.0,
            is_left_running: false,
            ranks: group.ranks.clone(),
            body: body.cloned(),
            stream: Stream::new(file.seed, id.as_str()),
            id,
        }
    });
    made.collect()
}

/// Changes the room that a seeded breach is about; `when` knows the instants of the scenario's days.
pub(crate) fn seed(
    breach: &Breach,
    rooms: &mut [Room],
    when: impl Fn(u32, &str) -> Result<Instant, ScenarioError>,
) -> Result<(), ScenarioError> {
    match breach {
        Breach::StaleAir { room, fresh_air_m3h, pattern, repaired } => {
            let room = find(rooms, room)?;
            if let Some(repaired) = repaired {
                room.repaired = Some((when(repaired.day, &repaired.at)?, room.supply_m3h));
            }
            room.supply_m3h = *fresh_air_m3h;
            room.is_always_supplied = true;
            room.pattern = pattern.unwrap_or(room.pattern);
        }
        Breach::Crowded { room, people, pattern } => {
            let room = find(rooms, room)?;
            room.pattern = pattern.unwrap_or(room.pattern);
            // More people bring more supply: this room is crowded, not stale.
            room.supply_m3h *= f64::from(*people) / f64::from(room.people.max(1));
            room.people = *people;
        }
        Breach::Idle { room } => find(rooms, room)?.pattern = Pattern::Empty,
        Breach::Setpoint { room, cooling, heating } => {
            let room = find(rooms, room)?;
            (room.cooling_c, room.heating_c, room.is_left_running) = (*cooling, *heating, true);
        }
        Breach::Oversized { room, usable_area_m2 } => {
            find(rooms, room)?.usable_area_m2 = Some(*usable_area_m2);
        }
        Breach::NightWaste { .. } | Breach::OverQuota { .. } => {}
    }
    Ok(())
}

fn find<'a>(rooms: &'a mut [Room], id: &Id) -> Result<&'a mut Room, ScenarioError> {
    let found = rooms.iter_mut().find(|room| room.id == *id);
    found.ok_or_else(|| value("breach.room", format!("no room `{id}`")))
}
