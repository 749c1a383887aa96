//! A spool that is full, and how fast one fills.

use std::{collections::VecDeque, time::Duration};

use model::Instant;
use normwatch::spool::{Delivery, Fate, Held, Item, Message, Options, Position, Spool, SpoolError};

use crate::reading;

const SOON: Duration = Duration::from_secs(30);

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
    let delivery = Some(Delivery::of(u16::try_from(n % 65_535).unwrap(), &n.to_le_bytes(), false));
    Item::Message(Message { arrival: Instant::from_millis(ms), key: None, delivery, fate, replays: None })
}
