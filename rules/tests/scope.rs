//! What a clause applies to, and which number of it holds, in a small register.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::sync::Arc;

use model::{
    Id, Instant, Place, PlaceKind, Register, RoomUse,
    register::{Body, BuildingClass, BuildingType, ClimateZone, History, Level, Post, Rank},
};
use rules::{Attribute, Bound, Catalogue, Clause, Resolved, Scope};

const NOW: Instant = Instant::from_millis(1_700_000_000_000);

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn place(name: &str, kind: PlaceKind, parent: Option<&str>) -> Place {
    Place { parent: parent.map(id), ..Place::new(id(name), kind) }
}

fn body(name: &str, parent: Option<&str>, level: Option<Level>) -> Body {
    Body { name: name.to_owned(), parent: parent.map(id), level, ..Body::new(id(name)) }
}

/// A house of a provincial agency in zone B, with the room of one of its departments.
fn register() -> Register {
    let mut register = Register::empty(id("r"));
    let mut agency = body("agency", None, Some(Level::Provincial));
    agency.quota_zone = Some("db37-b".to_owned());
    let department = body("department", Some("agency"), None);
    let mut house = place("house", PlaceKind::Building, None);
    house.body = Some(id("agency"));
    let mut room = place("room", PlaceKind::Room, Some("house"));
    room.room_use = Some(RoomUse::SingleOffice);
    room.body = Some(id("department"));
    for b in [agency, department] {
        register.bodies.insert(b.id.clone(), History::always(b));
    }
    for p in [house, room] {
        register.places.insert(p.id.clone(), History::always(p));
    }
    register
}

fn put(register: &mut Register, place: Place) {
    register.places.insert(place.id.clone(), History::always(place));
}

fn post(register: &mut Register, name: &str, rank: Rank, of: &str) {
    let post = Post { id: id(name), rank, body: id(of), room: Some(id("room")) };
    register.posts.insert(id(name), History::always(post));
}

fn get<'r>(register: &'r Register, name: &str) -> &'r Place {
    register.place(&id(name), NOW).unwrap()
}

fn clause(name: &str) -> Arc<Clause> {
    Arc::clone(Catalogue::builtin().unwrap().clause(name).unwrap())
}

fn cap(x: f64) -> Resolved {
    Resolved::Bound(Bound { at_most: Some(x), at_least: None })
}

#[test]
fn kind_and_use_decide_first() {
    let register = register();
    let co2 = clause("gb-t-18883-2022/co2");
    assert!(co2.applies(&register, get(&register, "room"), NOW));
    assert!(!co2.applies(&register, get(&register, "house"), NOW));
    let mut corridor = get(&register, "room").clone();
    corridor.room_use = Some(RoomUse::Corridor);
    assert!(!co2.applies(&register, &corridor, NOW));
}

#[test]
fn level_and_quota_zone_come_from_the_body_and_those_above_it() {
    let mut register = register();
    let quota = clause("db37-t-2672-2019/electricity-provincial-b");
    assert!(quota.applies(&register, get(&register, "house"), NOW));
    let mut house = get(&register, "house").clone();
    house.body = Some(id("department"));
    put(&mut register, house);
    assert!(quota.applies(&register, get(&register, "house"), NOW), "the department inherits both");
    for other in ["electricity-city-b", "electricity-city-a", "electricity-below-city-b"] {
        let other = clause(&format!("db37-t-2672-2019/{other}"));
        assert_eq!(other.scope_of_place(&register, get(&register, "house"), NOW), Scope::Foreign);
    }
}

#[test]
fn a_missing_level_is_named_and_no_clause_is_taken_for_it() {
    let mut register = register();
    let mut agency = body("agency", None, None);
    agency.quota_zone = Some("db37-b".to_owned());
    register.bodies.insert(id("agency"), History::always(agency));
    let house = get(&register, "house");
    let of = |name: &str| clause(name).scope_of_place(&register, house, NOW);
    assert_eq!(of("db37-t-2672-2019/electricity-provincial-b"), Scope::Unknown(Attribute::Level));
    assert_eq!(of("db37-t-2672-2019/electricity-city-a"), Scope::Foreign, "its zone does not fit anyway");
    assert!(!clause("db37-t-2672-2019/electricity-provincial-b").applies(&register, house, NOW));
}

