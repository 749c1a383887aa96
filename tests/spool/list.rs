//! Any run of batches and restarts against a plain list.

use std::collections::BTreeSet;

use model::Instant;
use normwatch::spool::{Fate, Item, Message, MessageKey, Outcome, Position};
use proptest::prelude::*;

use crate::{open, reading, refused};

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
    let key = key.map(|key| MessageKey::of(&[key]));
    Item::Message(Message { arrival: Instant::from_millis(n), key, delivery: None, fate, replays: None })
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
                // Only what is stored is known by its id.
                let is_new = key.is_none_or(|key| !seen.contains(&key));
                seen.extend(key.filter(|_| *fate == 0));
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
