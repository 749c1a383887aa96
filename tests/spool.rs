//! The spool from outside: what it acknowledged is there, counted once, and damage is loud.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "tests"
)]

use std::{
    collections::{BTreeSet, VecDeque},
    path::Path,
    time::Duration,
};

use model::{Flags, Id, Instant, Quantity, Reading, Series};
use normwatch::spool::{
    Entry, Fate, Held, Item, Kind, Message, MessageKey, Options, Outcome, Position, Refusal, Spool,
    SpoolError, SpoolReader,
};
use proptest::prelude::*;

const SOON: Duration = Duration::from_secs(30);

fn reading(sensor: &str, ms: i64, value: f64) -> Reading {
    let series = Series { sensor: Id::parse(sensor).unwrap(), quantity: Quantity::Co2, channel: None };
    Reading { series, time: Instant::from_millis(ms), value, flags: Flags::NONE }
}

fn stored(key: Option<&str>, ms: i64) -> Item {
    let key = key.map(|text| MessageKey::looked_up(text.as_bytes()));
    let fate = Fate::Stored(vec![reading("desk-1", ms, 612.5)]);
    Item::Message(Message { arrival: Instant::from_millis(ms), key, fate, replays: None })
}

fn refused(payload: &[u8]) -> Message {
    let refusal = Refusal {
        topic: "a/b".to_owned(),
        payload: payload.to_vec(),
        kind: "syntax".to_owned(),
        reason: "no JSON".to_owned(),
        field: Some("e[0].v".to_owned()),
    };
    Message { arrival: Instant::from_millis(5), key: None, fate: Fate::Quarantined(refusal), replays: None }
}

fn row(kind: Kind) -> Item {
    Item::Row(Entry { arrival: Instant::from_millis(9), kind })
}

fn open(dir: &Path) -> Spool {
    Spool::open(&dir.join("spool.sqlite"), Options::default()).unwrap()
}