#[test]
fn a_missing_key_is_named_and_never_a_wrong_row() {
    let mut register = register();
    let energy = clause("gb-t-51161-2016/party-office");
    let resolved = |register: &Register| energy.bound_for_place(register, get(register, "house"), NOW);
    assert_eq!(resolved(&register), Resolved::MissingAttribute(Attribute::ClimateZone));
    let mut house = get(&register, "house").clone();
    house.climate_zone = Some(ClimateZone::Cold);
    put(&mut register, house.clone());
    assert_eq!(resolved(&register), Resolved::MissingAttribute(Attribute::BuildingClass));
    house.building_class = Some(BuildingClass::B);
    put(&mut register, house);
    assert_eq!(resolved(&register), cap(70.0));
}

#[test]
fn a_room_takes_zone_and_type_from_its_building() {
    let mut register = register();
    let mut house = get(&register, "house").clone();
    house.building_type = Some(BuildingType::PartyOffice);
    put(&mut register, house);
    let room = get(&register, "room");
    let word = rules::attribute_of_place(&register, room, NOW, Attribute::BuildingType);
    assert_eq!(word.as_deref(), Some("party_office"));
}

#[test]
fn one_post_has_its_own_cap_and_several_the_mean_of_theirs() {
    let mut register = register();
    let area = clause("cn-2674-2014/office-area");
    let resolved = |register: &Register| area.bound_for_place(register, get(register, "room"), NOW);
    assert_eq!(resolved(&register), Resolved::MissingAttribute(Attribute::Rank));
    post(&mut register, "p1", Rank::DivisionHead, "department");
    assert_eq!(resolved(&register), cap(18.0));
    post(&mut register, "p2", Rank::BelowDivision, "department");
    assert_eq!(resolved(&register), cap(13.5));
}

#[test]
fn a_post_of_another_level_keeps_its_own_cap() {
    let mut register = register();
    register.bodies.insert(id("ministry"), History::always(body("ministry", None, Some(Level::Central))));
    post(&mut register, "guest", Rank::Division, "ministry");
    let area = clause("cn-2674-2014/office-area");
    assert_eq!(area.bound_for_place(&register, get(&register, "room"), NOW), cap(12.0));
    // A provincial post has no such rank: no row, and no guess.
    post(&mut register, "guest", Rank::Division, "department");
    assert_eq!(area.bound_for_place(&register, get(&register, "room"), NOW), Resolved::NoRow);
}

#[test]
fn service_rooms_glide_with_the_authorised_headcount_of_the_body() {
    let mut register = register();
    let mut city = body("city", None, Some(Level::City));
    let service = clause("cn-2674-2014/service-area-city");
    assert!(service.applies_to_body(&register, &city, NOW));
    assert!(!service.applies(&register, get(&register, "house"), NOW));
    let missing = Resolved::MissingAttribute(Attribute::AuthorisedHeadcount);
    assert_eq!(service.bound_for_body(&register, &city, NOW), missing);
    for (headcount, expected) in
        [(50.0, 8.0), (200.0, 8.0), (250.0, 7.5), (333.0, 6.67), (400.0, 6.0), (900.0, 6.0)]
    {
        city.authorised_headcount = Some(headcount);
        city.energy_headcount = Some(1.0);
        register.bodies.insert(id("city"), History::always(city.clone()));
        let Resolved::Bound(bound) = service.bound_for_body(&register, &city, NOW) else { unreachable!() };
        assert!((bound.at_most.unwrap() - expected).abs() < 1e-12, "{headcount}");
    }
}

#[test]
fn a_large_building_is_asked_for_where_the_document_asks_for_one() {
    let mut register = register();
    let air = clause("jp-building-environment-2022/co2");
    let scope = |register: &Register| air.scope_of_place(register, get(register, "room"), NOW);
    assert_eq!(scope(&register), Scope::Unknown(Attribute::FloorArea));
    for (area, expected) in [(2999.0, Scope::Foreign), (3000.0, Scope::Applies)] {
        let mut house = get(&register, "house").clone();
        house.floor_area_m2 = Some(area);
        put(&mut register, house);
        assert_eq!(scope(&register), expected);
    }
}

#[test]
fn storeys_tell_a_high_rise_from_other_buildings_and_are_missed_where_unknown() {
    let mut register = register();
    let scope = |register: &Register, name: &str| {
        clause(&format!("cn-2674-2014/usable-share-{name}")).scope_of_place(
            register,
            get(register, "house"),
            NOW,
        )
    };
    assert_eq!(scope(&register, "high-rise"), Scope::Unknown(Attribute::Storeys));
    for (storeys, multi, high) in [(6, Scope::Applies, Scope::Foreign), (7, Scope::Foreign, Scope::Applies)] {
        let mut house = get(&register, "house").clone();
        house.storeys = Some(storeys);
        put(&mut register, house);
        assert_eq!((scope(&register, "multi-storey"), scope(&register, "high-rise")), (multi, high));
    }
}
