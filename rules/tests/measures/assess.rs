//! Checks of the register alone: every area clause, and what is told where the register is silent.

use std::sync::Arc;

use model::{
    Instant, Place, PlaceKind, Register, RoomUse, Span,
    register::{Body, Dated, History, Level, Post, Rank, Waiver},
};
use rules::{Catalogue, Fact, LiveClause, Outcome, RatingLevel, Verdict};

use crate::world::{at, body, id, place};

/// Clauses of the packs by id, in force for ever.
pub(crate) fn clauses(ids: &[&str]) -> Vec<LiveClause> {
    let catalogue = Catalogue::builtin().unwrap();
    let live = |id: &&str| LiveClause {
        clause: Arc::clone(catalogue.clause(id).unwrap()),
        in_force: Span::ALWAYS,
        is_enforced: true,
    };
    ids.iter().map(live).collect()
}

pub(crate) fn assess(register: &Register, ids: &[&str]) -> Vec<Verdict> {
    rules::assess(register, &clauses(ids), at("03-02 09:00"))
}

/// A county body with one single office of 20 m².
pub(crate) fn office() -> Register {
    let mut register = Register::empty(id("r"));
    put_body(&mut register, Body { level: Some(Level::County), ..body("county") });
    let mut house = place("house", PlaceKind::Building, None);
    house.body = Some(id("county"));
    put(&mut register, house);
    room(&mut register, "room", RoomUse::SingleOffice, Some(20.0));
    register
}

pub(crate) fn put(register: &mut Register, place: Place) {
    register.places.insert(place.id.clone(), History::always(place));
}

pub(crate) fn put_body(register: &mut Register, body: Body) {
    register.bodies.insert(body.id.clone(), History::always(body));
}

pub(crate) fn room(register: &mut Register, name: &str, room_use: RoomUse, usable_area_m2: Option<f64>) {
    let mut room = place(name, PlaceKind::Room, Some("house"));
    (room.room_use, room.usable_area_m2, room.floor_area_m2) = (Some(room_use), usable_area_m2, None);
    put(register, room);
}

pub(crate) fn post(register: &mut Register, name: &str, rank: Rank) {
    let post = Post { id: id(name), rank, body: id("county"), room: Some(id("room")) };
    register.posts.insert(id(name), History::always(post));
}

fn said(verdicts: &[Verdict]) -> Vec<(Outcome, Option<f64>, Option<f64>)> {
    verdicts.iter().map(|v| (v.outcome, v.value, v.limit)).collect()
}

pub(crate) fn why<'v>(verdict: &'v Verdict, key: &str) -> Option<&'v str> {
    match verdict.why.get(key)? {
        Fact::Text(text) => Some(text),
        Fact::Bool(_) | Fact::Number(_) | Fact::List(_) => None,
    }
}

pub(crate) const CAP: &str = "cn-2674-2014/office-area";

#[test]
fn an_office_is_held_against_the_cap_of_its_post_and_just_over_it_is_a_breach() {
    let mut register = office();
    post(&mut register, "head", Rank::SectionHead);
    for (area, outcome) in [(18.0, Outcome::Compliant), (18.01, Outcome::Breach), (9.0, Outcome::Compliant)] {
        room(&mut register, "room", RoomUse::SingleOffice, Some(area));
        assert_eq!(said(&assess(&register, &[CAP])), [(outcome, Some(area), Some(18.0))]);
    }
}

#[test]
fn two_posts_of_different_rank_are_held_against_the_mean_of_their_caps() {
    let mut register = office();
    post(&mut register, "head", Rank::SectionHead);
    post(&mut register, "deputy", Rank::SectionDeputy);
    // 18 and 12: 15 m² a post, 30 m² for both.
    for (area, outcome) in [(30.0, Outcome::Compliant), (30.02, Outcome::Breach)] {
        room(&mut register, "room", RoomUse::SingleOffice, Some(area));
        let verdicts = assess(&register, &[CAP]);
        assert_eq!(said(&verdicts), [(outcome, Some(area / 2.0), Some(15.0))]);
        assert_eq!(
            verdicts[0].why["ranks"],
            Fact::List(vec!["section_deputy".into(), "section_head".into()])
        );
    }
}