#[tokio::test]
async fn entries_come_back_in_order_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let change = Kind::Change { kind: "register".to_owned(), body: vec![1, 2, 3] };
    let tick = Kind::Tick { to: Instant::from_millis(77), since: Some(Instant::from_millis(5)) };
    let receipts =
        spool.append(vec![stored(None, 1), row(change.clone()), stored(None, 2), row(tick.clone())]).await;
    let placed: Vec<u64> = receipts.unwrap().iter().map(|r| r.entry.as_ref().unwrap().0.sequence).collect();
    assert_eq!(placed, [1, 2, 3, 4]);
    spool.close().await;

    let spool = open(dir.path());
    let read = spool.reader().unwrap().read_from(Position::new(2), 100).unwrap();
    let kinds: Vec<Kind> = read.into_iter().map(|(_, entry)| entry.kind).collect();
    assert_eq!(kinds, [change, Kind::Readings(vec![reading("desk-1", 2, 612.5)]), tick]);
    let next = spool.append(vec![stored(None, 3)]).await.unwrap();
    assert_eq!(next[0].entry.as_ref().unwrap().0, Position::new(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_entry_is_never_said_to_lie_behind_a_first_one_that_comes_meanwhile() {
    for round in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let spool = open(dir.path());
        let reader = spool.reader().unwrap();
        let asked = tokio::task::spawn_blocking(move || {
            (0..).map(|_| (reader.oldest().unwrap(), reader.newest().unwrap())).find(|(oldest, newest)| {
                assert_eq!(*oldest, Position::new(1), "round {round}");
                *newest > Position::new(0)
            })
        });
        spool.append((0..5).map(|n| stored(None, n)).collect()).await.unwrap();
        assert!(asked.await.unwrap().is_some());
        spool.close().await;
    }
}

#[tokio::test]
async fn a_redelivered_message_is_a_duplicate_even_after_a_restart_and_stores_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    // Twice in one group, and once more after the restart.
    let receipts = spool.append(vec![stored(Some("k1"), 1), stored(Some("k1"), 1)]).await.unwrap();
    assert_eq!(receipts[0].outcome, Some(Outcome::Stored));
    assert_eq!(receipts[1].outcome, Some(Outcome::Duplicate));
    spool.close().await;
    let spool = open(dir.path());
    let again = spool.append(vec![stored(Some("k1"), 1)]).await.unwrap();
    assert_eq!((again[0].outcome, &again[0].entry), (Some(Outcome::Duplicate), &None));
    let ledger = spool.ledger();
    assert_eq!((ledger.received, ledger.stored, ledger.duplicate, ledger.pending), (3, 1, 2, 0));
    assert_eq!(spool.reader().unwrap().read_from(Position::START, 10).unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_that_is_only_recorded_makes_no_duplicate_of_its_own_message() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let mut outcomes = Vec::new();
    for key in [MessageKey::recorded(b"p"), MessageKey::recorded(b"p"), MessageKey::looked_up(b"p")] {
        let fate = Fate::Stored(vec![reading("desk-1", 1, 1.0)]);
        let message = Message { arrival: Instant::from_millis(1), key: Some(key), fate, replays: None };
        outcomes.push(spool.append(vec![Item::Message(message)]).await.unwrap()[0].outcome.unwrap());
    }
    assert_eq!(outcomes, [Outcome::Stored, Outcome::Stored, Outcome::Duplicate]);
}

#[tokio::test]
async fn every_message_has_one_outcome_and_the_ledger_adds_up() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let other =
        |fate| Item::Message(Message { arrival: Instant::from_millis(1), key: None, fate, replays: None });
    let items = vec![
        stored(Some("a"), 1),
        stored(Some("a"), 1),
        other(Fate::Ignored),
        other(Fate::Rejected),
        Item::Message(refused(b"x")),
        row(Kind::Tick { to: Instant::from_millis(3), since: None }),
    ];
    spool.append(items).await.unwrap();
    let l = spool.ledger();
    assert_eq!((l.received, l.stored, l.duplicate, l.ignored, l.rejected, l.quarantined), (5, 1, 1, 1, 1, 1));
    assert_eq!(l.received, l.stored + l.duplicate + l.ignored + l.rejected + l.quarantined + l.pending);
}

#[tokio::test]
async fn a_replayed_quarantined_message_moves_to_its_new_outcome_once() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    spool.append(vec![Item::Message(refused(b"raw"))]).await.unwrap();
    let held = spool.reader().unwrap().quarantined(0, 10).unwrap();
    assert_eq!((held.len(), held[0].refusal.payload.as_slice()), (1, b"raw".as_slice()));
    let Item::Message(mut message) = stored(None, 5) else { unreachable!() };
    message.replays = Some(held[0].id);
    let first = spool.append(vec![Item::Message(message.clone())]).await.unwrap();
    let second = spool.append(vec![Item::Message(message)]).await.unwrap();
    assert_eq!(first[0].outcome, Some(Outcome::Stored));
    assert_eq!(second[0].entry, None);
    let ledger = spool.ledger();
    assert_eq!((ledger.received, ledger.stored, ledger.quarantined), (1, 1, 0));
    assert!(spool.reader().unwrap().quarantined(0, 10).unwrap().is_empty());
}

#[tokio::test]
async fn a_message_that_names_anothers_device_is_rejected_and_kept_and_its_replay_moves_that_count() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let mut foreign = refused(b"raw");
    if let Fate::Quarantined(refusal) = &mut foreign.fate {
        "not_its_device".clone_into(&mut refusal.kind);
    }
    let first = spool.append(vec![Item::Message(foreign), Item::Message(refused(b"x"))]).await.unwrap();
    assert_eq!((first[0].outcome, first[1].outcome), (Some(Outcome::Rejected), Some(Outcome::Quarantined)));
    let held = spool.reader().unwrap().quarantined(0, 10).unwrap();
    let Item::Message(mut message) = stored(None, 5) else { unreachable!() };
    message.replays = Some(held[0].id);
    spool.append(vec![Item::Message(message)]).await.unwrap();
    let ledger = spool.ledger();
    assert_eq!((ledger.received, ledger.stored, ledger.rejected, ledger.quarantined), (2, 1, 0, 1));
}

