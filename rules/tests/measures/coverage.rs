//! Whether every register clause of the packs is judged by `assess`.

use model::{
    Instant, PlaceKind, RoomUse, Span,
    register::{Dated, History, Level, Post, Rank},
};
use rules::{Catalogue, LiveClause, Outcome};

use crate::{
    assess::{office, put, put_body},
    world::{at, body, id, place},
};

#[test]
fn every_register_clause_of_every_pack_is_judged_somewhere() {
    let catalogue = Catalogue::builtin().unwrap();
    let live: Vec<LiveClause> = catalogue
        .packs()
        .iter()
        .flat_map(|pack| pack.clauses.clone())
        .filter(|clause| clause.period == model::Period::Register)
        .map(|clause| LiveClause { clause, in_force: Span::ALWAYS, is_enforced: true })
        .collect();
    let mut judged: Vec<String> = Vec::new();
    for (level, storeys) in
        [(Level::City, 6), (Level::County, 7), (Level::Provincial, 7), (Level::Township, 2)]
    {
        let mut register = office();
        let headcounts = (Some(level), Some(250.0));
        let mut of_level = body("county");
        (of_level.level, of_level.authorised_headcount) = headcounts;
        of_level.energy_headcount = Some(250.0);
        put_body(&mut register, of_level);
        let mut house = place("house", PlaceKind::Building, None);
        (house.body, house.storeys) = (Some(id("county")), Some(storeys));
        put(&mut register, house);
        for room_use in [RoomUse::Meeting, RoomUse::Canteen, RoomUse::Garage, RoomUse::Equipment] {
            let mut room = place(room_use.name(), PlaceKind::Room, Some("house"));
            room.room_use = Some(room_use);
            put(&mut register, room);
        }
        for (name, room_use) in [("left", RoomUse::SingleOffice), ("moved", RoomUse::OpenOffice)] {
            let mut left = place(name, PlaceKind::Room, Some("house"));
            left.room_use = Some(room_use);
            put(&mut register, left);
        }
        let rank = Rank::of(level)[0];
        let of = |room: &str| Post { id: id(room), rank, body: id("county"), room: Some(id(room)) };
        register.posts.insert(id("room"), History::always(of("room")));
        for room in ["left", "moved"] {
            let mut ended = History::default();
            let span = Span::new(Instant::MIN, at("01-01 00:00"));
            ended.insert(Dated { span, value: of(room) }).unwrap();
            register.posts.insert(id(room), ended);
        }
        let verdicts = rules::assess(&register, &live, at("03-02 09:00"));
        let spoke = verdicts.iter().filter(|v| v.outcome != Outcome::Insufficient);
        judged.extend(spoke.map(|v| v.clause.id.clone()));
    }
    let silent: Vec<&str> =
        live.iter().map(|l| l.clause.id.as_str()).filter(|id| !judged.iter().any(|j| j == id)).collect();
    assert_eq!(silent, Vec::<&str>::new());
}
