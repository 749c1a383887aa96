//! Who is told.

use model::{
    Register, Span,
    register::{Dated, History, Recipient, Severity},
};
use normwatch::notify::{Notice, route};
use rules::Subject;

use crate::findings::{HOUR, Story, add, at, id, recipient, register};

fn told(register: &Register, story: &Story) -> Vec<String> {
    let notice = Notice::new(&story.fires(), register);
    route(&notice, register, at(0)).into_iter().map(|a| a.id.to_string()).collect()
}

fn with(recipients: Vec<Recipient>) -> Register {
    let mut register = register();
    for recipient in recipients {
        add(&mut register, recipient);
    }
    register
}

#[test]
fn a_place_takes_the_alerts_of_everything_below_it() {
    let at_place = |name: &str, place: &str| Recipient { place: Some(id(place)), ..recipient(name) };
    let register = with(vec![at_place("site", "yard"), at_place("one", "b1"), at_place("two", "b2")]);
    assert_eq!(told(&register, &Story::of("r101", at(0))), ["one", "site"]);
    assert_eq!(told(&register, &Story::of("r201", at(0))), ["site", "two"]);
    assert_eq!(told(&register, &Story::of("yard", at(0))), ["site"]);
}

#[test]
fn a_body_takes_the_alerts_of_its_rooms_and_of_bodies_below_it() {
    let of_body = |name: &str, body: &str| Recipient { body: Some(id(body)), ..recipient(name) };
    let register = with(vec![of_body("planners", "planning"), of_body("workers", "works")]);
    assert_eq!(told(&register, &Story::of("r101", at(0))), ["planners"]);
    assert_eq!(told(&register, &Story::of("r201", at(0))), ["planners", "workers"]);
    let body = Story { subject: Subject::Body(id("works")), ..Story::of("r201", at(0)) };
    assert_eq!(told(&register, &body), ["planners", "workers"]);
}

#[test]
fn the_alert_of_a_body_reaches_those_who_look_after_its_rooms() {
    let at_place = |name: &str, place: &str| Recipient { place: Some(id(place)), ..recipient(name) };
    let register = with(vec![at_place("one", "b1"), at_place("two", "b2")]);
    let body = Story { subject: Subject::Body(id("works")), ..Story::of("r201", at(0)) };
    assert_eq!(told(&register, &body), ["two"]);
}

#[test]
fn a_clause_less_severe_than_asked_is_not_told() {
    let least = |name: &str, severity| Recipient { severity_at_least: severity, ..recipient(name) };
    let register = with(vec![least("all", Severity::Info), least("worst", Severity::Critical)]);
    let mut story = Story::of("r101", at(0));
    assert_eq!(told(&register, &story), ["all"]);
    story.clause.severity = Severity::Critical;
    assert_eq!(told(&register, &story), ["all", "worst"]);
}

#[test]
fn a_row_counts_only_between_its_dates() {
    let mut register = register();
    let mut dated = History::default();
    dated.insert(Dated { span: Span::new(at(0), at(60)), value: recipient("guest") }).unwrap();
    register.recipients.insert(id("guest"), dated);
    let notice = Notice::new(&Story::of("r101", at(0)).fires(), &register);
    assert_eq!(route(&notice, &register, at(59)).len(), 1);
    assert_eq!(route(&notice, &register, at(60)).len(), 0);
}

#[test]
fn a_deputy_reads_once_for_the_absent_and_says_for_whom() {
    let away = Some(Span::new(at(0).plus_ms(-HOUR), at(60)));
    let absent =
        |name: &str, deputy: &str| Recipient { absent: away, deputy: Some(id(deputy)), ..recipient(name) };
    let register = with(vec![absent("a", "b"), absent("b", "c"), recipient("c"), absent("d", "d")]);
    let notice = Notice::new(&Story::of("r101", at(0)).fires(), &register);
    let readers = route(&notice, &register, at(0));
    let names: Vec<_> = readers.iter().map(|a| a.id.to_string()).collect();
    assert_eq!(names, ["c", "d"], "c reads for a and b; d has no deputy who is present");
    assert_eq!(readers[0].deputy_of, Some(id("a")));
    assert_eq!(route(&notice, &register, at(60)).len(), 4, "everybody is back");
}
