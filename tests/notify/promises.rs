//! What the outbox promises when a process dies or a transition comes again.

use model::{Id, Instant};
use normwatch::notify::{
    Counts, Delivery, Letter, MailKind, Mailer, Outbox, OutboxError, OutboxStore, Queued, RetryPolicy,
    SqliteOutbox,
};

use crate::{
    delivering::{open, queue, start, url},
    findings::{Story, at, plan, recipient, register, renderer},
    smtp::{Options, SmtpServer},
};

/// A store whose process dies after the server's 250 and before the mark.
struct DiesBeforeTheMark(SqliteOutbox);

impl OutboxStore for DiesBeforeTheMark {
    fn untold(&self, recipient: &Id, ids: &[String]) -> Result<Vec<String>, OutboxError> {
        self.0.untold(recipient, ids)
    }
    fn enqueue(&mut self, to: &Id, ids: &[String], mail: &Letter, now: Instant) -> Result<(), OutboxError> {
        self.0.enqueue(to, ids, mail, now)
    }
    fn due(&self, now: Instant, limit: usize) -> Result<Vec<Queued>, OutboxError> {
        self.0.due(now, limit)
    }
    fn mark_sending(&mut self, key: &str) -> Result<(), OutboxError> {
        self.0.mark_sending(key)
    }
    fn mark_sent(&mut self, _: &str, _: Instant) -> Result<(), OutboxError> {
        Err(OutboxError::Store(rusqlite::Error::QueryReturnedNoRows))
    }
    fn mark_retry(&mut self, key: &str, next: Instant, error: &str, maybe: bool) -> Result<(), OutboxError> {
        self.0.mark_retry(key, next, error, maybe)
    }
    fn mark_failed(&mut self, key: &str, error: &str, now: Instant) -> Result<(), OutboxError> {
        self.0.mark_failed(key, error, now)
    }
    fn recover(&mut self, now: Instant) -> Result<u64, OutboxError> {
        self.0.recover(now)
    }
    fn next_attempt(&self) -> Result<Option<Instant>, OutboxError> {
        self.0.next_attempt()
    }
    fn counts(&self) -> Result<Counts, OutboxError> {
        self.0.counts()
    }
}

#[tokio::test]
async fn a_stop_between_the_servers_answer_and_our_mark_sends_the_same_mail_again_and_counts_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&Options::default());
    queue(dir.path(), &recipient("zh"), "r101");
    let config = url(server.port, "");
    let store = DiesBeforeTheMark(open(dir.path()));
    let mailer = Mailer::new(&config).unwrap();
    let mut dying = Delivery::start(store, mailer, RetryPolicy::default(), at(0)).unwrap();
    assert!(dying.round(at(0)).await.is_err());
    drop(dying);
    let mut again = start(dir.path(), &config, at(1));
    assert_eq!(again.round(at(1)).await.unwrap().sent, 1);
    let mails = server.mails(2);
    assert_eq!(mails[0]["headers"]["message-id"], mails[1]["headers"]["message-id"]);
    assert_eq!(again.store().counts().unwrap(), Counts { sent: 1, maybe_doubled: 1, ..Counts::default() });
}

#[test]
fn a_replay_mails_only_what_was_not_told_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut outbox = Outbox::new(open(dir.path()), renderer());
    let to = recipient("zh");
    let (one, two) = (Story::of("r101", at(0)).fires(), Story::of("r102", at(1)).fires());
    let told = |steps: &[rules::Transition]| plan(MailKind::Changes, &to, &register(), steps);
    let first = outbox.put(&told(std::slice::from_ref(&one)), at(0)).unwrap().unwrap();
    assert_eq!(outbox.put(&told(std::slice::from_ref(&one)), at(5)).unwrap(), None);
    let second = outbox.put(&told(&[one.clone(), two.clone()]), at(5)).unwrap().unwrap();
    let ids = |letter: &Letter| letter.headers[0].1.clone();
    assert_eq!((ids(&first), ids(&second)), (one.id.to_string(), two.id.to_string()));
    assert!(!second.text.contains("101"), "what was told before is not told again");
}