#[tokio::test]
async fn the_quarantine_keeps_the_newest_within_its_bytes_and_counts_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { quarantine_bytes: 2100, ..Options::default() };
    let spool = Spool::open(&dir.path().join("spool.sqlite"), options).unwrap();
    for n in 0..10_u8 {
        spool.append(vec![Item::Message(refused(&[n; 900]))]).await.unwrap();
    }
    let held = spool.reader().unwrap().quarantined(0, 100).unwrap();
    let kept: Vec<u8> = held.iter().map(|row| row.refusal.payload[0]).collect();
    assert_eq!(kept, [8, 9], "each costs its payload, its texts and 64 bytes");
    assert_eq!(spool.counts().quarantine_dropped, 10 - held.len() as u64);
    assert_eq!(spool.ledger().quarantined, 10);
}

#[tokio::test]
async fn trimmed_entries_are_gone_and_asking_for_them_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for ms in 0..10 {
        spool.append(vec![stored(None, ms)]).await.unwrap();
    }
    assert_eq!(spool.trim(Position::new(6)).await.unwrap(), 5);
    let reader = spool.reader().unwrap();
    assert_eq!(reader.oldest().unwrap(), Position::new(6));
    assert_eq!(reader.read_from(Position::new(6), 100).unwrap().len(), 5);
    assert!(matches!(reader.read_from(Position::new(5), 100), Err(SpoolError::Missing { .. })));
    assert_eq!(reader.readings_behind(Position::new(7)).unwrap(), 3);
    // Trimming everything does not make positions begin again.
    spool.trim(Position::new(100)).await.unwrap();
    spool.close().await;
    let next = open(dir.path()).append(vec![stored(None, 1)]).await.unwrap();
    assert_eq!(next[0].entry.as_ref().unwrap().0, Position::new(11));
}

#[tokio::test]
async fn a_spool_that_is_older_than_its_readers_begins_behind_them() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    spool.append(vec![stored(Some("a"), 1), stored(None, 2)]).await.unwrap();
    spool.close().await;
    let reopen = |behind| {
        let options = Options { behind: Position::new(behind), ..Options::default() };
        Spool::open(&dir.path().join("spool.sqlite"), options).unwrap()
    };
    let spool = reopen(2);
    assert_eq!(spool.reader().unwrap().read_from(Position::START, 9).unwrap().len(), 2, "nothing to mend");
    spool.close().await;
    let spool = reopen(40);
    let receipts = spool.append(vec![stored(Some("a"), 1), stored(Some("b"), 1)]).await.unwrap();
    assert_eq!(receipts[0].outcome, Some(Outcome::Duplicate));
    assert_eq!(receipts[1].entry.as_ref().unwrap().0, Position::new(41));
    assert_eq!(spool.reader().unwrap().oldest().unwrap(), Position::new(41));
    assert_eq!(spool.ledger().stored, 3);
}

#[tokio::test]
async fn a_spool_has_one_writer_and_any_number_of_readers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("spool.sqlite");
    let spool = open(dir.path());
    let error = Spool::open(&path, Options::default()).unwrap_err();
    assert!(matches!(error, SpoolError::InUse(_)), "{error}");
    spool.append(vec![Item::Message(refused(b"x"))]).await.unwrap();
    assert_eq!(SpoolReader::open(&path).unwrap().quarantined(0, 9).unwrap().len(), 1);
    spool.close().await;
    assert_eq!(SpoolReader::open(&path).unwrap().quarantined(0, 9).unwrap().len(), 1, "also with no service");
    assert_eq!(open(dir.path()).ledger().quarantined, 1);
}

