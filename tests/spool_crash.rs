//! A process that appends to the spool is killed at random instants: what it was told to be durable is there.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use model::{Flags, Id, Instant, Quantity, Reading, Series};
use normwatch::spool::{Fate, Item, Kind, Message, MessageKey, Options, Position, Spool};

const DIR: &str = "NORMWATCH_TEST_CRASH_DIR";

fn message(n: i64) -> Item {
    let series = Series { sensor: Id::parse("s").unwrap(), quantity: Quantity::Co2, channel: None };
    let arrival = Instant::from_millis(n);
    let reading = Reading { series, time: arrival, value: 0.5, flags: Flags::NONE };
    let fate = if n % 5 == 4 { Fate::Ignored } else { Fate::Stored(vec![reading]) };
    let key = Some(MessageKey::of(&n.to_le_bytes()));
    Item::Message(Message { arrival, key, delivery: None, fate, replays: None })
}

/// The child: appends messages for ever, beginning a little before where the last one was
/// killed as a broker would, and prints each number once it is durable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of the test below"]
async fn child_that_appends() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let spool = Spool::open(&Path::new(&dir).join("spool.sqlite"), Options::default()).unwrap();
    let first: i64 = std::env::var("NORMWATCH_TEST_CRASH_FIRST").unwrap().parse().unwrap();
    let mut flying = std::collections::VecDeque::new();
    for n in (first..).step_by(7) {
        flying.push_back((n, spool.submit((n..n + 7).map(message).collect()).await.unwrap()));
        if flying.len() > 8 {
            let (n, appending) = flying.pop_front().unwrap();
            appending.await.unwrap();
            println!("durable {}", n + 7);
        }
    }
}

/// Runs the child for `life`, kills it with SIGKILL, and returns the last number that it knew to be durable.
fn run_and_kill(dir: &Path, first: i64, life: Duration) -> i64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_appends", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .env("NORMWATCH_TEST_CRASH_FIRST", first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let number = |line: &str| line.split("durable ").nth(1).and_then(|text| text.trim().parse().ok());
    let mut durable = lines.by_ref().find_map(|line| number(&line.unwrap())).unwrap();
    std::thread::sleep(life); // the instant of death, not a wait for a result
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        durable = number(&line).unwrap_or(durable);
    }
    durable
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost_and_nothing_is_stored_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (mut first, mut acknowledged) = (0_i64, 0_i64);
    // More by NORMWATCH_TEST_KILLS=1000.
    let kills = std::env::var("NORMWATCH_TEST_KILLS").map_or(8_u32, |text| text.parse().unwrap());
    for round in 0..kills {
        let life = Duration::from_micros(500 + u64::from(round) * 7919 % 40_000);
        acknowledged = acknowledged.max(run_and_kill(dir.path(), first, life));
        first = (acknowledged - 70).max(0) / 7 * 7; // redelivery reaches behind what was acknowledged
    }
    let spool = Spool::open(&dir.path().join("spool.sqlite"), Options::default()).unwrap();
    let entries = spool.reader().unwrap().read_from(Position::START, usize::MAX).unwrap();
    let mut seen = BTreeSet::new();
    for (n, (position, entry)) in (1..).zip(&entries) {
        assert_eq!(position.sequence, n);
        assert!(matches!(&entry.kind, Kind::Readings(readings) if readings.len() == 1));
        assert!(seen.insert(entry.arrival.millis()), "message {} is there twice", entry.arrival.millis());
    }
    let lost: Vec<i64> = (0..acknowledged).filter(|n| n % 5 != 4 && !seen.contains(n)).collect();
    assert!(lost.is_empty(), "{} of {acknowledged} acknowledged messages are lost", lost.len());
    let ledger = spool.ledger();
    assert_eq!(ledger.stored, entries.len() as u64);
    assert_eq!(ledger.received, ledger.stored + ledger.ignored + ledger.duplicate);
    assert!(ledger.duplicate > 0, "the rounds overlap, so redelivery was part of the test");
    eprintln!(
        "{kills} kills: {acknowledged} acknowledged, {} stored, {} duplicates",
        ledger.stored, ledger.duplicate
    );
}
