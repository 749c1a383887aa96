//! Delivery over a real SMTP conversation, and what the outbox promises.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
};

use model::{
    Instant,
    register::{Language, Recipient},
};
use normwatch::notify::{
    Counts, Delivery, Letter, MailKind, MailPlan, Mailer, MailerConfig, Outbox, OutboxStore, RetryPolicy,
    SqliteOutbox,
};
use rusqlite::Connection;

use crate::{
    findings::{HOUR, MINUTE, Story, at, plan, recipient, register, renderer},
    smtp::{Options, SmtpServer, free_port, make_certificate},
};

pub(super) fn open(dir: &Path) -> SqliteOutbox {
    let connection = Connection::open(dir.join("state.sqlite")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    SqliteOutbox::open(connection).unwrap()
}

pub(super) fn url(port: u16, query: &str) -> MailerConfig {
    MailerConfig::new(&format!("smtp://127.0.0.1:{port}{query}"))
}

/// Queues one mail about a room to a recipient.
pub(super) fn queue(dir: &Path, to: &Recipient, room: &str) -> Letter {
    let mail = mail_about(to, room);
    Outbox::new(open(dir), renderer()).put(&mail, at(0)).unwrap().unwrap()
}

fn mail_about(to: &Recipient, room: &str) -> MailPlan {
    plan(MailKind::Changes, to, &register(), &[Story::of(room, at(0)).fires()])
}

pub(super) fn start(dir: &Path, config: &MailerConfig, now: Instant) -> Delivery<SqliteOutbox> {
    Delivery::start(open(dir), Mailer::new(config).unwrap(), RetryPolicy::default(), now).unwrap()
}

#[tokio::test]
async fn mails_of_both_languages_arrive_whole_over_starttls_with_login() {
    let dir = tempfile::tempdir().unwrap();
    make_certificate(dir.path());
    let server =
        SmtpServer::start(&Options { tls: Some(dir.path()), password: Some("right"), ..Options::default() });
    let zh = queue(dir.path(), &recipient("zh"), "r101");
    let en = queue(dir.path(), &Recipient { language: Language::En, ..recipient("en") }, "r101");
    let config = MailerConfig {
        username: Some("normwatch".into()),
        password: Some("right".into()),
        ca_pem: Some(std::fs::read(dir.path().join("cert.pem")).unwrap()),
        ..url(server.port, "?tls=required")
    };
    let round = start(dir.path(), &config, at(0)).round(at(0)).await.unwrap();
    assert_eq!((round.sent, round.server_error), (2, None));
    for (mail, letter) in server.mails(2).iter().zip([zh, en]) {
        assert_eq!(mail["tls"], true);
        assert_eq!(mail["login"], true);
        assert_eq!(mail["type"], "multipart/alternative");
        assert_eq!(mail["to"][0], *letter.to);
        let headers = &mail["headers"];
        assert_eq!(headers["subject"], *letter.subject);
        assert_eq!(headers["message-id"], *letter.message_id);
        assert_eq!(headers["auto-submitted"], "auto-generated");
        let story = Story::of("r101", at(0)).fires();
        assert_eq!(headers["x-normwatch-transition"], story.id.as_str());
        assert_eq!(mail["text"].as_str().unwrap().replace("\r\n", "\n"), letter.text);
        assert_eq!(mail["html"].as_str().unwrap().replace("\r\n", "\n").trim(), letter.html.trim());
    }
}

#[tokio::test]
async fn tls_from_the_first_byte_works_too() {
    let dir = tempfile::tempdir().unwrap();
    make_certificate(dir.path());
    let server =
        SmtpServer::start(&Options { tls: Some(dir.path()), is_implicit: true, ..Options::default() });
    queue(dir.path(), &recipient("zh"), "r101");
    let config = MailerConfig {
        ca_pem: Some(std::fs::read(dir.path().join("cert.pem")).unwrap()),
        ..MailerConfig::new(&format!("smtps://localhost:{}", server.port))
    };
    assert_eq!(start(dir.path(), &config, at(0)).round(at(0)).await.unwrap().sent, 1);
    assert_eq!(server.mails(1)[0]["tls"], true);
}

#[tokio::test]
async fn a_certificate_of_nobody_stops_the_mail_where_encryption_is_required() {
    let dir = tempfile::tempdir().unwrap();
    make_certificate(dir.path());
    let server = SmtpServer::start(&Options { tls: Some(dir.path()), ..Options::default() });
    queue(dir.path(), &recipient("zh"), "r101");
    let round = start(dir.path(), &url(server.port, "?tls=required"), at(0)).round(at(0)).await.unwrap();
    let error = round.server_error.unwrap();
    assert!(error.contains("certificate"), "{error}");
    assert_eq!(open(dir.path()).counts().unwrap().queued, 1);
}

#[tokio::test]
async fn a_local_relay_with_a_certificate_of_its_own_is_used_encrypted() {
    let dir = tempfile::tempdir().unwrap();
    make_certificate(dir.path());
    let server = SmtpServer::start(&Options { tls: Some(dir.path()), ..Options::default() });
    queue(dir.path(), &recipient("zh"), "r101");
    let round = start(dir.path(), &url(server.port, ""), at(0)).round(at(0)).await.unwrap();
    assert_eq!((round.sent, round.server_error), (1, None));
    assert_eq!(server.mails(1)[0]["tls"], true);
}

#[tokio::test]
async fn a_wrong_password_is_named_and_the_mail_stays_until_the_right_one_comes() {
    let dir = tempfile::tempdir().unwrap();
    make_certificate(dir.path());
    let server =
        SmtpServer::start(&Options { tls: Some(dir.path()), password: Some("right"), ..Options::default() });
    queue(dir.path(), &recipient("a"), "r101");
    queue(dir.path(), &recipient("b"), "r101");
    let newest = || open(dir.path()).log(None, 10).unwrap();
    let config = |password: &str| MailerConfig {
        username: Some("normwatch".into()),
        password: Some(password.into()),
        ..url(server.port, "")
    };
    let round = start(dir.path(), &config("wrong"), at(0)).round(at(0)).await.unwrap();
    let error = round.server_error.unwrap();
    assert!(error.contains("535") && error.contains(&server.port.to_string()), "{error}");
    assert_eq!((round.sent, round.failed, round.retried), (0, 0, 1), "the second mail is not even tried");
    assert_eq!(open(dir.path()).counts().unwrap(), Counts { queued: 2, ..Counts::default() });
    let logged = newest();
    assert_eq!((logged[0].attempts, logged[1].attempts), (0, 1), "the newest stands first");
    assert_eq!(logged[1].error.as_ref(), Some(&error));
    assert_eq!(start(dir.path(), &config("right"), at(9)).round(at(9)).await.unwrap().sent, 2);
    server.mails(2);
    assert!(newest().iter().all(|m| m.status == "sent" && m.done_at == Some(at(9)) && m.error.is_none()));
    let older = open(dir.path()).log(Some(newest()[0].number), 10).unwrap();
    assert_eq!((older.len(), older[0].recipient.as_str()), (1, "a"));
}

#[tokio::test]
async fn a_digest_of_a_thousand_transitions_arrives_with_every_id_in_its_header() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&Options::default());
    let told: Vec<_> = (0..1000).map(|n| Story::of("r101", at(n - 9000)).fires()).collect();
    let ids = told.iter().map(|t| t.id.to_string()).collect::<Vec<_>>().join(", ");
    let digest = plan(MailKind::Old, &recipient("zh"), &register(), &told);
    Outbox::new(open(dir.path()), renderer()).put(&digest, at(0)).unwrap().unwrap();
    let round = start(dir.path(), &url(server.port, ""), at(0)).round(at(0)).await.unwrap();
    assert_eq!((round.sent, round.server_error), (1, None));
    assert_eq!(server.mails(1)[0]["headers"]["x-normwatch-transition"], ids);
}