#[tokio::test]
async fn a_damaged_row_stops_the_reader_and_names_its_position() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for ms in 0..3 {
        spool.append(vec![stored(None, ms)]).await.unwrap();
    }
    spool.close().await;
    let db = rusqlite::Connection::open(dir.path().join("spool.sqlite")).unwrap();
    let mut body: Vec<u8> = db.query_row("SELECT body FROM log WHERE first = 2", [], |r| r.get(0)).unwrap();
    *body.last_mut().unwrap() ^= 1;
    db.execute("UPDATE log SET body = ?1 WHERE first = 2", [&body]).unwrap();
    let spool = open(dir.path());
    let error = spool.reader().unwrap().read_from(Position::START, 100).unwrap_err();
    assert!(matches!(error, SpoolError::Corrupt { position: Position { sequence: 2, .. }, .. }), "{error}");

    db.execute("DELETE FROM log WHERE first = 2", []).unwrap();
    let error = spool.reader().unwrap().read_from(Position::new(1), 100).unwrap_err();
    assert!(matches!(error, SpoolError::Missing { .. }), "{error}");
    db.execute("DELETE FROM log WHERE first = 3", []).unwrap();
    spool.close().await;
    let error = Spool::open(&dir.path().join("spool.sqlite"), Options::default()).unwrap_err();
    assert!(matches!(error, SpoolError::Missing { .. }), "{error}");
}

#[tokio::test]
async fn a_refused_write_stores_nothing_and_counts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    spool.append(vec![stored(Some("a"), 1)]).await.unwrap();
    let db = rusqlite::Connection::open(dir.path().join("spool.sqlite")).unwrap();
    db.execute_batch("CREATE TRIGGER full BEFORE INSERT ON log BEGIN SELECT RAISE(ABORT, 'disk full'); END;")
        .unwrap();
    assert!(matches!(spool.append(vec![stored(Some("b"), 2)]).await, Err(SpoolError::Database(_))));
    let ledger = spool.ledger();
    assert_eq!((ledger.received, ledger.stored, ledger.pending), (1, 1, 0));
    db.execute_batch("DROP TRIGGER full").unwrap();
    // The same message again is no duplicate: its first try was not stored.
    let receipts = spool.append(vec![stored(Some("b"), 2)]).await.unwrap();
    assert_eq!(receipts[0].outcome, Some(Outcome::Stored));
}

/// A message by number: which key (if any), and which fate.
fn any_message() -> impl Strategy<Value = (Option<u8>, u8)> {
    (prop::option::of(0..12_u8), 0..4_u8)
}

