//! The office made of a scenario file: rooms, devices, meters and faults, each with its own stream.

use jiff::{ToSpan, civil::Time, tz::TimeZone};
use model::{
    Calendar, Id, Instant, Quantity, Span,
    register::{Carrier, EndUse},
};

use crate::{
    dates::{self, value},
    fault::Fault,
    noise::Stream,
    rooms::{self, Room},
    scenario::{Breach, FaultRow, File, Format, Kit, Pattern, ScenarioError},
    weather::Weather,
};

/// What a device measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A device of a room, by index.
    Room(usize, Kit),
    /// The weather station.
    Outdoor,
    /// A meter, by index.
    Meter(usize),
}

/// Something that publishes.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    /// `{kit}-{room}` or the id of a meter; the same in every format.
    pub(crate) name: String,
    /// Id on the wire and in the register.
    pub(crate) id: Id,
    pub(crate) place: Id,
    pub(crate) role: Role,
    pub(crate) format: Format,
    pub(crate) interval_s: i64,
    /// Whether the register knows it.
    pub(crate) is_registered: bool,
    pub(crate) stream: Stream,
}

/// A meter: what the register says of it and what drives it.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    pub(crate) id: Id,
    pub(crate) place: Id,
    pub(crate) carrier: Carrier,
    pub(crate) end_use: EndUse,
    pub(crate) parent: Option<Id>,
    pub(crate) multiplier: f64,
    pub(crate) initial: f64,
    /// kW (m³/h for water) by night, and more at full presence.
    pub(crate) night: f64,
    pub(crate) day: f64,
    /// The room whose people drive it; the building's otherwise.
    pub(crate) room: Option<usize>,
    pub(crate) stream: Stream,
}

/// Everything that stands still during a run.
#[derive(Debug, Clone)]
pub(crate) struct Office {
    pub(crate) file: File,
    pub(crate) start: Instant,
    pub(crate) calendar: Calendar,
    pub(crate) rooms: Vec<Room>,
    pub(crate) devices: Vec<Device>,
    pub(crate) meters: Vec<Meter>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) weather: Weather,
    /// The people of all desks, who make the building's presence.
    pub(crate) staff: f64,
}

impl Office {
    pub(crate) fn build(file: File, start: Instant) -> Result<Self, ScenarioError> {
        let zone = TimeZone::get(&file.time_zone)
            .map_err(|_| value("time_zone", format!("no zone is named `{}`", file.time_zone)))?;
        let ahead_ms = f64::from(zone.to_offset(start.timestamp()).seconds()) * 1000.0;
        let calendar = dates::calendar(&file, zone, start)?;
        let weather = Weather::new(file.seed, ahead_ms);
        let mut rooms: Vec<Room> =
            file.rooms.iter().flat_map(|group| rooms::of_group(&file, group)).collect();
        for breach in &file.breach {
            rooms::seed(breach, &mut rooms, |day, at| instant(&calendar, start, day, at, "breach.repaired"))?;
        }
        let staff: f64 =
            rooms.iter().filter(|r| r.pattern == Pattern::Desk).map(|r| f64::from(r.people)).sum();
        let mut office = Self {
            start,
            calendar,
            rooms,
            devices: Vec::new(),
            meters: Vec::new(),
            faults: Vec::new(),
            weather,
            staff: staff.max(1.0),
            file,
        };
        office.add_devices();
        office.add_meters()?;
        for row in &office.file.fault {
            let fault = office.fault(row)?;
            office.faults.push(fault);
        }
        Ok(office)
    }

    fn add_devices(&mut self) {
        for group in &self.file.rooms {
            for row in &group.kits {
                let fits = |number: u32| number < row.only.unwrap_or(group.count);
                for (floor, number) in rooms::numbers(group).filter(|&(_, number)| fits(number)) {
                    let id = rooms::id(group, floor, number);
                    let Some(room) = self.rooms.iter().position(|room| room.id == id) else { continue };
                    let name = format!("{}-{id}", row.kit.name());
                    let stream = Stream::new(self.file.seed, &name);
                    let role = if row.kit == Kit::Plug {
                        self.meters.push(plug(&name, &id, room, stream));
                        Role::Meter(self.meters.len() - 1)
                    } else {
                        Role::Room(room, row.kit)
                    };
                    let wire = wire_id(row.format, &name, stream);
                    let interval_s = row.interval_s.unwrap_or(row.kit.interval_s());
                    self.devices.push(Device {
                        name,
                        id: wire,
                        place: id,
                        role,
                        format: row.format,
                        interval_s,
                        is_registered: !row.is_unregistered,
                        stream,
                    });
                }
            }
        }
        if self.file.building.weather_station {
            let name = "weather-roof".to_owned();
            let stream = Stream::new(self.file.seed, &name);
            self.devices.push(Device {
                id: Id::fold(&name),
                name,
                place: self.file.site.id.clone(),
                role: Role::Outdoor,
                format: Format::Senml,
                interval_s: 600,
                is_registered: true,
                stream,
            });
        }
    }

