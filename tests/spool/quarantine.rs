//! Messages that could not be understood: kept, replayed, dropped by their bytes.

use normwatch::spool::{Fate, Item, Options, Outcome, Spool};

use crate::{open, refused, stored};

#[tokio::test]
async fn a_replayed_quarantined_message_moves_to_its_new_outcome_once() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    spool.append(vec![Item::Message(refused(b"raw"))]).await.unwrap();
    let held = spool.reader().unwrap().quarantined(0, 10).unwrap();
    assert_eq!((held.len(), held[0].refusal.payload.as_slice()), (1, b"raw".as_slice()));
    assert_eq!(held[0].refusal.speaker.as_deref(), Some("air-*"), "whose it is comes back with it");
    assert!(held[0].refusal.is_retained, "and that nobody knows how old it is");
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