fn built((key, fate): (Option<u8>, u8), n: i64) -> Item {
    let Message { fate: refusal, .. } = refused(b"x");
    let fate = match fate {
        0 => Fate::Stored(vec![reading("desk-1", n, 1.5)]),
        1 => Fate::Ignored,
        2 => Fate::Rejected,
        _ => refusal,
    };
    let key = key.map(|key| MessageKey::looked_up(&[key]));
    Item::Message(Message { arrival: Instant::from_millis(n), key, fate, replays: None })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn outcomes_positions_and_counts_are_those_of_a_plain_list_whatever_the_batches_and_restarts(
        batches in prop::collection::vec((prop::collection::vec(any_message(), 0..9), any::<bool>()), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (mut seen, mut kept, mut total) = (BTreeSet::new(), Vec::new(), 0);
        let mut spool = open(dir.path());
        for (batch, restarts) in batches {
            let from = total;
            total += batch.len() as i64;
            let items = (from..).zip(&batch).map(|(n, message)| built(*message, n)).collect();
            let receipts = runtime.block_on(spool.append(items)).unwrap();
            for (n, ((key, fate), receipt)) in (from..).zip(batch.iter().zip(&receipts)) {
                let is_new = key.is_none_or(|key| seen.insert(key));
                let all = [Outcome::Stored, Outcome::Ignored, Outcome::Rejected, Outcome::Quarantined];
                let expected = if is_new { all[usize::from(*fate)] } else { Outcome::Duplicate };
                prop_assert_eq!(receipt.outcome, Some(expected));
                kept.extend((expected == Outcome::Stored).then_some(n));
            }
            if restarts {
                runtime.block_on(spool.close());
                spool = open(dir.path());
            }
        }
        let entries = spool.reader().unwrap().read_from(Position::START, usize::MAX).unwrap();
        let arrivals: Vec<i64> = entries.iter().map(|(_, entry)| entry.arrival.millis()).collect();
        prop_assert_eq!(&arrivals, &kept);
        prop_assert!(entries.iter().zip(1..).all(|((position, _), n)| position.sequence == n));
        let l = spool.ledger();
        prop_assert_eq!(l.received, u64::try_from(total).unwrap());
        prop_assert_eq!(l.received, l.stored + l.duplicate + l.ignored + l.quarantined + l.rejected);
        prop_assert_eq!(l.stored, kept.len() as u64);
    }
}

#[tokio::test]
async fn a_full_spool_holds_messages_without_a_receipt_until_something_was_let_go() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { max_bytes: 200_000, ..Options::default() };
    let spool = Spool::open(&dir.path().join("spool.sqlite"), options).unwrap();
    let mut held = spool.watch_held();
    let mut flying = VecDeque::new();
    for first in (0..).step_by(1000) {
        flying.push_back(spool.submit((first..first + 1000).map(sample).collect()).await.unwrap());
        let is_stored = tokio::select! {
            done = &mut flying[0] => done.is_ok(),
            full = tokio::time::timeout(SOON, held.wait_for(Option::is_some)) => { full.unwrap().unwrap(); false }
        };
        if !is_stored {
            break;
        }
        flying.pop_front();
    }
    let Some(Held::Full { bytes, max_bytes: 200_000 }) = spool.held() else { panic!("{:?}", spool.held()) };
    assert!(bytes >= 200_000, "{bytes}");
    assert!(spool.ledger().pending > 0);
    let refused = spool.append(vec![sample(0)]).await;
    assert!(matches!(refused, Err(SpoolError::Held(_))), "{refused:?}");
    spool.trim(Position::new(spool.counts().newest + 1)).await.unwrap();
    for appending in flying {
        tokio::time::timeout(SOON, appending).await.unwrap().unwrap();
    }
    assert_eq!((spool.held(), spool.ledger().pending), (None, 0));
    assert_eq!(spool.ledger().stored, spool.counts().newest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: run with --ignored --nocapture"]
async fn how_many_messages_a_second_become_durable() {
    // Beside the build, not in a memory file system.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for batch in [1_usize, 100, 1000] {
        let path = dir.path().join(format!("spool-{batch}.sqlite"));
        let spool = Spool::open(&path, Options::default()).unwrap();
        let total: usize = if batch == 1 { 50_000 } else { 300_000 };
        let started = tokio::time::Instant::now();
        let mut last = None;
        for from in (0..total).step_by(batch) {
            let items = (from..from + batch).map(sample).collect();
            last = Some(spool.submit(items).await.unwrap());
        }
        last.unwrap().await.unwrap();
        let took = started.elapsed().as_secs_f64();
        let bytes = spool.bytes();
        let rate = total as f64 / took;
        eprintln!(
            "calls of {batch}: {rate:.0} messages/s, {:.1} bytes a message",
            bytes as f64 / total as f64
        );
    }
}

fn sample(n: usize) -> Item {
    let sensor = format!("room-{}", n % 1000);
    let ms = 1_700_000_000_000 + n as i64 * 3;
    let fate = Fate::Stored(vec![reading(
        &sensor,
        ms - 40,
        400.0 + (n.wrapping_mul(2_654_435_761) >> 7 & 0x3ff) as f64 / 7.0,
    )]);
    let key = Some(MessageKey::recorded(&n.to_le_bytes()));
    Item::Message(Message { arrival: Instant::from_millis(ms), key, fate, replays: None })
}