    fn add_meters(&mut self) -> Result<(), ScenarioError> {
        for row in &self.file.meter {
            let stream = Stream::new(self.file.seed, row.id.as_str());
            self.devices.push(Device {
                name: row.id.to_string(),
                id: row.id.clone(),
                place: self.file.building.id.clone(),
                role: Role::Meter(self.meters.len()),
                format: Format::Senml,
                interval_s: 300,
                is_registered: true,
                stream,
            });
            self.meters.push(Meter {
                id: row.id.clone(),
                place: self.file.building.id.clone(),
                carrier: row.carrier,
                end_use: row.end_use,
                parent: row.parent.clone(),
                multiplier: row.multiplier,
                initial: row.initial,
                night: row.night,
                day: row.day,
                room: None,
                stream,
            });
        }
        let sockets = self.file.meter.iter().find(|m| m.end_use == EndUse::Sockets).map(|m| m.id.clone());
        for plug in self.meters.iter_mut().filter(|m| m.room.is_some()) {
            plug.parent.clone_from(&sockets);
        }
        for breach in &self.file.breach {
            match breach {
                Breach::NightWaste { meter, night } => {
                    let found = self.meters.iter_mut().find(|m| m.id == *meter);
                    found.ok_or_else(|| value("breach.meter", format!("no meter `{meter}`")))?.night = *night;
                }
                Breach::OverQuota { factor } => {
                    for meter in self.meters.iter_mut().filter(|m| m.carrier == Carrier::Electricity) {
                        meter.night *= factor;
                        meter.day *= factor;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn fault(&self, row: &FaultRow) -> Result<Fault, ScenarioError> {
        let device = self.devices.iter().position(|d| d.name == row.sensor);
        let device = device.ok_or_else(|| value("fault.sensor", format!("no device `{}`", row.sensor)))?;
        let from = instant(&self.calendar, self.start, row.day, &row.at, "fault.at")?;
        let to = if row.kind.is_reset() {
            Instant::MAX
        } else {
            from.plus_ms(crate::numbers::ms_of_hours(row.hours))
        };
        let size = row.size.unwrap_or(1.0);
        Ok(Fault { device, kind: row.kind, quantity: row.quantity, span: Span::new(from, to), size })
    }

    /// Quantities that a device publishes.
    pub(crate) fn quantities(&self, device: &Device) -> Vec<Quantity> {
        use Quantity as Q;
        match device.role {
            Role::Room(_, Kit::Air) => match device.format {
                Format::ChirpstackV4 => vec![Q::Temperature, Q::Humidity, Q::Co2, Q::Illuminance, Q::Motion],
                Format::TtsV3 => vec![Q::Temperature, Q::Humidity, Q::Co2, Q::Illuminance],
                Format::Senml | Format::Zigbee2mqtt => vec![Q::Temperature, Q::Humidity, Q::Co2],
            },
            Role::Room(_, Kit::Climate) => vec![Q::Temperature, Q::Humidity],
            Role::Room(_, Kit::Counter) => vec![Q::PeopleCount],
            Role::Room(_, Kit::Presence | Kit::Motion) => vec![Q::Occupied, Q::Illuminance],
            Role::Room(_, Kit::Hvac) => vec![Q::Setpoint, Q::CoolingOn, Q::HeatingOn],
            Role::Outdoor => vec![Q::OutdoorTemperature, Q::OutdoorCo2],
            Role::Room(_, Kit::Plug) | Role::Meter(_) => {
                let meter = if let Role::Meter(index) = device.role { self.meters.get(index) } else { None };
                match meter {
                    Some(m) if m.carrier == Carrier::Water => vec![Q::Water],
                    // Behind a transformer power would need the factor too; such meters tell only their register.
                    Some(m) if m.multiplier > 1.0 => vec![Q::EnergyImport],
                    _ => vec![Q::EnergyImport, Q::Power],
                }
            }
        }
    }

    pub(crate) fn room(&self, id: &Id) -> Option<(usize, &Room)> {
        self.rooms.iter().enumerate().find(|(_, room)| room.id == *id)
    }
}

impl Kit {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Air => "air",
            Self::Climate => "climate",
            Self::Counter => "count",
            Self::Presence => "occ",
            Self::Motion => "motion",
            Self::Hvac => "hvac",
            Self::Plug => "plug",
        }
    }

    const fn interval_s(self) -> i64 {
        match self {
            Self::Air | Self::Climate | Self::Counter => 600,
            Self::Presence | Self::Motion => 1_800,
            Self::Hvac | Self::Plug => 300,
        }
    }
}

/// A local time of a day counted from the start.
fn instant(
    calendar: &Calendar,
    start: Instant,
    day: u32,
    at: &str,
    key: &'static str,
) -> Result<Instant, ScenarioError> {
    let at: Time = dates::parse(at, key)?;
    let date = calendar.date(start).checked_add(i64::from(day).days());
    Ok(dates::instant(calendar, date.map_err(|_| value(key, day.to_string()))?, at))
}

/// The id of a device in a format: an EUI-64 over LoRaWAN, else its name.
fn wire_id(format: Format, name: &str, stream: Stream) -> Id {
    match format {
        Format::ChirpstackV4 | Format::TtsV3 => Id::fold(&crate::ids::eui(stream)),
        Format::Senml | Format::Zigbee2mqtt => Id::fold(name),
    }
}

fn plug(name: &str, place: &Id, room: usize, stream: Stream) -> Meter {
    Meter {
        id: Id::fold(name),
        place: place.clone(),
        carrier: Carrier::Electricity,
        end_use: EndUse::Sockets,
        parent: None,
        multiplier: 1.0,
        initial: 0.0,
        night: 0.012,
        day: 0.09,
        room: Some(room),
        stream,
    }
}

impl Office {
    /// Count of local days since 1970, for draws that belong to a day.
    #[expect(clippy::cast_possible_truncation, reason = "days of the years 1 to 9999")]
    pub(crate) fn day_number(&self, date: jiff::civil::Date) -> i64 {
        let noon = self.calendar.start_of(date).plus_ms(12 * 3_600_000);
        self.weather.local_days(noon).floor() as i64
    }

    /// A smooth wander in (-1, 1) that the whole building shares: damp and dry spells.
    pub(crate) fn weather_wander(&self, x: f64) -> f64 {
        Stream::new(self.file.seed, "damp").wander(x)
    }
}
