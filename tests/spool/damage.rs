//! What is trimmed, older than its readers, in use, damaged or refused.

use normwatch::spool::{Item, Options, Outcome, Position, Spool, SpoolError, SpoolReader};

use crate::{open, refused, stored};

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