#[test]
fn ratings_of_register_clauses_are_told_and_are_the_mean_of_several_posts() {
    let text = r#"
[standard]
id = "mine-1"
document = "House rules"
layer = "agency"
binding = "recommended"
in_force = 2020-01-01
[[clause]]
id = "area"
citation = "1"
provenance = "policy"
severity = "info"
evidence = "firm"
applies_to = { kind = "room", use = ["single_office"] }
measure = "private_office_area"
period = "register"
limit = { unit = "m2", by = ["rank"], at_most = [["section_head", 18], ["section_deputy", 12]] }
rating = { baseline = [["section_head", 16], ["section_deputy", 10]], guide = [["section_head", 12], ["section_deputy", 9]] }
[[clause]]
id = "size"
citation = "2"
provenance = "policy"
severity = "info"
evidence = "firm"
applies_to = { kind = "room", use = ["single_office"] }
measure = "room_area"
period = "register"
limit = { unit = "m2", at_most = 30 }
rating = { guide = 20 }
"#;
    let catalogue = Catalogue::load(&[("mine-1.toml".to_owned(), text.to_owned())], None).unwrap();
    let live: Vec<LiveClause> = ["mine-1/area", "mine-1/size"]
        .iter()
        .map(|id| LiveClause {
            clause: Arc::clone(catalogue.clause(id).unwrap()),
            in_force: Span::ALWAYS,
            is_enforced: true,
        })
        .collect();
    let mut register = office();
    post(&mut register, "head", Rank::SectionHead);
    post(&mut register, "deputy", Rank::SectionDeputy);
    // A post: constraint 15, baseline 13, guide 10.5 m².
    for (area, of_posts, of_room) in [
        (20.0, RatingLevel::Guide, RatingLevel::Guide),
        (21.0, RatingLevel::Guide, RatingLevel::Constraint),
        (26.0, RatingLevel::Baseline, RatingLevel::Constraint),
        (30.0, RatingLevel::Constraint, RatingLevel::Constraint),
        (30.5, RatingLevel::AboveConstraint, RatingLevel::AboveConstraint),
    ] {
        room(&mut register, "room", RoomUse::SingleOffice, Some(area));
        let verdicts = rules::assess(&register, &live, at("03-02 09:00"));
        let ratings: Vec<_> = verdicts.iter().map(|v| v.rating).collect();
        assert_eq!(ratings, [Some(of_posts), Some(of_room)], "{area}");
    }
}

#[test]
fn what_the_register_does_not_say_makes_the_verdict_insufficient_and_is_named() {
    let mut register = office();
    let insufficient = |register: &Register, ids: &[&str]| {
        let verdicts = assess(register, ids);
        assert!(verdicts.iter().all(|v| v.outcome == Outcome::Insufficient), "{verdicts:?}");
        verdicts
    };
    let without_posts = insufficient(&register, &[CAP]);
    assert_eq!(why(&without_posts[0], "missing_attribute"), Some("rank"));
    assert_eq!(why(&without_posts[0], "missing"), Some("posts"));
    post(&mut register, "head", Rank::SectionHead);
    room(&mut register, "room", RoomUse::SingleOffice, None);
    assert_eq!(why(&insufficient(&register, &[CAP])[0], "missing"), Some("usable_area_m2"));
    put_body(&mut register, body("county"));
    assert_eq!(why(&insufficient(&register, &[CAP])[0], "missing_attribute"), Some("level"));

    let mut city = office();
    put_body(&mut city, Body { level: Some(Level::City), ..body("county") });
    room(&mut city, "hall", RoomUse::Meeting, Some(80.0));
    room(&mut city, "kitchen", RoomUse::Canteen, Some(80.0));
    let service = insufficient(&city, &["cn-2674-2014/service-area-city"]);
    assert_eq!(why(&service[0], "missing_attribute"), Some("authorised_headcount"));
    let canteen = insufficient(&city, &["cn-2674-2014/canteen"]);
    assert_eq!(why(&canteen[0], "missing"), Some("floor_area_m2"));
}

#[test]
fn what_a_clause_does_not_concern_gets_no_verdict() {
    let register = office();
    let none = [
        "cn-2674-2014/service-area-city",
        "cn-2674-2014/canteen",
        "cn-2674-2014/garage",
        "cn-2674-2014/equipment-share",
        "jgj-t-67-2019/office-posts",
        "cn-office-management-2017/vacated-office",
    ];
    assert_eq!(said(&assess(&register, &none)), []);
}

