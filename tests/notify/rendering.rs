//! The words of mails. The golden files are beside this one; `NORMWATCH_BLESS=1` writes them anew.

use std::path::Path;

use model::{
    Instant, Period,
    register::{Language, Recipient, Severity},
};
use normwatch::notify::{Letter, MailKind, MailPlan, RenderError, Renderer, Sender, preview};
use rules::{Evidence, Provenance, Transition, TransitionKind};

use crate::findings::{HOUR, Story, at, plan, recipient, register, renderer};

fn english() -> Recipient {
    Recipient { language: Language::En, time_zone: Some("Europe/Berlin".into()), ..recipient("office") }
}

fn letter(to: &Recipient, kind: MailKind, told: &[Transition]) -> Letter {
    renderer().letter(&plan(kind, to, &register(), told)).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a switch for whoever changes a text on purpose")]
fn golden(name: &str, letter: &Letter) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notify/golden").join(name);
    let text = format!("{}\n\n{}", letter.subject, letter.text);
    if std::env::var("NORMWATCH_BLESS").is_ok() {
        std::fs::write(&path, &text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, wanted, "{name}: look at the difference; NORMWATCH_BLESS=1 accepts it");
}

#[test]
fn a_firing_alert_in_both_languages() {
    let told = [Story::of("r101", at(0)).fires()];
    golden("firing.zh.txt", &letter(&recipient("office"), MailKind::Changes, &told));
    golden("firing.en.txt", &letter(&english(), MailKind::Changes, &told));
}

#[test]
fn a_resolved_alert_in_both_languages() {
    let told = [Story::of("r101", at(0)).resolves(at(60))];
    golden("resolved.zh.txt", &letter(&recipient("office"), MailKind::Changes, &told));
    golden("resolved.en.txt", &letter(&english(), MailKind::Changes, &told));
}

/// A digest with a suspicion, a minimum, a finding of a body and an alert that ended.
fn mixed() -> Vec<Transition> {
    let ended = Story::of("r101", at(-3000));
    let mut dark = Story::of("r201", at(-2000));
    dark.clause.title = model::register::Text { zh: "室内照度".into(), en: String::new() };
    dark.clause.limit.fixed = rules::Bound { at_most: None, at_least: Some(300.0) };
    dark.clause.limit.unit = "lx".into();
    dark.clause.measure = rules::Measure::Illuminance;
    dark.clause.evidence = Evidence::Suspicion;
    (dark.value, dark.coverage) = (299.6, 0.9999);
    let mut body = Story::of("r201", at(-1000));
    body.subject = rules::Subject::Body(crate::findings::id("works"));
    body.clause.period = Period::Register;
    vec![ended.fires(), ended.resolves(at(-2940)), dark.fires(), body.fires()]
}

#[test]
fn a_digest_in_both_languages() {
    golden("digest.zh.txt", &letter(&recipient("office"), MailKind::Old, &mixed()));
    golden("digest.en.txt", &letter(&english(), MailKind::Old, &mixed()));
}

#[test]
fn a_building_with_news_of_several_kinds_counts_them_in_its_subject() {
    let (one, two) = (Story::of("r101", at(0)), Story::of("r102", at(-300)));
    let told = [one.fires(), two.resolves(at(0))];
    let subject = |to: &Recipient| letter(to, MailKind::Changes, &told).subject;
    assert_eq!(subject(&recipient("office")), "【告警】1号楼：新增 1 项，恢复 1 项");
    assert_eq!(subject(&english()), "[Alert] 1号楼: 1 new, 1 resolved");
}

#[test]
fn a_value_just_over_its_limit_is_told_apart_from_it_everywhere() {
    let story = Story { value: 700.04, ..Story::of("r101", at(0)) };
    let letter = letter(&english(), MailKind::Changes, &[story.fires()]);
    for text in [&letter.subject, &letter.text, &letter.html] {
        assert!(text.contains("700.04 ppm"), "{text}");
    }
}

#[test]
fn coverage_with_a_gap_is_never_called_complete() {
    let text = |coverage: f64| {
        let story = Story { coverage, ..Story::of("r101", at(0)) };
        letter(&english(), MailKind::Changes, &[story.fires()]).text
    };
    assert!(text(0.9999).contains("99% of the judged time"), "{}", text(0.9999));
    assert!(text(1.0).contains("without a gap"));
    assert!(text(0.004).contains("under 1%"));
}

#[test]
fn every_source_of_a_limit_is_said_in_words() {
    let words = [
        (Provenance::Official, "official text"),
        (Provenance::TwoSources, "two independent sources"),
        (Provenance::OneSource, "one source"),
        (Provenance::Derived, "calculated"),
        (Provenance::Policy, "threshold of the operator, not of a standard"),
        (Provenance::Unverified, "not verified"),
    ];
    for (provenance, expected) in words {
        let mut story = Story::of("r101", at(0));
        story.clause.provenance = provenance;
        let text = letter(&english(), MailKind::Changes, &[story.fires()]).text;
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_suspicion_is_never_told_as_a_fact() {
    let mut story = Story::of("r101", at(0));
    story.clause.evidence = Evidence::Suspicion;
    let zh = letter(&recipient("office"), MailKind::Changes, &[story.fires()]);
    assert!(zh.subject.contains("疑似") && zh.text.contains("现场核实"), "{}", zh.text);
    let en = letter(&english(), MailKind::Changes, &[story.fires()]);
    assert!(en.subject.contains("Possible") && en.text.contains("can only hint"), "{}", en.text);
}

#[test]
fn a_correction_names_the_old_and_the_new_value() {
    let story = Story { value: 760.0, revision: 2, ..Story::of("r101", at(0)) };
    let mut plan =
        plan(MailKind::Changes, &english(), &register(), &[story.step(TransitionKind::Revised, at(9))]);
    plan.lines[0].notice.told_value = Some(812.4);
    let letter = renderer().letter(&plan).unwrap();
    assert!(
        letter.text.contains("Told before: 812.4 ppm") && letter.text.contains("Measured: 760 ppm"),
        "{}",
        letter.text
    );
    assert!(letter.subject.starts_with("[Correction]"), "{}", letter.subject);
}

#[test]
fn mails_of_one_alert_thread_together() {
    let to = recipient("office");
    let story = Story::of("r101", at(0));
    let fired = letter(&to, MailKind::Changes, &[story.fires()]);
    let mut later = plan(MailKind::Changes, &to, &register(), &[story.resolves(at(60))]);
    later.answers = vec![fired.key.clone()];
    let resolved = renderer().letter(&later).unwrap();
    assert_eq!(resolved.in_reply_to.as_ref(), Some(&fired.message_id));
    assert!(resolved.references.contains(&fired.message_id));
    assert_eq!(resolved.references[0], fired.references[0], "also when the first mail was lost");
    assert_ne!(resolved.message_id, fired.message_id);
    assert_eq!(letter(&to, MailKind::Changes, &[story.fires()]).message_id, fired.message_id);
    assert_ne!(letter(&recipient("b"), MailKind::Changes, &[story.fires()]).message_id, fired.message_id);
}

#[test]
fn what_people_write_into_the_register_cannot_become_markup_or_a_header() {
    let mut register = register();
    let mut room = register.place(&crate::findings::id("r101"), at(0)).unwrap().clone();
    room.label = Some("<b>101</b>\r\nBcc: all@example.org".to_owned());
    register.places.insert(room.id.clone(), model::register::History::always(room));
    let plan = plan(MailKind::Changes, &english(), &register, &[Story::of("r101", at(0)).fires()]);
    let letter = renderer().letter(&plan).unwrap();
    assert!(letter.html.contains("&lt;b&gt;101") && !letter.html.contains("<b>101"));
    assert!(!letter.subject.contains(['\r', '\n']));
}

#[test]
fn html_asks_for_nothing_from_outside_and_leaves_no_message_unfilled() {
    for told in [vec![Story::of("r101", at(0)).fires()], mixed()] {
        for to in [recipient("office"), english()] {
            let letter = letter(&to, MailKind::Old, &told);
            assert!(!letter.html.contains("<img") && !letter.html.contains("url("));
            for key in ["label-", "intro-", "fact-", "state-", "measure-", "{ $", "{$"] {
                assert!(!letter.text.contains(key), "{key} in {}", letter.text);
            }
        }
    }
}

#[test]
fn a_mail_of_a_thousand_findings_stays_short_and_names_them_all_in_its_header() {
    let told: Vec<Transition> = (0..1000).map(|n| Story::of("r101", at(n - 5000)).fires()).collect();
    let letter = letter(&english(), MailKind::Old, &told);
    assert!(letter.text.contains("900 more are in the console"));
    assert!(letter.html.len() < 400_000, "{}", letter.html.len());
    assert_eq!(letter.headers[0].1.split(", ").count(), 1000);
}

#[test]
fn a_critical_alert_says_so_in_its_subject() {
    let mut story = Story::of("r101", at(0));
    story.clause.severity = Severity::Critical;
    assert!(
        letter(&recipient("office"), MailKind::Changes, &[story.fires()]).subject.starts_with("【严重告警】")
    );
}

#[test]
fn templates_of_the_operator_replace_the_built_in_ones_and_a_wrong_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let sender = Sender { from: "a@office.example".into(), public_url: None };
    std::fs::write(dir.path().join("alert.txt"), "ours: {{ page.subject }}").unwrap();
    let ours = Renderer::new(sender.clone(), Some(dir.path())).unwrap();
    let mail: MailPlan =
        plan(MailKind::Changes, &english(), &register(), &[Story::of("r101", at(0)).fires()]);
    assert!(ours.letter(&mail).unwrap().text.starts_with("ours: [Alert]"));
    std::fs::write(dir.path().join("alert.html"), "{% if %}").unwrap();
    let error = Renderer::new(sender, Some(dir.path())).unwrap_err();
    assert!(matches!(&error, RenderError::Template { name, .. } if name == "alert.html"), "{error}");
}

#[test]
fn a_preview_says_that_it_is_one_in_both_languages() {
    let now = Instant::parse("2026-03-02T09:30:00+08:00").unwrap();
    for (language, words) in [(Language::Zh, "示例邮件"), (Language::En, "This is an example")] {
        let letter = preview(&renderer(), &register(), language, "me@example.org", now).unwrap();
        assert!(letter.text.contains(words), "{}", letter.text);
        assert!(letter.text.contains("101会议室"), "it is about a room of the register");
    }
    let one = preview(&renderer(), &register(), Language::Zh, "me@example.org", now).unwrap();
    let two = preview(&renderer(), &register(), Language::Zh, "me@example.org", now.plus_ms(HOUR)).unwrap();
    assert_ne!(one.message_id, two.message_id);
}
