//! When mails go out and what they tell together.

use model::{
    Instant, Period, Register,
    register::{Recipient, Severity},
};
use normwatch::notify::{Dispatcher, MailKind, MailPlan, Notice, Settings, Silence};
use rules::{Provenance, TransitionKind};

use crate::findings::{HOUR, MINUTE, Story, add, at, id, recipient, with_recipients};

pub(super) fn settings() -> Settings {
    Settings { repeat_interval_ms: 0, ..Settings::default() }
}

/// A dispatcher whose first start is over, so that register findings are ordinary ones.
pub(super) fn seasoned(settings: Settings, register: &Register) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(settings);
    let past = Story { waived: Some("long ago".into()), ..Story::of("r101", at(-100_000)) };
    dispatcher.handle(&[past.fires()], register, at(-100_000));
    dispatcher
}

fn ids(plan: &MailPlan) -> Vec<String> {
    plan.ids()
}

#[test]
fn changes_of_one_building_wait_for_each_other_and_go_out_as_one_mail() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(settings(), &register);
    let (one, two) = (Story::of("r101", at(0)).fires(), Story::of("r102", at(0)).fires());
    let other = Story::of("r201", at(0)).fires();
    dispatcher.handle(&[one.clone(), other.clone()], &register, at(0));
    dispatcher.handle(std::slice::from_ref(&two), &register, at(0).plus_ms(20_000));
    let due = at(0).plus_ms(30_000);
    assert_eq!(dispatcher.next_due(), Some(due));
    assert!(dispatcher.due(&register, due.plus_ms(-1)).is_empty());
    let plans = dispatcher.due(&register, due);
    assert_eq!(plans.len(), 2, "one mail a building");
    let of_b1 = plans.iter().find(|p| p.building.as_ref().unwrap().id == id("b1")).unwrap();
    assert_eq!(ids(of_b1).len(), 2);
    assert_eq!(dispatcher.next_due(), None);
    assert!(dispatcher.due(&register, at(1000)).is_empty());
}

#[test]
fn a_later_change_waits_for_the_group_interval_and_a_much_later_one_only_for_the_group_wait() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(settings(), &register);
    dispatcher.handle(&[Story::of("r101", at(0)).fires()], &register, at(0));
    let first = dispatcher.next_due().unwrap();
    assert_eq!(dispatcher.due(&register, first).len(), 1);
    dispatcher.handle(&[Story::of("r102", at(1)).fires()], &register, at(1));
    assert_eq!(dispatcher.next_due(), Some(first.plus_ms(5 * MINUTE)));
    assert_eq!(dispatcher.due(&register, first.plus_ms(5 * MINUTE)).len(), 1);
    dispatcher.handle(&[Story::of("r102", at(1)).resolves(at(90))], &register, at(90));
    assert_eq!(dispatcher.next_due(), Some(at(90).plus_ms(30_000)));
}

#[test]
fn without_a_group_wait_a_mail_is_due_at_once() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(Settings { group_wait_ms: 0, ..settings() }, &register);
    dispatcher.handle(&[Story::of("r101", at(0)).fires()], &register, at(0));
    assert_eq!(dispatcher.due(&register, at(0)).len(), 1);
}

#[test]
fn a_resolved_mail_answers_the_mail_that_told_the_firing() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(settings(), &register);
    let story = Story::of("r101", at(0));
    dispatcher.handle(&[story.fires()], &register, at(0));
    let fired = dispatcher.due(&register, at(1)).remove(0);
    assert!(fired.answers.is_empty());
    dispatcher.handle(&[story.resolves(at(60))], &register, at(60));
    let resolved = dispatcher.due(&register, at(61)).remove(0);
    assert_eq!(resolved.answers, [fired.key()]);
}

#[test]
fn who_heard_of_the_beginning_hears_of_the_end_even_when_the_clause_would_no_longer_reach_them() {
    let mut register = with_recipients(&[]);
    add(&mut register, Recipient { severity_at_least: Severity::Warning, ..recipient("a") });
    let mut dispatcher = seasoned(settings(), &register);
    let mut story = Story::of("r101", at(0));
    dispatcher.handle(&[story.fires()], &register, at(0));
    assert_eq!(dispatcher.due(&register, at(1)).len(), 1);
    story.clause.severity = Severity::Info;
    dispatcher.handle(&[story.resolves(at(60))], &register, at(60));
    assert_eq!(dispatcher.due(&register, at(61)).len(), 1);
}

#[test]
fn a_correction_says_what_was_told_before() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(settings(), &register);
    let mut story = Story::of("r101", at(0));
    dispatcher.handle(&[story.fires()], &register, at(0));
    assert_eq!(dispatcher.due(&register, at(1)).len(), 1);
    (story.value, story.revision) = (760.0, 2);
    dispatcher.handle(&[story.step(TransitionKind::Revised, at(30))], &register, at(30));
    let corrected = dispatcher.due(&register, at(31)).remove(0);
    assert_eq!(corrected.lines[0].notice.told_value, Some(812.4));
    assert_eq!(corrected.lines[0].notice.value, Some(760.0));
}

