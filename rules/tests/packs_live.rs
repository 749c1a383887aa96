//! Every clause of every pack in a small house with every sensor: the engine judges what applies.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::{collections::BTreeMap, sync::Arc};

use jiff::{civil::Date, tz::TimeZone};
use model::{
    Calendar, Id, Instant, Place, PlaceKind, Quantity, Reading, Register, RoomUse, Series, Span,
    WorkingHours,
    register::{
        Body, BuildingClass, BuildingType, Carrier, ClimateZone, EndUse, History, Level, Meter, Sensor,
    },
};
use rules::{Catalogue, Clause, Engine, EngineOptions, LiveClause, Outcome, Output, Scope};

const HOUR_MS: i64 = 3_600_000;

const USES: [RoomUse; 10] = [
    RoomUse::Office,
    RoomUse::SingleOffice,
    RoomUse::OpenOffice,
    RoomUse::Meeting,
    RoomUse::Reception,
    RoomUse::Corridor,
    RoomUse::Lobby,
    RoomUse::Archive,
    RoomUse::Service,
    RoomUse::Garage,
];

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn place(name: &str, kind: PlaceKind, parent: Option<&str>) -> Place {
    Place { parent: parent.map(id), ..Place::new(id(name), kind) }
}

/// A house whose seasons last all year, so that one week shows both.
fn register(level: Level, zone: &str, kind: BuildingType) -> Register {
    let mut register = Register::empty(id("r"));
    register.calendar = Calendar::new(TimeZone::get("Asia/Shanghai").unwrap());
    register.calendar.cooling = Some(((1, 1), (12, 31)));
    register.calendar.heating = register.calendar.cooling;
    register.calendar.opening_hours = Some(WorkingHours::default());
    let body = Body {
        name: "body".to_owned(),
        level: Some(level),
        authorised_headcount: Some(250.0),
        energy_headcount: Some(200.0),
        quota_zone: Some(zone.to_owned()),
        ..Body::new(id("body"))
    };
    register.bodies.insert(id("body"), History::always(body));
    let mut house = place("house", PlaceKind::Building, None);
    house.body = Some(id("body"));
    house.floor_area_m2 = Some(4000.0);
    house.usable_area_m2 = Some(3000.0);
    house.heated_area_m2 = Some(3800.0);
    house.climate_zone = Some(ClimateZone::HotSummerColdWinter);
    house.building_type = Some(kind);
    house.building_class = Some(BuildingClass::A);
    register.places.insert(id("house"), History::always(house));
    for room_use in USES {
        room(&mut register, room_use);
    }
    meter(&mut register, "total", "house", Carrier::Electricity, EndUse::Total);
    meter(&mut register, "heating", "house", Carrier::Electricity, EndUse::Heating);
    meter(&mut register, "cooling", "house", Carrier::Electricity, EndUse::Cooling);
    meter(&mut register, "heat", "house", Carrier::Heat, EndUse::Heating);
    meter(&mut register, "gas", "house", Carrier::Gas, EndUse::Heating);
    meter(&mut register, "water", "house", Carrier::Water, EndUse::Total);
    meter(&mut register, "servers", "house", Carrier::Electricity, EndUse::DataCentre);
    meter(&mut register, "racks", "house", Carrier::Electricity, EndUse::It);
    let roof = Sensor { interval_s: 3600.0, max_gap_s: 7200.0, ..Sensor::new(id("roof"), id("house")) };
    register.sensors.insert(roof.id.clone(), History::always(roof));
    meter(&mut register, "lights", "house", Carrier::Electricity, EndUse::Lighting);
    register
}

fn room(register: &mut Register, room_use: RoomUse) {
    let name = room_use.name().replace('_', "-");
    let mut room = place(&name, PlaceKind::Room, Some("house"));
    room.room_use = Some(room_use);
    room.usable_area_m2 = Some(20.0);
    room.capacity = Some(4.0);
    register.places.insert(id(&name), History::always(room));
    let sensor =
        Sensor { interval_s: 3600.0, max_gap_s: 7200.0, ..Sensor::new(id(&format!("s-{name}")), id(&name)) };
    register.sensors.insert(sensor.id.clone(), History::always(sensor));
    meter(register, &format!("m-{name}"), &name, Carrier::Electricity, EndUse::Sockets);
    meter(register, &format!("l-{name}"), &name, Carrier::Electricity, EndUse::Lighting);
}

fn meter(register: &mut Register, name: &str, place: &str, carrier: Carrier, end_use: EndUse) {
    let meter = Meter {
        end_use,
        interval_s: 3600.0,
        max_gap_s: 7200.0,
        zero_is_gap: false,
        ..Meter::new(id(name), id(place), carrier)
    };
    register.meters.insert(id(name), History::always(meter));
}

