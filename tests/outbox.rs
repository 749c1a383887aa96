//! The outbox from outside: nothing is told twice, nothing owed is forgotten.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use model::Instant;
use normwatch::state::{MailStatus, NewMail, Owed, State, Step};

fn at(ms: i64) -> Instant {
    Instant::from_millis(ms)
}

fn owed(transition: &str, recipient: &str) -> Owed {
    Owed {
        transition: transition.to_owned(),
        recipient: recipient.to_owned(),
        queued_at: at(1),
        body: b"data".to_vec(),
    }
}

fn mail(message_id: &str) -> NewMail {
    NewMail {
        message_id: message_id.to_owned(),
        recipient: "facility".to_owned(),
        subject: "CO2".to_owned(),
        body: b"Subject: CO2\r\n\r\n.".to_vec(),
    }
}

fn state(dir: &tempfile::TempDir) -> State {
    State::open(&dir.path().join("state.sqlite")).unwrap()
}

#[test]
fn a_replayed_step_owes_nobody_the_same_transition_twice() {
    let dir = tempfile::tempdir().unwrap();
    let state = state(&dir);
    let step = Step { owed: vec![owed("t1", "a"), owed("t1", "b"), owed("t2", "a")], ..Step::default() };
    state.commit(&step).unwrap();
    let rows = state.owed(10).unwrap();
    assert_eq!(rows.len(), 3);
    let told: Vec<u64> = rows.iter().filter(|row| row.owed.recipient == "a").map(|row| row.id).collect();
    let id = state.queue_mail(&mail("<1@x>"), &told, at(5)).unwrap();
    assert_eq!(state.mail(id).unwrap().unwrap().transitions, ["t1", "t2"]);
    state.mark_sending(id, at(6)).unwrap();
    state.mark_sent(id, at(7)).unwrap();
    state.commit(&step).unwrap();
    let left: Vec<String> = state.owed(10).unwrap().into_iter().map(|row| row.owed.recipient).collect();
    assert_eq!(left, ["b"]);
    state.withdraw(&[rows[1].id], "silenced").unwrap();
    state.commit(&step).unwrap();
    assert!(state.owed(10).unwrap().is_empty());
    assert_eq!(state.owed_status("t1", "b").unwrap().as_deref(), Some("withdrawn"));
}

#[test]
fn a_mail_that_a_crash_left_as_sending_goes_again_with_the_same_id_and_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let before = state(&dir);
    let id = before.queue_mail(&mail("<1@x>"), &[], at(5)).unwrap();
    before.mark_sending(id, at(6)).unwrap();
    assert!(before.due_mails(at(99), 10).unwrap().is_empty(), "it is on its way");
    drop(before);
    let after = state(&dir);
    assert_eq!(after.recover_mails().unwrap(), 1);
    let due = after.due_mails(at(99), 10).unwrap();
    assert_eq!((due[0].mail.message_id.as_str(), due[0].is_maybe_doubled), ("<1@x>", true));
    assert_eq!(after.counter("mail_maybe_doubled").unwrap(), 1);
    assert_eq!(after.recover_mails().unwrap(), 0);
}

#[test]
fn a_mail_waits_for_its_next_attempt_and_keeps_its_error() {
    let dir = tempfile::tempdir().unwrap();
    let state = state(&dir);
    let id = state.queue_mail(&mail("<1@x>"), &[], at(5)).unwrap();
    assert_eq!(state.queue_mail(&mail("<1@x>"), &[], at(8)).unwrap(), id, "queued once");
    state.mark_sending(id, at(6)).unwrap();
    state.retry_mail(id, at(100), "451 try later").unwrap();
    assert_eq!(state.next_attempt().unwrap(), Some(at(100)));
    assert!(state.due_mails(at(99), 10).unwrap().is_empty());
    let due = state.due_mails(at(100), 10).unwrap();
    assert_eq!((due[0].attempts, due[0].error.as_deref()), (1, Some("451 try later")));
    state.mark_failed(id, at(101), "550 no such user").unwrap();
    assert_eq!(state.mails(u64::MAX, 10).unwrap()[0].status, MailStatus::Failed);
    let failed = state.mail_counts().unwrap().into_iter().find(|(status, _)| *status == MailStatus::Failed);
    assert_eq!(failed, Some((MailStatus::Failed, 1)));
    assert!(state.mark_sent(77, at(1)).is_err(), "a mail that is not there is an error");
}