#[test]
fn waived_breaches_and_unverified_clauses_are_not_mailed_until_accepted() {
    let mut register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(settings(), &register);
    let waived = Story { waived: Some("refitting".into()), ..Story::of("r101", at(0)) };
    let mut unverified = Story::of("r102", at(0));
    unverified.clause.provenance = Provenance::Unverified;
    dispatcher.handle(&[waived.fires(), unverified.fires()], &register, at(0));
    assert_eq!(dispatcher.next_due(), None);
    register.accept_unverified.push(unverified.clause.id.clone());
    dispatcher.handle(&[unverified.fires()], &register, at(0));
    assert_eq!(dispatcher.due(&register, at(1)).len(), 1);
}

#[test]
fn findings_of_the_past_go_into_one_digest_however_long_the_reading_takes() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(settings(), &register);
    let day = 24 * 60;
    for n in 0..20 {
        let story = Story::of(if n % 2 == 0 { "r101" } else { "r201" }, at((n - 60) * day));
        let now = at(0).plus_ms(n * 50_000);
        dispatcher.handle(&[story.fires(), story.resolves(at((n - 60) * day + 60))], &register, now);
        assert!(dispatcher.due(&register, now).is_empty(), "the digest still grows");
    }
    let plans = dispatcher.due(&register, dispatcher.next_due().unwrap());
    assert_eq!(plans.len(), 1);
    assert_eq!((plans[0].kind, plans[0].lines.len()), (MailKind::Old, 40));
}

#[test]
fn register_findings_of_a_first_start_go_into_one_baseline_and_later_ones_are_ordinary() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = Dispatcher::new(settings());
    let finding = |room: &str, when: Instant| {
        let mut story = Story::of(room, when);
        story.clause.period = Period::Register;
        story.fires()
    };
    dispatcher.handle(&[finding("r101", at(-90_000)), finding("r201", at(-90_000))], &register, at(0));
    let plans = dispatcher.due(&register, at(1));
    assert_eq!(plans.iter().map(|p| (p.kind, p.lines.len())).collect::<Vec<_>>(), [(MailKind::Baseline, 2)]);
    dispatcher.handle(&[finding("r102", at(100))], &register, at(100));
    assert_eq!(dispatcher.due(&register, at(101))[0].kind, MailKind::Changes);
}

#[test]
fn an_unproven_alert_waits_for_the_morning_digest_but_its_resolution_does_not() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(settings(), &register);
    let story = Story::of("r101", at(0));
    dispatcher.handle(&[story.fires()], &register, at(0));
    assert_eq!(dispatcher.due(&register, at(1)).len(), 1);
    dispatcher.handle(&[story.step(TransitionKind::Unproven, at(120))], &register, at(120));
    let morning = Instant::parse("2026-03-03T08:00:00+08:00").unwrap();
    assert_eq!(dispatcher.next_due(), Some(morning));
    dispatcher.handle(&[story.resolves(at(180))], &register, at(180));
    let plans = dispatcher.due(&register, at(181));
    assert_eq!((plans.len(), plans[0].kind, plans[0].lines.len()), (1, MailKind::Changes, 2));
    assert_eq!(dispatcher.next_due(), None);
}

#[test]
fn an_alert_nobody_acknowledges_is_told_again_and_an_acknowledged_or_resolved_one_is_not() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(Settings::default(), &register);
    let stories = ["r101", "r102", "r201"].map(|room| Story::of(room, at(0)));
    dispatcher.handle(&stories.clone().map(|s| s.fires()), &register, at(0));
    let first: Vec<String> = dispatcher.due(&register, at(1)).iter().flat_map(ids).collect();
    assert!(dispatcher.acknowledge(stories[1].fires().alert.id.as_str(), true));
    assert!(!dispatcher.acknowledge("unknown", true));
    dispatcher.handle(&[stories[2].resolves(at(30))], &register, at(30));
    assert_eq!(dispatcher.due(&register, at(31)).len(), 1);
    let again = dispatcher.next_due().unwrap();
    assert_eq!(again, at(1).plus_ms(4 * HOUR));
    let plans = dispatcher.due(&register, again);
    assert_eq!(plans.len(), 1);
    let lines = &plans[0].lines;
    assert_eq!(
        (plans[0].kind, lines.len(), &lines[0].notice.alert),
        (MailKind::Reminder, 1, &stories[0].fires().alert.id)
    );
    assert!(!first.contains(&lines[0].id), "a reminder is no second telling of the transition");
    assert_eq!(dispatcher.next_due(), Some(again.plus_ms(4 * HOUR)));
    dispatcher.handle(&[stories[0].resolves(at(600))], &register, at(600));
    assert_eq!(dispatcher.due(&register, at(601)).len(), 1);
    assert_eq!(dispatcher.next_due(), None);
}

