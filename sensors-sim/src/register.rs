//! The register of the same office: what facilities staff would have written down about it.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use model::Id;

use crate::{
    dates,
    fault::{FaultKind, NEW_METER_READING},
    office::{Office, Role},
    scenario::Kit,
};

/// A CSV file in the making: a header and rows of as many cells.
struct Table {
    text: String,
}

impl Table {
    fn new(header: &str) -> Self {
        Self { text: format!("{header}\n") }
    }

    fn row(&mut self, cells: &[&str]) {
        let quoted: Vec<String> = cells.iter().map(|cell| quote(cell)).collect();
        self.text.push_str(&quoted.join(","));
        self.text.push('\n');
    }

    fn bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// Quotes a cell that would break the row (RFC 4180).
fn quote(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}

pub(crate) fn files(office: &Office) -> BTreeMap<String, Vec<u8>> {
    let made = [
        ("register.toml", settings(office)),
        ("bodies.csv", bodies(office)),
        ("places.csv", places(office)),
        ("posts.csv", posts(office)),
        ("sensors.csv", sensors(office)),
        ("meters.csv", meters(office)),
        ("meter_events.csv", meter_events(office)),
        ("recipients.csv", recipients(office)),
        ("waivers.csv", waivers(office)),
        ("calendar.csv", calendar(office)),
    ];
    made.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

fn settings(office: &Office) -> Vec<u8> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let file = &office.file;
    let days: Vec<&str> = DAYS
        .into_iter()
        .zip(1_u8..)
        .filter(|(_, n)| file.working_hours.days.contains(n))
        .map(|(d, _)| d)
        .collect();
    let text = format!(
        "# Made by the simulator from the scenario `{id}`.\n\
         id = {id:?}\ntime_zone = {zone:?}\npacks = {packs:?}\ncalendar = \"calendar.csv\"\n\n\
         [name]\nzh = {zh:?}\nen = {en:?}\n\n\
         [working_hours]\ndays = {days:?}\nfrom = {from:?}\nto = {to:?}\n\n\
         [seasons]\ncooling = {cooling:?}\nheating = {heating:?}\n",
        id = file.id.as_str(),
        zone = file.time_zone,
        packs = file.packs,
        zh = file.name.zh,
        en = file.name.en,
        from = file.working_hours.from,
        to = file.working_hours.to,
        cooling = file.seasons.cooling,
        heating = file.seasons.heating,
    );
    text.into_bytes()
}

fn bodies(office: &Office) -> Vec<u8> {
    let mut table = Table::new("body,name,parent,level,authorised_headcount,energy_headcount,quota_zone");
    for body in &office.file.body {
        table.row(&[
            body.id.as_str(),
            &body.name,
            &text(body.parent.as_ref()),
            &text(body.level.as_ref()),
            &text(body.authorised_headcount.as_ref()),
            &text(body.energy_headcount.as_ref()),
            &text(body.quota_zone.as_ref()),
        ]);
    }
    table.bytes()
}

fn floor_id(office: &Office, floor: u32) -> String {
    format!("{}-f{floor}", office.file.building.id)
}

fn places(office: &Office) -> Vec<u8> {
    let mut table = Table::new(
        "place,kind,parent,label,use,floor_area_m2,usable_area_m2,body,capacity,storeys,climate_zone,building_type,building_class",
    );
    let (site, building) = (&office.file.site, &office.file.building);
    table.row(&[site.id.as_str(), "site", "", &site.label, "", "", "", "", "", "", "", "", ""]);
    table.row(&[
        building.id.as_str(),
        "building",
        site.id.as_str(),
        &building.label,
        "",
        &building.floor_area_m2.to_string(),
        "",
        building.body.as_str(),
        "",
        &building.storeys.to_string(),
        &building.climate_zone,
        &building.building_type,
        &building.building_class,
    ]);
    let floors: std::collections::BTreeSet<u32> = office.rooms.iter().map(|room| room.floor).collect();
    for floor in floors {
        let (id, label) = (floor_id(office, floor), format!("{}{floor}层", building.label));
        table.row(&[&id, "floor", building.id.as_str(), &label, "", "", "", "", "", "", "", "", ""]);
    }
    for room in &office.rooms {
        let capacity = room.capacity.or((room.people > 0).then_some(room.people));
        table.row(&[
            room.id.as_str(),
            "room",
            &floor_id(office, room.floor),
            &room.label,
            room.room_use.name(),
            "",
            &text(room.usable_area_m2.as_ref()),
            &text(room.body.as_ref()),
            &text(capacity.as_ref()),
            "",
            "",
            "",
            "",
        ]);
    }
    table.bytes()
}

fn posts(office: &Office) -> Vec<u8> {
    let mut table = Table::new("post,rank,body,room");
    for room in &office.rooms {
        let body = room.body.as_ref().map_or(office.file.building.body.as_str(), Id::as_str);
        for (rank, number) in room.ranks.iter().zip(1..) {
            table.row(&[&format!("post-{}-{number}", room.id), rank.name(), body, room.id.as_str()]);
        }
    }
    table.bytes()
}

fn sensors(office: &Office) -> Vec<u8> {
    let mut table = Table::new("sensor,place,interval_s,max_gap_s,reporting,hold_off_s");
    let known = office.devices.iter().filter(|d| d.is_registered);
    for device in known.filter(|d| !matches!(d.role, Role::Meter(_))) {
        // Presence is told on change, with a heartbeat every interval.
        let reporting = match device.role {
            Role::Room(_, Kit::Presence | Kit::Motion) => "on_change",
            _ => "periodic",
        };
        let (interval, gap) = (device.interval_s.to_string(), (device.interval_s * 3).to_string());
        table.row(&[device.id.as_str(), device.place.as_str(), &interval, &gap, reporting, "900"]);
    }
    table.bytes()
}

fn meters(office: &Office) -> Vec<u8> {
    let mut table = Table::new("sensor,place,carrier,end_use,parent,multiplier,interval_s,max_gap_s");
    for device in office.devices.iter().filter(|d| d.is_registered) {
        let Role::Meter(index) = device.role else { continue };
        let Some(meter) = office.meters.get(index) else { continue };
        table.row(&[
            device.id.as_str(),
            meter.place.as_str(),
            meter.carrier.name(),
            meter.end_use.name(),
            &text(meter.parent.as_ref()),
            &meter.multiplier.to_string(),
            &device.interval_s.to_string(),
            &(device.interval_s * 3).to_string(),
        ]);
    }
    table.bytes()
}

fn meter_events(office: &Office) -> Vec<u8> {
    let mut table = Table::new("sensor,time,kind,old_reading,new_reading,multiplier");
    for fault in &office.faults {
        let kind = match fault.kind {
            FaultKind::DeclaredReset => "reset",
            FaultKind::MeterChange => "replaced",
            _ => continue,
        };
        let Some(device) = office.devices.get(fault.device) else { continue };
        let held = crate::run::values_at(office, fault.device, fault.span.from);
        let old = held.first().map(|(_, value)| *value);
        let (old, new) = match fault.kind {
            FaultKind::MeterChange => (text(old.as_ref()), NEW_METER_READING.to_string()),
            _ => (String::new(), String::new()),
        };
        let time = office.calendar.rfc3339(fault.span.from);
        table.row(&[device.id.as_str(), &time, kind, &old, &new, ""]);
    }
    table.bytes()
}

fn recipients(office: &Office) -> Vec<u8> {
    let mut table = Table::new("recipient,mail,language,place,body,severity_at_least");
    for row in &office.file.recipient {
        table.row(&[
            row.id.as_str(),
            &row.mail,
            &row.language,
            &text(row.place.as_ref()),
            &text(row.body.as_ref()),
            &text(row.severity_at_least.as_ref()),
        ]);
    }
    table.bytes()
}

fn waivers(office: &Office) -> Vec<u8> {
    let mut table = Table::new("clause,place,body,reason,approver,from,to");
    let today = office.calendar.date(office.start);
    let around = |days: i64| today.checked_add(days.days()).unwrap_or(today).to_string();
    for row in &office.file.waiver {
        let (from, to) = (around(-row.days_before), around(row.days_after));
        table.row(&[&row.clause, row.place.as_str(), "", &row.reason, &row.approver, &from, &to]);
    }
    table.bytes()
}

fn calendar(office: &Office) -> Vec<u8> {
    let mut table = Table::new("date,kind,name");
    let year = office.calendar.date(office.start).year();
    let years = year.saturating_sub(2)..=year.saturating_add(2);
    let days: BTreeMap<Date, String> = dates::holidays(&office.file, years).unwrap_or_default();
    for (date, name) in days {
        table.row(&[&date.to_string(), "holiday", &name]);
    }
    table.bytes()
}
