//! Entries keep their order, messages are counted once.

use model::Instant;
use normwatch::spool::{Fate, Item, Kind, Message, MessageKey, Outcome, Position};

use crate::{open, reading, refused, row, stored};

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