#[test]
fn a_yearly_finding_is_not_repeated_every_four_hours() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(Settings::default(), &register);
    let mut story = Story::of("b1", at(0));
    story.clause.period = Period::Year;
    dispatcher.handle(&[story.fires()], &register, at(0));
    assert_eq!(dispatcher.due(&register, at(1)).len(), 1);
    assert_eq!(dispatcher.next_due(), Some(at(1).plus_ms(30 * 24 * HOUR)));
}

#[test]
fn a_reminder_says_the_newest_breach_and_nothing_of_a_window_that_keeps_the_limit() {
    let register = with_recipients(&["a"]);
    let story = Story::of("r101", at(0));
    let mut notice = Notice::new(&story.fires(), &register);
    let told = notice.clone();
    let later = Story { value: 901.0, coverage: 0.8, ..story.clone() };
    notice.renew(&story.step(TransitionKind::Resolved, at(120)).alert.verdict);
    notice.renew(&later.step(TransitionKind::Firing, at(0)).alert.verdict);
    assert_eq!(notice, told, "kept the limit, or is no later window");
    let newest = later.step(TransitionKind::Firing, at(180)).alert.verdict;
    notice.renew(&newest);
    assert_eq!((notice.value, notice.coverage, notice.window), (Some(901.0), 0.8, newest.window));
    assert_eq!((notice.id, notice.started_at), (told.id, told.started_at), "it is the same alert");
}

#[test]
fn a_restart_from_an_older_state_plans_the_same_mails_and_the_same_reminders() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(Settings::default(), &register);
    dispatcher.handle(&[Story::of("r101", at(0)).fires()], &register, at(0));
    let kept = serde_json::to_string(&dispatcher).unwrap();
    let run = |mut dispatcher: Dispatcher, delay: i64| {
        let first = dispatcher.due(&register, at(1 + delay)).remove(0);
        let again = dispatcher.due(&register, dispatcher.next_due().unwrap()).remove(0);
        (ids(&first), ids(&again), first.key())
    };
    let restored: Dispatcher = serde_json::from_str(&kept).unwrap();
    assert_eq!(run(dispatcher, 0), run(restored.with_settings(Settings::default()), 7));
}

pub(super) fn quiet(subject: &str, until: Instant) -> Silence {
    Silence { id: format!("of {subject}"), clause: None, subject: Some(id(subject)), until }
}

#[test]
fn a_silence_holds_mails_back_and_tells_what_happened_when_it_ends() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(Settings::default(), &register);
    dispatcher.silence(quiet("b1-f1", at(120)));
    let (hushed, heard) = (Story::of("r101", at(0)), Story::of("b1", at(0)));
    dispatcher.handle(&[hushed.fires(), heard.fires()], &register, at(0));
    let plans = dispatcher.due(&register, at(1));
    assert_eq!((plans.len(), ids(&plans[0])), (1, vec![heard.fires().id.to_string()]));
    dispatcher.handle(&[hushed.resolves(at(60))], &register, at(60));
    assert!(dispatcher.due(&register, at(119)).is_empty());
    let plans = dispatcher.due(&register, at(120));
    assert_eq!((plans.len(), plans[0].lines.len()), (1, 2), "both are told, in one mail");
    let next = Story::of("r101", at(200));
    dispatcher.handle(&[next.fires()], &register, at(200));
    assert_eq!(dispatcher.due(&register, at(201)).len(), 1, "the next alert is not swallowed");
}

#[test]
fn a_lifted_silence_tells_at_once_and_a_silenced_alert_gets_no_reminder() {
    let register = with_recipients(&["a"]);
    let mut dispatcher = seasoned(Settings::default(), &register);
    let story = Story::of("r101", at(0));
    dispatcher.handle(&[story.fires()], &register, at(0));
    assert_eq!(dispatcher.due(&register, at(1)).len(), 1);
    dispatcher.silence(quiet("r101", at(10_000)));
    assert_eq!(dispatcher.next_due(), Some(at(10_000)), "the reminder waits as well");
    dispatcher.handle(&[story.resolves(at(60))], &register, at(60));
    assert!(dispatcher.due(&register, at(70)).is_empty());
    assert!(dispatcher.lift_silence("of r101", at(71)));
    assert!(!dispatcher.lift_silence("of r101", at(71)));
    assert_eq!(dispatcher.due(&register, at(71)).len(), 1);
    assert_eq!(dispatcher.next_due(), None);
}