/// A server that reads a whole mail and goes away instead of answering.
fn vanishing_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        stream.write_all(b"220 here\r\n").unwrap();
        while let Some(line) = lines.next() {
            let answer: &[u8] = if line == "DATA" { b"354 go on\r\n" } else { b"250 fine\r\n" };
            stream.write_all(answer).unwrap();
            if line == "DATA" {
                lines.find(|line| line == ".").unwrap();
                return;
            }
        }
    });
    port
}

#[tokio::test]
async fn a_mail_whose_answer_never_came_is_sent_again_and_counted_as_maybe_doubled() {
    let dir = tempfile::tempdir().unwrap();
    queue(dir.path(), &recipient("zh"), "r101");
    let mut delivery = start(dir.path(), &url(vanishing_server(), "?tls=none"), at(0));
    let round = delivery.round(at(0)).await.unwrap();
    assert_eq!((round.sent, round.retried), (0, 1), "{round:?}");
    assert!(round.server_error.unwrap().contains("broke while sending"));
    assert_eq!(
        delivery.store().counts().unwrap(),
        Counts { queued: 1, maybe_doubled: 1, ..Counts::default() }
    );
}

#[tokio::test]
async fn a_mail_that_breaks_the_connection_does_not_hold_up_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let poison = queue(dir.path(), &recipient("poison"), "r101");
    queue(dir.path(), &recipient("fine"), "r101");
    let round = start(dir.path(), &url(vanishing_server(), "?tls=none"), at(0)).round(at(0)).await.unwrap();
    assert_eq!((round.sent, round.retried), (0, 1));
    let order = open(dir.path()).due(at(60), 9).unwrap();
    assert_eq!(
        order.iter().map(|q| q.letter.to.as_str()).collect::<Vec<_>>(),
        ["fine@example.org", &poison.to]
    );
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_not_waited_for_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    queue(dir.path(), &recipient("zh"), "r101");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = MailerConfig {
        timeout: std::time::Duration::from_millis(200),
        ..url(silent.local_addr().unwrap().port(), "")
    };
    let round = start(dir.path(), &config, at(0)).round(at(0)).await.unwrap();
    assert!(round.server_error.unwrap().contains("does not answer"));
    assert_eq!(open(dir.path()).counts().unwrap(), Counts { queued: 1, ..Counts::default() });
}

