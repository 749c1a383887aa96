//! Entries keep their order, messages are counted once.

use model::Instant;
use normwatch::spool::{
    DELIVERIES, Delivery, Fate, Item, Kind, Message, MessageKey, Outcome, Position, Spool,
};

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
async fn an_id_is_known_only_of_what_was_stored() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let key = Some(MessageKey::of(b"batch 7"));
    let Item::Message(good) = stored(None, 1) else { unreachable!() };
    let tries = [Message { key, fate: Fate::Rejected, ..good.clone() }, Message { key, ..refused(b"x") }];
    let again = [Message { key, ..good.clone() }, Message { key, ..good }];
    let items = tries.into_iter().chain(again).map(Item::Message).collect();
    let outcomes: Vec<_> = spool.append(items).await.unwrap().iter().filter_map(|r| r.outcome).collect();
    assert_eq!(outcomes, [Outcome::Rejected, Outcome::Quarantined, Outcome::Stored, Outcome::Duplicate]);
}

/// A message as the broker delivered it; into a resumed session.
fn delivered(packet: u16, text: &str) -> Item {
    let Item::Message(message) = stored(None, 1) else { unreachable!() };
    Item::Message(Message { delivery: Some(Delivery::of(packet, text.as_bytes(), true)), ..message })
}

/// The same into a new session, or under a packet id that has come on this connection.
fn new(packet: u16, text: &str) -> Item {
    let Item::Message(message) = delivered(packet, text) else { unreachable!() };
    Item::Message(Message { delivery: Some(Delivery::of(packet, text.as_bytes(), false)), ..message })
}

async fn is_repeat(spool: &Spool, items: Vec<Item>) -> Vec<bool> {
    let receipts = spool.append(items).await.unwrap();
    receipts.iter().map(|receipt| receipt.outcome == Some(Outcome::Duplicate)).collect()
}

#[tokio::test]
async fn of_deliveries_only_the_newest_under_its_packet_id_comes_again_restart_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let items =
        vec![new(1, "a"), new(1, "a"), new(2, "a"), new(1, "b"), delivered(2, "a"), delivered(1, "a")];
    assert_eq!(is_repeat(&spool, items).await, [false, false, false, false, true, false]);
    spool.close().await;
    let spool = open(dir.path());
    let items = vec![delivered(1, "a"), delivered(2, "a"), delivered(1, "b"), delivered(1, "a")];
    assert_eq!(is_repeat(&spool, items).await, [true, true, false, false]);
    // What was refused may come again as well.
    let Item::Message(message) = new(3, "x") else { unreachable!() };
    let Item::Message(again) = delivered(3, "x") else { unreachable!() };
    let both = [message, again].map(|one| Item::Message(Message { fate: refused(b"x").fate, ..one }));
    assert_eq!(is_repeat(&spool, both.to_vec()).await, [false, true]);
}

#[tokio::test]
async fn a_delivery_that_the_broker_must_know_to_be_acknowledged_is_no_repeat() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    let last = u16::try_from(DELIVERIES).unwrap();
    assert_eq!(is_repeat(&spool, vec![new(0, "0")]).await, [false]);
    let packets: Vec<u16> = (1..=last).collect();
    for group in packets.chunks(1000) {
        let items = group.iter().map(|packet| new(*packet, &packet.to_string())).collect();
        assert!(!is_repeat(&spool, items).await.contains(&true));
    }
    for restarts in [false, true] {
        if restarts {
            spool.close().await;
            spool = open(dir.path());
        }
        let items = vec![delivered(1, "1"), delivered(last, &last.to_string())];
        assert_eq!(is_repeat(&spool, items).await, [true, true]);
    }
    assert_eq!(is_repeat(&spool, vec![delivered(0, "0")]).await, [false]);
}

#[tokio::test]
async fn every_message_has_one_outcome_and_the_ledger_adds_up() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let other = |fate| {
        Item::Message(Message {
            arrival: Instant::from_millis(1),
            key: None,
            delivery: None,
            fate,
            replays: None,
        })
    };
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
