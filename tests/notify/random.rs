//! Random runs against a naive oracle: whoever is to hear of a change hears of it once, in order and calmly.

use std::collections::BTreeMap;

use model::register::{Recipient, Severity};
use normwatch::notify::{Dispatcher, MailKind, MailPlan};
use proptest::prelude::*;
use rules::{Transition, TransitionKind};

use crate::{
    dispatching::{quiet, seasoned, settings},
    findings::{HOUR, MINUTE, Story, add, at, id, recipient, with_recipients},
};

/// What happens in one step of a random run.
#[derive(Debug, Clone)]
struct Step {
    wait_minutes: i64,
    room: usize,
    action: u8,
    lag_hours: i64,
    is_restart: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lag = prop_oneof![4 => Just(0_i64), 1 => 1..30_i64, 1 => 30..2000_i64];
    let step = (0..90_i64, 0..4_usize, any::<u8>(), lag, prop::bool::weighted(0.1));
    let step = step.prop_map(|(wait_minutes, room, action, lag_hours, is_restart)| Step {
        wait_minutes,
        room,
        action,
        lag_hours,
        is_restart,
    });
    prop::collection::vec(step, 1..60)
}

/// The naive oracle: everybody whom a static rule names hears of every transition once.
fn expected(transition: &Transition, told: &mut BTreeMap<(String, String), u32>) {
    let room = transition.alert.check.subject.id().as_str();
    let mut hears = vec!["all"];
    if room.starts_with("r1") {
        hears.push("one");
    }
    for name in hears {
        told.insert((transition.id.to_string(), name.to_owned()), 1);
    }
}

fn count(plans: &[MailPlan], told: &mut BTreeMap<(String, String), u32>, mails: &mut Vec<MailPlan>) {
    for plan in plans {
        for line in &plan.lines {
            *told.entry((line.id.clone(), plan.addressee.id.to_string())).or_default() += 1;
        }
    }
    mails.extend_from_slice(plans);
}

/// Mails of changes about one building never come closer than the group interval.
fn is_calm(mails: &[MailPlan]) -> bool {
    mails.iter().enumerate().all(|(i, mail)| {
        let of_same = |m: &&MailPlan| {
            m.kind == MailKind::Changes && m.addressee.id == mail.addressee.id && m.building == mail.building
        };
        let later = mails.iter().skip(i + 1).find(of_same);
        mail.kind != MailKind::Changes || later.is_none_or(|l| l.due.since(mail.due) >= 5 * MINUTE)
    })
}

/// Nobody hears of an end before the beginning.
fn is_in_order(mails: &[MailPlan]) -> bool {
    let mut begun: Vec<(String, String)> = Vec::new();
    mails.iter().flat_map(|m| m.lines.iter().map(move |l| (m, l))).all(|(mail, line)| {
        let story = (mail.addressee.id.to_string(), line.notice.alert.to_string());
        match line.notice.kind {
            TransitionKind::Firing => begun.push(story),
            _ => return begun.contains(&story),
        }
        true
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_transition_reaches_each_of_its_recipients_in_exactly_one_mail(steps in steps()) {
        let mut register = with_recipients(&["all"]);
        add(&mut register, Recipient { place: Some(id("b1")), ..recipient("one") });
        add(&mut register, Recipient { severity_at_least: Severity::Critical, ..recipient("never") });
        let mut dispatcher = seasoned(settings(), &register);
        let mut open: BTreeMap<usize, Story> = BTreeMap::new();
        let (mut wanted, mut told, mut mails) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut now = at(0);
        for (n, step) in steps.iter().enumerate() {
            now = now.plus_ms(step.wait_minutes * MINUTE);
            // A millisecond a step keeps the ids of one room apart.
            let when = now.plus_ms(i64::try_from(n).unwrap() - step.lag_hours * HOUR);
            let room = ["r101", "r102", "r201", "yard"][step.room];
            let transition = match open.get(&step.room) {
                None => {
                    let story = Story::of(room, when);
                    open.insert(step.room, story.clone());
                    story.fires()
                }
                Some(story) => match step.action % 4 {
                    0 => story.step(TransitionKind::Revised, when),
                    1 => story.step(TransitionKind::Unproven, when),
                    _ => open.remove(&step.room).unwrap().resolves(when),
                },
            };
            expected(&transition, &mut wanted);
            dispatcher.handle(&[transition], &register, now);
            if step.action % 3 > 0 {
                count(&dispatcher.due(&register, now), &mut told, &mut mails);
            }
            match step.action % 8 {
                3 => dispatcher.silence(quiet("b1", now.plus_ms(step.wait_minutes * 30 * MINUTE))),
                5 => _ = dispatcher.lift_silence("of b1", now),
                _ => {}
            }
            if step.is_restart {
                let kept = serde_json::to_string(&dispatcher).unwrap();
                dispatcher = serde_json::from_str::<Dispatcher>(&kept).unwrap().with_settings(settings());
            }
        }
        while let Some(due) = dispatcher.next_due() {
            count(&dispatcher.due(&register, due.max(now)), &mut told, &mut mails);
        }
        prop_assert_eq!(told, wanted);
        prop_assert!(is_in_order(&mails));
        prop_assert!(is_calm(&mails));
    }
}