/// A year of hours of the meters of the house, and of people; five weeks of the rest.
fn readings(register: &Register) -> Vec<Reading> {
    let from = register.calendar.start_of(Date::constant(2024, 1, 1));
    let mut readings = Vec::new();
    for hour in 0..=366 * 24 {
        let at = from.plus_ms(hour * HOUR_MS);
        let clock = register.calendar.zone.to_datetime(at.timestamp()).hour();
        let is_day = (9..18).contains(&clock);
        for (id, meter) in &register.meters {
            let Meter { carrier, place, .. } = meter.last().unwrap();
            if place.as_str() != "house" && hour > 36 * 24 {
                continue;
            }
            let quantity = match carrier {
                Carrier::Electricity => Quantity::EnergyImport,
                Carrier::Gas => Quantity::Gas,
                Carrier::Heat => Quantity::Heat,
                Carrier::Water => Quantity::Water,
            };
            // What cools does not run evenly.
            let swing =
                if id.as_str() == "cooling" { 0.25 * f64::from(u8::from(hour % 2 == 0)) } else { 0.0 };
            push(&mut readings, id, quantity, at, f64::from(i32::try_from(hour).unwrap()) + swing);
        }
        let outdoors = if is_day { 17.0 + f64::from(clock) / 10.0 } else { 15.0 };
        push(&mut readings, &id("roof"), Quantity::OutdoorTemperature, at, outdoors);
        for sensor in register.sensors.keys().filter(|sensor| sensor.as_str() != "roof") {
            push(&mut readings, sensor, Quantity::PeopleCount, at, if is_day { 2.0 } else { 0.0 });
            if hour > 36 * 24 {
                continue;
            }
            for (quantity, value) in [
                (Quantity::Temperature, 23.0),
                (Quantity::Humidity, 50.0),
                (Quantity::Co2, 700.0),
                (Quantity::Illuminance, 400.0),
                (Quantity::Setpoint, 24.0),
                (Quantity::Pm2_5, 20.0),
                (Quantity::Pm10, 40.0),
                (Quantity::Tvoc, 200.0),
                (Quantity::CoolingOn, f64::from(u8::from(is_day))),
                (Quantity::HeatingOn, f64::from(u8::from(is_day))),
                (Quantity::WindowOpen, 0.0),
            ] {
                push(&mut readings, sensor, quantity, at, value);
            }
        }
    }
    readings
}

fn push(readings: &mut Vec<Reading>, sensor: &Id, quantity: Quantity, at: Instant, value: f64) {
    let series = Series { sensor: sensor.clone(), quantity, channel: None };
    readings.extend(Reading::new(series, at, value));
}

/// Clauses that apply to some place, and how often each was judged with enough evidence.
fn judged(register: Register) -> BTreeMap<String, usize> {
    let clauses: Vec<Arc<Clause>> =
        Catalogue::builtin().unwrap().packs().iter().flat_map(|pack| pack.clauses.clone()).collect();
    let at = register.calendar.start_of(Date::constant(2024, 1, 1));
    let applies = |clause: &Arc<Clause>| {
        let places = register.places.values().filter_map(|history| history.at(at));
        let scopes: Vec<Scope> = places.map(|p| clause.scope_of_place(&register, p, at)).collect();
        scopes.contains(&Scope::Applies) && clause.period != model::Period::Register
    };
    let mut counts: BTreeMap<String, usize> =
        clauses.iter().filter(|c| applies(c)).map(|c| (c.id.clone(), 0)).collect();
    let live: Vec<LiveClause> = clauses
        .into_iter()
        .map(|clause| LiveClause { clause, in_force: Span::ALWAYS, is_enforced: true })
        .collect();
    let readings = readings(&register);
    let mut engine = Engine::new(Arc::new(register), &live, EngineOptions::default());
    let mut out = Vec::new();
    for reading in &readings {
        engine.observe(reading, &mut out);
    }
    engine.finish(None, &mut out);
    for output in out {
        if let Output::Verdict(verdict) = output
            && verdict.outcome != Outcome::Insufficient
        {
            *counts.entry(verdict.clause.id.clone()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn the_engine_judges_every_clause_that_applies() {
    let mut silent = Vec::new();
    let mut seen = 0;
    for register in [
        register(Level::City, "db37-a", BuildingType::PartyOffice),
        register(Level::Provincial, "db37-b", BuildingType::CommercialOffice),
    ] {
        let counts = judged(register);
        seen += counts.len();
        silent.extend(counts.into_iter().filter(|(_, count)| *count == 0).map(|(clause, _)| clause));
    }
    assert!(seen > 100, "{seen} clauses apply");
    assert_eq!(silent, Vec::<String>::new());
}