#[tokio::test]
async fn while_the_server_is_down_mails_wait_and_then_arrive_once() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    queue(dir.path(), &recipient("zh"), "r101");
    let mut delivery = start(dir.path(), &url(port, "?tls=none"), at(0));
    let mut now = at(0);
    for expected_wait in [30_000, 60_000, 120_000] {
        let round = delivery.round(now).await.unwrap();
        assert_eq!((round.sent, round.retried), (0, 1));
        let next = round.next.unwrap();
        assert_eq!(next.since(now), expected_wait);
        let early = delivery.round(next.plus_ms(-1)).await.unwrap();
        assert_eq!((early.retried, early.next), (0, Some(next)), "nothing is tried during the pause");
        now = next;
    }
    let server = SmtpServer::start(&Options { port, ..Options::default() });
    let round = delivery.round(now).await.unwrap();
    assert_eq!((round.sent, round.next), (1, None));
    assert_eq!(delivery.round(now.plus_ms(HOUR)).await.unwrap().sent, 0);
    server.mails(1);
    assert_eq!(open(dir.path()).counts().unwrap(), Counts { sent: 1, ..Counts::default() });
}

#[tokio::test]
async fn a_refused_recipient_is_given_up_and_a_put_off_one_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&Options::default());
    for name in ["refuse", "later", "fine"] {
        queue(dir.path(), &recipient(name), "r101");
    }
    let mut delivery = start(dir.path(), &url(server.port, ""), at(0));
    let round = delivery.round(at(0)).await.unwrap();
    assert_eq!((round.failed, round.retried, round.sent), (1, 1, 1));
    assert_eq!(delivery.round(round.next.unwrap()).await.unwrap().sent, 1);
    let mails = server.mails(2);
    assert_eq!(
        (&mails[0]["to"][0], &mails[1]["to"][0]),
        (&"fine@example.org".into(), &"later@example.org".into())
    );
    assert_eq!(open(dir.path()).counts().unwrap(), Counts { sent: 2, failed: 1, ..Counts::default() });
}

#[tokio::test]
async fn a_mail_that_nobody_takes_for_a_week_is_given_up_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    queue(dir.path(), &recipient("zh"), "r101");
    let mut delivery = start(dir.path(), &url(free_port(), ""), at(0));
    let mut now = at(0);
    let mut rounds = 0;
    while let Some(next) = delivery.round(now).await.unwrap().next {
        now = next;
        rounds += 1;
        assert!(rounds < 400, "it never ends");
    }
    assert!(now.since(at(0)) >= 7 * 24 * HOUR);
    assert_eq!(delivery.store().counts().unwrap(), Counts { failed: 1, ..Counts::default() });
}

#[tokio::test]
async fn the_loop_delivers_what_is_queued_while_it_runs_and_stops_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let mailer = Mailer::Memory(Arc::clone(&sent));
    let delivery = Delivery::start(open(dir.path()), mailer, RetryPolicy::default(), at(0)).unwrap();
    let wake = Arc::new(tokio::sync::Notify::new());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(delivery.run(|| at(0), Arc::clone(&wake), stopped, |_| {}));
    let letter = queue(dir.path(), &recipient("zh"), "r101");
    wake.notify_one();
    let arrived = async {
        while sent.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), arrived).await.unwrap();
    stop.send(true).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(20), running).await.unwrap().unwrap();
    assert_eq!(*sent.lock().unwrap(), [letter]);
}

#[tokio::test]
async fn eml_files_sort_by_time_and_a_second_sending_leaves_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut mailer = Mailer::new(&MailerConfig::new(&format!("file:{}", dir.path().display()))).unwrap();
    let to = recipient("zh");
    let mut outbox =
        Outbox::new(SqliteOutbox::open(Connection::open_in_memory().unwrap()).unwrap(), renderer());
    let mut keys = Vec::new();
    for (room, minutes) in [("r101", 70), ("r102", 5)] {
        let due = at(0).plus_ms(minutes * MINUTE);
        let letter = outbox.put(&MailPlan { due, ..mail_about(&to, room) }, due).unwrap().unwrap();
        mailer.send(&letter).await.unwrap();
        mailer.send(&letter).await.unwrap();
        keys.push(letter.key);
    }
    let mut names: Vec<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 2);
    assert!(names[0].contains(&keys[1]) && names[1].contains(&keys[0]), "{names:?}");
    let mail = std::fs::read_to_string(dir.path().join(&names[0])).unwrap();
    assert!(mail.contains("Date: Mon, 02 Mar 2026 06:05:00 +0000"), "{mail}");
}

#[tokio::test]
async fn an_address_that_is_none_is_given_up_without_asking_a_server() {
    let dir = tempfile::tempdir().unwrap();
    queue(dir.path(), &Recipient { mail: "nobody".to_owned(), ..recipient("zh") }, "r101");
    let round = start(dir.path(), &url(free_port(), ""), at(0)).round(at(0)).await.unwrap();
    assert_eq!((round.failed, round.server_error), (1, None));
}
