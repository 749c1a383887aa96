//! Clauses that are judged only while named conditions hold.

use model::{
    Period, PlaceKind, Quantity, Span,
    register::{Dated, Waiver},
};
use rules::{
    Bound, Clause, Condition, Expr, Fact, Measure, OnlyIf, Outcome, Rating, RatingLevel, TransitionKind,
};

use crate::world::{Run, World, at, clause, id, reading};

const HOUR: i64 = 3_600_000;

fn at_least(name: &str, measure: Measure, least: f64) -> Condition {
    let bound = Bound { at_most: None, at_least: Some(least) };
    Condition { name: name.to_owned(), measure, gate: None, bound, min_coverage: 0.75 }
}

/// Windows open for more than a quarter of the hour.
fn windows(text: &str, conditions: Vec<Condition>) -> Clause {
    let only_if = OnlyIf { text: text.to_owned(), expr: Expr::parse(text).unwrap(), conditions };
    let open = clause("windows", PlaceKind::Room, Measure::WindowOpen, Period::Hour, 0.25);
    Clause { only_if: Some(only_if), ..open }
}

fn air_conditioned() -> Clause {
    let conditions =
        vec![at_least("cooling", Measure::CoolingOn, 0.5), at_least("heating", Measure::HeatingOn, 0.5)];
    windows("cooling or heating", conditions)
}

/// One hour after 08:00 of 2 March: who sends what, `None` being silence.
fn hour(run: &mut Run, number: i64, open: f64, cooling: Option<f64>, heating: Option<f64>) {
    let from = at("03-02 08:00").plus_ms(number * HOUR);
    run.steady("s1", Quantity::WindowOpen, from, from.plus_ms(HOUR), open);
    for (quantity, value) in [(Quantity::CoolingOn, cooling), (Quantity::HeatingOn, heating)] {
        if let Some(value) = value {
            run.steady("t1", quantity, from, from.plus_ms(HOUR), value);
        }
    }
}

#[test]
fn true_lets_the_limit_decide_false_judges_nothing_and_unknown_is_insufficient() {
    use Outcome::{Breach, Compliant, Insufficient};
    let mut run = World::new().with(air_conditioned()).run();
    hour(&mut run, 0, 1.0, Some(1.0), Some(0.0));
    hour(&mut run, 1, 0.0, Some(0.0), Some(1.0));
    hour(&mut run, 2, 1.0, Some(0.0), Some(0.0));
    hour(&mut run, 3, 1.0, Some(0.0), None);
    // Known to run decides, whatever the other is.
    hour(&mut run, 4, 1.0, Some(1.0), None);
    run.advance(at("03-02 14:00"));
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.window.from, v.outcome)).collect();
    let start = |n: i64| at("03-02 08:00").plus_ms(n * HOUR);
    assert_eq!(
        said,
        [(start(0), Breach), (start(1), Compliant), (start(3), Insufficient), (start(4), Breach)]
    );
}

#[test]
fn why_tells_each_condition_and_names_the_unknown_ones() {
    let mut run = World::new().with(air_conditioned()).run();
    hour(&mut run, 0, 1.0, Some(0.0), None);
    run.advance(at("03-02 10:00"));
    let verdict = run.verdicts()[0];
    assert_eq!(verdict.value, Some(1.0), "what was measured is told all the same");
    assert_eq!(verdict.why.get("only_if"), Some(&Fact::Text("cooling or heating".to_owned())));
    assert_eq!(verdict.why.get("condition_cooling"), Some(&Fact::Number(0.0)));
    assert_eq!(verdict.why.get("condition_heating"), Some(&Fact::Text("unknown".to_owned())));
    let unknown = Fact::List(vec![Fact::Text("heating".to_owned())]);
    assert_eq!(verdict.why.get("unknown_conditions"), Some(&unknown));
}

#[test]
fn a_condition_that_is_covered_too_little_is_unknown() {
    let mut run = World::new().with(air_conditioned()).run();
    hour(&mut run, 0, 1.0, None, Some(0.0));
    // Twenty minutes of the hour.
    run.send("t1", Quantity::CoolingOn, at("03-02 08:00"), 1.0);
    run.send("t1", Quantity::CoolingOn, at("03-02 08:05"), 1.0);
    run.advance(at("03-02 10:00"));
    assert_eq!(run.outcomes(), [Outcome::Insufficient]);
}

