//! What our own disk refuses, and how those who write wait for it.
//!
//! A full disk ends nothing and drops nothing: whoever writes tries again until it is taken, what
//! comes behind waits its turn, and so the broker keeps what we have not acknowledged.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::ErrorCode;

/// How long to wait before the disk is tried again.
pub const TRY_AGAIN: Duration = Duration::from_millis(250);

/// The stores that cannot be written just now; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    refusals: Mutex<BTreeMap<&'static str, String>>,
    is_given_up: AtomicBool,
}

impl Disk {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes why `store` cannot be written, or that it can again; says in the log when that changes.
    pub fn set(&self, store: &'static str, refusal: Option<String>) {
        let mut refusals = self.lock();
        match refusal {
            Some(why) => {
                if refusals.insert(store, why.clone()).is_none() {
                    tracing::error!(
                        store,
                        why,
                        "the disk refuses; what is not stored waits, nothing is dropped"
                    );
                }
            }
            None => {
                if refusals.remove(store).is_some() {
                    tracing::info!(store, "the disk takes it again");
                }
            }
        }
    }

    /// What is refused, each in one line: the store, and why.
    #[must_use]
    pub fn refusals(&self) -> Vec<String> {
        self.lock().iter().map(|(store, why)| format!("{store} cannot be written: {why}")).collect()
    }

    /// From now on nobody waits: the service stops, and goes on from what is durable.
    pub fn give_up(&self) {
        self.0.is_given_up.store(true, Ordering::Relaxed);
    }

    /// Writes until the disk takes it, and blocks the thread so long.
    ///
    /// # Errors
    /// What is no fault of the disk, at once; any error after [`Disk::give_up`].
    pub fn insist<T, E: Error + 'static>(
        &self,
        store: &'static str,
        mut write: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut has_waited = false;
        loop {
            match write() {
                Err(error) if is_of_disk(&error) && !self.0.is_given_up.load(Ordering::Relaxed) => {
                    self.set(store, Some(in_words(&error)));
                    has_waited = true;
                    std::thread::sleep(TRY_AGAIN);
                }
                done => {
                    if has_waited {
                        self.set(store, None);
                    }
                    return done;
                }
            }
        }
    }
}

/// Whether an error, or what caused it, is a disk that refuses for now: full, over its quota, unwritable, held
/// by another. Trying again may help; with a damaged file it never does.
pub(crate) fn is_of_disk(error: &(dyn Error + 'static)) -> bool {
    let (mut code, mut cause) = (None, Some(error));
    while let Some(error) = cause
        && code.is_none()
    {
        code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
        cause = error.source();
    }
    matches!(
        code,
        Some(
            ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory
        )
    )
}

/// The file whose lock keeps a data directory to one process.
pub(crate) const LOCK: &str = "lock";

/// Keeps a directory to this process for as long as the file lives; the system lets it go however the process ends.
///
/// # Errors
/// [`std::io::ErrorKind::WouldBlock`] where another process has it, or what the file system says.
pub(crate) fn lock(dir: &Path) -> std::io::Result<File> {
    let file = File::create(dir.join(LOCK))?;
    file.try_lock()?;
    Ok(file)
}

/// Replaces a file at once, so that whoever reads it finds the old or the new one whole. It keeps its rights.
pub(crate) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, text)?;
    if let Ok(meta) = std::fs::metadata(path) {
        std::fs::set_permissions(&fresh, meta.permissions())?;
    }
    std::fs::rename(&fresh, path)
}

/// An error with its causes, in one line.
pub(crate) fn in_words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{database::DatabaseError, spool::SpoolError};

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
    }

    #[test]
    fn a_full_disk_is_told_from_a_damaged_file_through_every_wrapping() {
        let wrapped = |code| SpoolError::from(DatabaseError::from(failure(code)));
        assert!(is_of_disk(&wrapped(rusqlite::ffi::SQLITE_FULL)));
        assert!(is_of_disk(&failure(rusqlite::ffi::SQLITE_IOERR_WRITE)));
        assert!(!is_of_disk(&wrapped(rusqlite::ffi::SQLITE_CORRUPT)));
        assert!(!is_of_disk(&std::fmt::Error));
    }

    #[test]
    fn a_write_is_repeated_until_it_is_taken_and_the_refusal_is_shown_so_long() {
        let (disk, mut tries) = (Disk::default(), 0);
        let written = disk.insist("state", || {
            tries += 1;
            if tries == 2 {
                assert!(disk.refusals()[0].starts_with("state cannot be written: "), "{:?}", disk.refusals());
            }
            if tries < 3 { Err(failure(rusqlite::ffi::SQLITE_FULL)) } else { Ok(tries) }
        });
        assert_eq!(written.unwrap(), 3);
        assert!(disk.refusals().is_empty());
    }

    #[test]
    fn a_damaged_file_is_not_waited_for_and_a_stop_waits_for_nothing() {
        let disk = Disk::default();
        assert!(disk.insist("state", || Err::<(), _>(failure(rusqlite::ffi::SQLITE_CORRUPT))).is_err());
        disk.give_up();
        assert!(disk.insist("state", || Err::<(), _>(failure(rusqlite::ffi::SQLITE_FULL))).is_err());
    }
}
