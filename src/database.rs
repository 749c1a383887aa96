//! Opening a SQLite file: WAL, every commit pressed to the disk, and the version of its tables.
//!
//! Spool, state and history are three files so that the commit of one never waits for another.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, backup::Backup};

/// Why a database file could not be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite refused: disk full, file unreadable or damaged.
    #[error("database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was written by a newer release, whose tables this one does not know.
    #[error("`{file}` has schema {found}, this release knows up to {known}: start the newer release")]
    Newer {
        /// The file.
        file: String,
        /// Version found in it.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
}

/// Opens `path`, creating it if absent, and brings its tables to the newest version.
///
/// Every commit survives a loss of power (synchronous FULL). `migrations[n]` turns version n into n + 1. Each runs in a transaction of its own.
pub(crate) fn open(path: &Path, migrations: &[&str]) -> Result<Connection, DatabaseError> {
    let mut db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(10))?;
    // auto_vacuum must stand before the first table; it lets a spool that an outage made long shrink again.
    db.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = ON;",
    )?;
    migrate(&mut db, path, migrations)?;
    Ok(db)
}

/// Opens an existing file for reading beside its writer.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, DatabaseError> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI,
    )?;
    db.busy_timeout(Duration::from_secs(10))?;
    Ok(db)
}

fn migrate(db: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), DatabaseError> {
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(DatabaseError::Newer { file: path.display().to_string(), found, known });
    }
    for (version, sql) in (1_i64..).zip(migrations) {
        if version > found {
            let step = db.transaction()?;
            step.execute_batch(sql)?;
            step.pragma_update(None, "user_version", version)?;
            step.commit()?;
        }
    }
    Ok(())
}

/// Gives up to `pages` free pages back to the file system, a few at a time, so that no commit waits long for it.
pub(crate) fn give_back(db: &Connection, pages: u32) -> Result<(), rusqlite::Error> {
    let mut vacuum = db.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut rows = vacuum.query([])?;
    // It frees one page a step, so it must be stepped to its end.
    while rows.next()?.is_some() {}
    Ok(())
}

/// An existing file as it stood at one instant; writers go on meanwhile.
#[derive(Debug)]
pub(crate) struct Still {
    db: Connection,
}

impl Still {
    /// Holds the file as it stands now.
    pub(crate) fn of(path: &Path) -> Result<Self, DatabaseError> {
        let db = open_reader(path)?;
        // The first read of a transaction fixes what all of it sees.
        db.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_master;")?;
        Ok(Self { db })
    }

    /// The number that a query gives; `None` where it gives nothing.
    pub(crate) fn number(&self, sql: &str) -> Result<Option<i64>, DatabaseError> {
        Ok(self.db.query_row(sql, [], |row| row.get(0)).optional()?.flatten())
    }

    /// Writes it to `path`, which must not exist.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<(), DatabaseError> {
        const PAGES: i32 = 4096;
        if path.exists() {
            return Err(rusqlite::Error::InvalidPath(path.to_owned()).into());
        }
        let mut to = Connection::open(path)?;
        // It reads inside the transaction, so it never has to begin again.
        Backup::new(&self.db, &mut to)?.run_to_completion(PAGES, Duration::ZERO, None)?;
        // One file, whole by itself.
        to.pragma_update(None, "journal_mode", "DELETE")?;
        to.close().map_err(|(_, error)| error)?;
        Ok(())
    }
}

/// An unsigned count as SQLite's signed integer; a count never comes near the bound.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// SQLite's signed integer as a count; what is negative was never written by us and reads as 0.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Bytes in use in a database file: its pages without the free ones.
pub(crate) fn used_bytes(db: &Connection) -> Result<u64, rusqlite::Error> {
    let number = |pragma: &str| db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
    Ok(unsigned((number("page_count")? - number("freelist_count")?) * number("page_size")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "CREATE TABLE a (x INTEGER);";
    const V2: &str = "ALTER TABLE a ADD COLUMN y INTEGER;";

    #[test]
    fn an_older_file_is_brought_up_to_date_and_keeps_its_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.sqlite");
        open(&path, &[V1]).unwrap().execute("INSERT INTO a VALUES (7)", []).unwrap();
        let db = open(&path, &[V1, V2]).unwrap();
        let row: (i64, Option<i64>) =
            db.query_row("SELECT x, y FROM a", [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        assert_eq!(row, (7, None));
    }

    #[test]
    fn free_pages_go_back_to_the_file_system() {
        let dir = tempfile::tempdir().unwrap();
        let db = open(&dir.path().join("t.sqlite"), &["CREATE TABLE a (x BLOB);"]).unwrap();
        let pages = || db.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0)).unwrap();
        db.execute("INSERT INTO a VALUES (zeroblob(4000000))", []).unwrap();
        let (full, used) = (pages(), used_bytes(&db).unwrap());
        assert!(full > 900 && used > 4_000_000);
        db.execute("DELETE FROM a", []).unwrap();
        give_back(&db, 100).unwrap();
        assert_eq!(pages(), full - 100);
        give_back(&db, 10_000).unwrap();
        assert!(pages() < 10 && used_bytes(&db).unwrap() < 40_000);
    }

    #[test]
    fn a_copy_has_the_rows_and_the_version_and_never_replaces_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let (path, copy) = (dir.path().join("t.sqlite"), dir.path().join("it's a copy.sqlite"));
        let db = open(&path, &[V1]).unwrap();
        db.execute("INSERT INTO a VALUES (7)", []).unwrap();
        let still = Still::of(&path).unwrap();
        db.execute("INSERT INTO a VALUES (8)", []).unwrap();
        still.copy_to(&copy).unwrap();
        assert!(!dir.path().join("it's a copy.sqlite-wal").exists(), "the copy is one file");
        let found: i64 =
            open(&copy, &[V1]).unwrap().query_row("SELECT SUM(x) FROM a", [], |r| r.get(0)).unwrap();
        assert_eq!(found, 7, "what was written since is not in it");
        assert!(still.copy_to(&copy).is_err());
    }

    #[test]
    fn a_newer_file_is_refused_with_both_versions() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.sqlite");
        open(&path, &[V1, V2]).unwrap();
        let refused = open(&path, &[V1]).unwrap_err();
        assert!(matches!(refused, DatabaseError::Newer { found: 2, known: 1, .. }), "{refused}");
    }
}