#[test]
fn an_alert_stays_while_its_condition_is_false_and_ends_when_a_judged_hour_is_clear() {
    let mut run = World::new().with(air_conditioned()).run();
    hour(&mut run, 0, 1.0, Some(1.0), Some(0.0));
    hour(&mut run, 1, 0.0, Some(0.0), Some(0.0));
    run.advance(at("03-02 10:20"));
    assert_eq!(run.kinds(), [TransitionKind::Firing]);
    hour(&mut run, 2, 0.0, Some(1.0), Some(0.0));
    run.advance(at("03-02 12:00"));
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Resolved]);
}

#[test]
fn late_data_of_a_condition_alone_withdraws_what_was_judged() {
    let mut run = World::new().with(air_conditioned()).run();
    hour(&mut run, 0, 1.0, Some(1.0), Some(0.0));
    run.advance(at("03-02 09:30"));
    assert_eq!(run.kinds(), [TransitionKind::Firing]);
    run.steady("t1", Quantity::CoolingOn, at("03-02 08:00"), at("03-02 09:00"), 0.0);
    run.advance(at("03-02 09:31"));
    assert!(run.verdicts().last().unwrap().why.contains_key("withdrawn"));
    assert!(run.alert().is_none());
}

#[test]
fn late_data_of_a_meter_can_make_a_condition_known() {
    // Open windows matter while the room draws more than 1 kWh in the hour.
    let drawing = windows("drawing", vec![at_least("drawing", Measure::Electricity, 1.0)]);
    let mut world = World::new().with(drawing);
    world.meter("m", "r1", |_| {});
    let mut run = world.run();
    run.send("m", Quantity::EnergyImport, at("03-02 08:00"), 0.0);
    run.send("m", Quantity::EnergyImport, at("03-02 09:00"), 0.5);
    hour(&mut run, 0, 1.0, None, None);
    hour(&mut run, 1, 1.0, None, None);
    run.send("m", Quantity::EnergyImport, at("03-02 11:00"), 4.0);
    run.advance(at("03-02 12:30"));
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.window.from, v.outcome)).collect();
    let both = [at("03-02 09:00"), at("03-02 10:00")].map(|from| (from, Outcome::Insufficient));
    assert_eq!(said, both, "a step of two hours tells of no hour");
    assert!(run.observe(&reading("m", Quantity::EnergyImport, at("03-02 10:00"), 3.0)) == rules::Taken::Late);
    run.advance(at("03-02 12:31"));
    let verdict = run.verdicts().pop().unwrap();
    assert_eq!(
        (verdict.window.from, verdict.outcome, verdict.revision),
        (at("03-02 09:00"), Outcome::Breach, 2)
    );
}

#[test]
fn an_and_with_a_not_needs_both() {
    // Open although nobody is in: an end of the day that somebody forgot.
    let conditions =
        vec![at_least("cooling", Measure::CoolingOn, 0.5), at_least("used", Measure::PeakPeople, 1.0)];
    let mut run = World::new().with(windows("cooling and not used", conditions)).run();
    for (number, people) in [(0, 0.0), (1, 2.0)] {
        hour(&mut run, number, 1.0, Some(1.0), None);
        let from = at("03-02 08:00").plus_ms(number * HOUR);
        run.steady("s1", Quantity::PeopleCount, from, from.plus_ms(HOUR), people);
    }
    run.advance(at("03-02 11:00"));
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.window.from, v.outcome)).collect();
    assert_eq!(said, [(at("03-02 08:00"), Outcome::Breach)]);
}

#[test]
fn what_is_not_known_to_be_asked_is_neither_rated_nor_waived() {
    let rating = Some(Rating { baseline: None, guide: 0.1 });
    let mut world = World::new().with(Clause { rating, ..air_conditioned() });
    let waiver = Waiver {
        clause: "own-1/windows".to_owned(),
        subject: id("r1"),
        reason: "works".to_owned(),
        approver: "head".to_owned(),
    };
    world.register.waivers.push(Dated { span: Span::ALWAYS, value: waiver });
    let mut run = world.run();
    hour(&mut run, 0, 1.0, Some(1.0), Some(0.0));
    hour(&mut run, 1, 1.0, Some(0.0), None);
    run.advance(at("03-02 11:00"));
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.outcome, v.rating, v.waived.as_deref())).collect();
    assert_eq!(
        said,
        [
            (Outcome::Breach, Some(RatingLevel::AboveConstraint), Some("works")),
            (Outcome::Insufficient, None, None)
        ]
    );
}
