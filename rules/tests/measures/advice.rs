//! What a finding of the register says beside its number: whose people divide it, how soon it is put right.

use model::{
    RoomUse,
    register::{Body, Rank},
};
use rules::{Bound, Clause, Fact, Limit, LiveClause, Outcome};

use crate::{
    assess::{CAP, assess, clauses, office, post, put_body, room, why},
    world::{at, body, id},
};

#[test]
fn people_are_counted_once_whether_at_the_top_or_below() {
    // 80 m² of the county; the ministry above holds nothing. Its headcount, if any, is of all below it.
    for (ministry, value) in [(None, 8.0), (Some(16.0), 5.0)] {
        let mut register = office();
        put_body(&mut register, Body { energy_headcount: ministry, ..body("ministry") });
        let parent = Some(id("ministry"));
        put_body(&mut register, Body { energy_headcount: Some(10.0), parent, ..body("county") });
        put_body(&mut register, Body { energy_headcount: Some(5.0), ..body("guests") });
        room(&mut register, "hall", RoomUse::Meeting, Some(60.0));
        let verdicts = assess(&register, &["uk-government-space-2018/space-per-person"]);
        let of = |body: &str| {
            let mut of = verdicts.iter().filter(|v| v.subject.id().as_str() == body);
            of.next().and_then(|v| v.value)
        };
        assert_eq!((of("ministry"), of("county")), (Some(value), Some(8.0)));
        assert!(of("guests").is_none(), "they hold no room");
    }
}

#[test]
fn an_over_size_office_says_how_far_it_goes_and_how_soon_that_is_put_right() {
    // The cap is 18 m²; at most 30 % over, up to 50 %, and from there on.
    for (area, excess, handling) in [
        (23.4, 0.3, "may wait while no fitting room is free"),
        (23.5, 0.305_556, "at the next refit or change of post"),
        (26.9, 0.494_444, "at the next refit or change of post"),
        (27.0, 0.5, "must be put right"),
    ] {
        let mut register = office();
        post(&mut register, "head", Rank::SectionHead);
        room(&mut register, "room", RoomUse::SingleOffice, Some(area));
        let verdict = assess(&register, &[CAP]).remove(0);
        assert_eq!(verdict.outcome, Outcome::Breach, "the grade is no other limit");
        assert_eq!(verdict.why["excess_over_cap"], Fact::Number(excess));
        assert_eq!(why(&verdict, "handling"), Some(handling));
        assert!(why(&verdict, "handling_from").unwrap().contains("not identified (one_source)"));
    }
    let mut register = office();
    post(&mut register, "head", Rank::SectionHead);
    room(&mut register, "room", RoomUse::SingleOffice, Some(18.0));
    assert!(!assess(&register, &[CAP])[0].why.contains_key("handling"));
}

#[test]
fn only_an_excess_over_a_cap_of_the_document_itself_is_graded() {
    let mut register = office();
    post(&mut register, "head", Rank::SectionHead);
    room(&mut register, "room", RoomUse::SingleOffice, Some(27.0));
    let of_document = clauses(&[CAP]).remove(0);
    let capped = |at_most, at_least| Limit {
        fixed: Bound { at_most, at_least },
        table: None,
        ..of_document.clause.limit.clone()
    };
    let clause = &of_document.clause;
    for (changed, is_graded) in [
        (Clause { limit: capped(Some(20.0), None), ..Clause::clone(clause) }, true),
        (Clause { limit: capped(None, Some(30.0)), ..Clause::clone(clause) }, false),
        (Clause { limit: capped(Some(0.0), None), ..Clause::clone(clause) }, false),
        (Clause { moved_by: Some("order 3".to_owned()), ..Clause::clone(clause) }, false),
    ] {
        let live = LiveClause { clause: changed.into(), ..of_document.clone() };
        let verdict = rules::assess(&register, &[live], at("03-02 09:00")).remove(0);
        assert_eq!(verdict.outcome, Outcome::Breach);
        assert_eq!(verdict.why.contains_key("handling"), is_graded, "{:?}", verdict.clause.limit.fixed);
    }
}
