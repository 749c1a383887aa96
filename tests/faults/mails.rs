//! What the mail server took, against what the service meant to tell.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::{common::process::until, rig::PATIENCE, service::Service, smtp::SmtpServer};

/// Waits until every finding is told; then every mail of the outbox was taken, and none of them twice
/// except those counted, with one Message-ID each. Returns how many were taken twice.
pub(crate) async fn all_told_once(service: &Service, server: &SmtpServer) -> u64 {
    let count = |file: &str, sql: &str| -> i64 {
        let db = Connection::open(service.data().join(file)).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    until("every finding is told", PATIENCE, async || {
        let fired = count("state.sqlite", "SELECT COUNT(*) FROM journal WHERE kind = 'firing'");
        let told = count("mail.sqlite", "SELECT COUNT(DISTINCT transition_id) FROM outbox");
        let waiting =
            count("mail.sqlite", "SELECT COUNT(*) FROM mail_log WHERE status IN ('queued', 'sending')");
        (fired > 1 && told >= fired && waiting == 0).then_some(())
    })
    .await;
    let mut copies: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for mail in server.taken() {
        let header = |name: &str| mail["headers"][name].as_str().unwrap().to_owned();
        for id in header("x-normwatch-transition").split(',') {
            let to = mail["to"][0].as_str().unwrap().trim_end_matches("@example.org").to_owned();
            copies.entry((id.trim().to_owned(), to)).or_default().push(header("message-id"));
        }
    }
    let meant = meant(service);
    assert_eq!(copies.keys().cloned().collect::<BTreeSet<_>>(), meant, "told and meant to be told");
    assert!(
        copies.values().all(|ids| ids.iter().all(|id| *id == ids[0])),
        "one finding in two different mails"
    );
    let doubled: BTreeMap<&String, usize> =
        copies.values().filter(|ids| ids.len() > 1).map(|ids| (&ids[0], ids.len() - 1)).collect();
    let doubled = doubled.values().sum::<usize>() as u64;
    let counted = service.metric("normwatch_mail_maybe_doubled_total").await.unwrap();
    assert!(doubled <= counted, "{doubled} mails came twice, {counted} were counted as such");
    println!("{} tellings, {doubled} mails twice, {counted} counted as maybe doubled", meant.len());
    doubled
}

/// (transition, recipient) of the outbox.
fn meant(service: &Service) -> BTreeSet<(String, String)> {
    let db = Connection::open(service.data().join("mail.sqlite")).unwrap();
    let mut query = db.prepare("SELECT transition_id, recipient FROM outbox").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}
