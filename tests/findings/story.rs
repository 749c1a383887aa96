//! What a facilities officer sees in the demo: each seeded breach is one story.

use std::collections::BTreeMap;

use rules::{AlertState, TransitionKind};

use crate::{
    compare::{Pair, Seeded, pair_of},
    office::{demo, past, scenario},
    play::{DAY, Played, at, days, play},
};

/// A Saturday afternoon in November, a week before somebody starts the demo.
const START: &str = "2026-11-14T15:40:00+08:00";

fn demo_week() -> (Played, Seeded) {
    let scenario = scenario(&demo(), at(START));
    let run = days(at(START), 7);
    (play(&scenario, Some(past(START)), run), Seeded::of(&scenario, run))
}

/// The room whose damper somebody opens on the second day.
const REPAIRED: &str = "meeting-351";

#[test]
fn each_seeded_breach_of_the_demo_is_told_once_and_goes_on_but_the_one_that_is_repaired() {
    let (played, seeded) = demo_week();
    let mut stories: BTreeMap<Pair, Vec<TransitionKind>> = BTreeMap::new();
    let mut per_day: BTreeMap<i64, usize> = BTreeMap::new();
    for transition in &played.transitions {
        println!("{} {} {:?}", transition.at, transition.kind.name(), pair_of(&transition.alert.verdict));
        stories.entry(pair_of(&transition.alert.verdict)).or_default().push(transition.kind);
        *per_day.entry(transition.at.since(at(START)).div_euclid(DAY)).or_default() += 1;
    }
    println!("transitions a day from the start: {per_day:?}");
    for (pair, kinds) in &stories {
        let told = kinds.iter().copied().filter(|kind| *kind != TransitionKind::Revised);
        let told: Vec<TransitionKind> = told.collect();
        let whole: &[TransitionKind] = match pair.1.as_str() {
            REPAIRED => &[TransitionKind::Firing, TransitionKind::Resolved],
            _ => &[TransitionKind::Firing],
        };
        assert_eq!(told, whole, "{pair:?}: {kinds:?}");
    }
    let waived = |pair: &&Pair| played.verdicts.values().any(|v| v.waived.is_some() && pair_of(v) == **pair);
    let exempt: Vec<&Pair> = seeded.pairs().filter(waived).collect();
    assert_eq!(exempt, [&("gb-t-18883-2022/co2".to_owned(), "office-305".to_owned())]);
    let told: Vec<&Pair> = seeded.pairs().filter(|pair| stories.contains_key(*pair)).collect();
    assert_eq!(told.len() + exempt.len(), seeded.pairs().count());
    assert_eq!(told.len(), stories.len(), "nothing else is told");
    assert!(played.alerts.iter().all(|alert| alert.state == AlertState::Firing));
    let over = played.transitions.iter().find(|t| t.kind == TransitionKind::Resolved).unwrap();
    let repaired = at("2026-11-15T12:30:00+08:00");
    assert!((repaired..repaired.plus_ms(DAY)).contains(&over.at), "{}", over.at);
    assert_eq!(over.alert.verdict.subject.id().as_str(), REPAIRED);
    assert_eq!(played.unknown.len(), 1, "one sensor waits to be claimed: {:?}", played.unknown);
}

#[test]
fn the_quota_of_the_past_year_is_an_old_finding_of_131_against_81() {
    let scenario = scenario(&demo(), at(START));
    let played = play(&scenario, Some(past(START)), days(at(START), 0));
    let clause = "db37-t-2672-2019/electricity-provincial-b";
    let found = played.transitions.iter().find(|t| t.alert.check.clause == clause).unwrap();
    let verdict = &found.alert.verdict;
    let (value, limit) = (verdict.value.unwrap(), verdict.limit.unwrap());
    assert!((129.0..133.0).contains(&value) && (limit - 81.0).abs() < 1e-9, "{value} against {limit}");
    assert_eq!(verdict.window.from, at("2025-01-01T00:00:00+08:00"));
    assert_eq!(verdict.window.to, at("2026-01-01T00:00:00+08:00"));
    assert!(verdict.coverage > 0.999 && found.at < at("2026-01-02T00:00:00+08:00"));
}