#[test]
fn service_rooms_of_a_city_follow_its_headcount_across_both_bends() {
    // By the document: 8 up to 200 people, (1000 - x) / 100 between, 6 from 400.
    for (people, cap) in
        [(199.0, 8.0), (200.0, 8.0), (201.0, 7.99), (300.0, 7.0), (399.0, 6.01), (400.0, 6.0), (401.0, 6.0)]
    {
        for (over, outcome) in [(0.0, Outcome::Compliant), (0.01, Outcome::Breach)] {
            let mut register = office();
            put_body(
                &mut register,
                Body { level: Some(Level::City), authorised_headcount: Some(people), ..body("county") },
            );
            room(&mut register, "hall", RoomUse::Meeting, Some((cap + over) * people / 2.0));
            room(&mut register, "files", RoomUse::Archive, Some((cap + over) * people / 2.0));
            let verdicts = assess(&register, &["cn-2674-2014/service-area-city"]);
            assert_eq!(verdicts[0].outcome, outcome, "{people} {over}");
            assert!((verdicts[0].limit.unwrap() - cap).abs() < 1e-9, "{people}");
        }
    }
}

#[test]
fn the_area_of_a_body_is_shared_by_its_people_in_post() {
    // 20 m² of office and 60 m² of hall; the corridor is no net area.
    for (people, outcome, value) in [
        (Some(10.0), Outcome::Compliant, Some(8.0)),
        (Some(8.0), Outcome::Breach, Some(10.0)),
        (None, Outcome::Insufficient, None),
    ] {
        let mut register = office();
        put_body(
            &mut register,
            Body { energy_headcount: people, authorised_headcount: Some(1.0), ..body("county") },
        );
        room(&mut register, "hall", RoomUse::Meeting, Some(60.0));
        room(&mut register, "way", RoomUse::Corridor, Some(500.0));
        let verdicts = assess(&register, &["uk-government-space-2018/space-per-person"]);
        assert_eq!((verdicts[0].outcome, verdicts[0].value), (outcome, value));
        let missing = people.is_none().then_some("energy_headcount of county");
        assert_eq!(why(&verdicts[0], "missing"), missing);
    }
}

#[test]
fn a_canteen_grows_more_slowly_above_a_hundred_people() {
    // 100 people: 370 m²; 150 people: 370 + 50 x 2.6 = 500 m².
    for (people, most) in [(50.0, 185.0), (100.0, 370.0), (101.0, 372.6), (150.0, 500.0)] {
        for (area, outcome) in [(most, Outcome::Compliant), (most + 0.1, Outcome::Breach)] {
            let mut register = office();
            put_body(&mut register, Body { authorised_headcount: Some(people), ..body("county") });
            let mut canteen = place("canteen", PlaceKind::Room, Some("house"));
            (canteen.room_use, canteen.floor_area_m2) = (Some(RoomUse::Canteen), Some(area));
            put(&mut register, canteen);
            let verdicts = assess(&register, &["cn-2674-2014/canteen"]);
            assert_eq!(verdicts[0].outcome, outcome, "{people} {area}");
        }
    }
}

#[test]
fn a_garage_is_held_against_its_parking_spaces() {
    for (spaces, area, outcome) in [
        (Some(200.0), 8000.0, Outcome::Compliant),
        (Some(200.0), 8001.0, Outcome::Breach),
        (Some(250.0), 9900.0, Outcome::Compliant),
        (Some(250.0), 9900.5, Outcome::Breach),
        (None, 100.0, Outcome::Insufficient),
    ] {
        let mut register = office();
        let mut garage = place("garage", PlaceKind::Room, Some("house"));
        (garage.room_use, garage.floor_area_m2, garage.capacity) =
            (Some(RoomUse::Garage), Some(area), spaces);
        put(&mut register, garage);
        assert_eq!(assess(&register, &["cn-2674-2014/garage"])[0].outcome, outcome, "{spaces:?} {area}");
    }
}

#[test]
fn equipment_rooms_may_take_nine_hundredths_of_office_and_service_rooms() {
    let mut register = office();
    room(&mut register, "hall", RoomUse::Meeting, Some(80.0));
    for (area, outcome) in [(9.0, Outcome::Compliant), (9.01, Outcome::Breach)] {
        room(&mut register, "plant", RoomUse::Equipment, Some(area));
        assert_eq!(assess(&register, &["cn-2674-2014/equipment-share"])[0].outcome, outcome);
    }
    room(&mut register, "hall", RoomUse::Meeting, None);
    let verdict = assess(&register, &["cn-2674-2014/equipment-share"]).remove(0);
    assert_eq!((verdict.outcome, why(&verdict, "missing_at")), (Outcome::Insufficient, Some("hall")));
}

#[test]
fn the_usable_share_of_a_building_has_a_minimum_by_its_height() {
    let both = ["cn-2674-2014/usable-share-multi-storey", "cn-2674-2014/usable-share-high-rise"];
    for (storeys, usable, outcome, limit) in [
        (6, 650.0, Outcome::Compliant, 0.65),
        (6, 649.0, Outcome::Breach, 0.65),
        (20, 600.0, Outcome::Compliant, 0.6),
        (20, 599.0, Outcome::Breach, 0.6),
    ] {
        let mut register = office();
        let mut house = place("house", PlaceKind::Building, None);
        (house.storeys, house.usable_area_m2) = (Some(storeys), Some(usable));
        put(&mut register, house);
        assert_eq!(said(&assess(&register, &both)), [(outcome, Some(usable / 1000.0), Some(limit))]);
    }
}

#[test]
fn rooms_have_a_least_size_and_a_least_area_for_each_post() {
    let mut register = office();
    room(&mut register, "open", RoomUse::OpenOffice, Some(11.9));
    room(&mut register, "talk", RoomUse::Meeting, Some(29.9));
    room(&mut register, "room", RoomUse::SingleOffice, Some(9.9));
    for name in ["p1", "p2"] {
        let post =
            Post { id: id(name), rank: Rank::BelowSection, body: id("county"), room: Some(id("open")) };
        register.posts.insert(id(name), History::always(post));
    }
    let ids = [
        "jgj-t-67-2019/office-posts",
        "jgj-t-67-2019/single-office-size",
        "jgj-t-67-2019/small-meeting-size",
    ];
    let verdicts = assess(&register, &ids);
    assert!(verdicts.iter().all(|v| v.outcome == Outcome::Breach && v.is_minimum), "{verdicts:?}");
    let said: Vec<_> = verdicts.iter().map(|v| (v.subject.id().as_str(), v.value)).collect();
    assert_eq!(said, [("open", Some(5.95)), ("room", Some(9.9)), ("talk", Some(29.9))]);
}

#[test]
fn an_office_whose_post_has_ended_is_returned_within_a_month() {
    let id_of = "cn-office-management-2017/vacated-office";
    let mut register = office();
    register.calendar = model::Calendar::new(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
    let head = Post { id: id("head"), rank: Rank::SectionHead, body: id("county"), room: Some(id("room")) };
    let mut history = History::default();
    let span = Span::new(Instant::MIN, at("03-01 00:00"));
    history.insert(Dated { span, value: head.clone() }).unwrap();
    register.posts.insert(id("head"), history);
    let on = |register: &Register, day: &str| said(&rules::assess(register, &clauses(&[id_of]), at(day)));
    assert_eq!(on(&register, "02-28 12:00"), []);
    assert_eq!(on(&register, "04-01 12:00"), [(Outcome::Compliant, Some(31.0), Some(31.0))]);
    assert_eq!(on(&register, "04-02 12:00"), [(Outcome::Breach, Some(32.0), Some(31.0))]);
    let mut taken = register.clone();
    post(&mut taken, "next", Rank::SectionHead);
    assert_eq!(on(&taken, "04-02 12:00"), [], "another post took the office");
    let mut back = History::default();
    let mut room = register.place(&id("room"), at("03-01 00:00")).unwrap().clone();
    let span = Span::new(Instant::MIN, at("03-20 00:00"));
    back.insert(Dated { span, value: room.clone() }).unwrap();
    put_body(&mut register, body("affairs"));
    room.body = Some(id("affairs"));
    back.insert(Dated { span: Span::new(at("03-20 00:00"), Instant::MAX), value: room }).unwrap();
    register.places.insert(id("room"), back);
    assert_eq!(on(&register, "04-02 12:00"), [], "the affairs office has it back");
}

#[test]
fn a_waived_breach_says_under_what_waiver() {
    let mut register = office();
    post(&mut register, "head", Rank::SectionDeputy);
    let waiver = Waiver {
        clause: CAP.to_owned(),
        subject: id("house"),
        reason: "renovation".to_owned(),
        approver: "head".to_owned(),
    };
    register.waivers.push(Dated { span: Span::ALWAYS, value: waiver });
    let verdict = assess(&register, &[CAP]).remove(0);
    assert_eq!((verdict.outcome, verdict.waived.as_deref()), (Outcome::Breach, Some("renovation")));
}

#[test]
fn a_clause_is_judged_by_the_edition_in_force_on_the_day() {
    let mut register = office();
    register.calendar = model::Calendar::new(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
    post(&mut register, "head", Rank::SectionDeputy);
    let mut live = clauses(&[CAP]);
    live[0].in_force = Span::new(at("03-02 00:00"), at("03-03 00:00"));
    let days = ["03-01 23:00", "03-02 09:00", "03-03 00:00"];
    assert_eq!(days.map(|day| rules::assess(&register, &live, at(day)).len()), [0, 1, 0]);
}
