//! A sensor that nobody knew gets its row in the operator's `sensors.csv`.
//!
//! The row is written only when the whole register is right with it. The file is replaced at once and keeps its
//! encoding, separator and columns; from there the edit goes the way of every edit, through the reload.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use model::{Problem, Register, register::NewSensor};
use tokio::sync::{Mutex, MutexGuard, Notify};

use crate::{config::Config, rulebook::Rulebook};

/// The file that gets the row.
const FILE: &str = "sensors.csv";

/// Why a claim was not written. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The register would be wrong, or is already.
    #[error("the register would be wrong with it")]
    Problems(Vec<Problem>),
    /// The directory cannot be read or written.
    #[error("{path}: {source}: let the service write to the register, or add the row by hand")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody edited the file at the same time.
    #[error("{FILE} was edited at the same time: look at it and try again")]
    Edited,
}

/// Writes claims, one after the other; clones share the turn.
#[derive(Debug, Clone)]
pub struct Claims {
    register: PathBuf,
    packs: Option<PathBuf>,
    overlay: Option<PathBuf>,
    keeps_rights: bool,
    turn: Arc<Mutex<()>>,
    written: Arc<Notify>,
}

/// A claim that is right, on disk beside the file that it will replace. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Prepared<'a> {
    part: PathBuf,
    file: PathBuf,
    before: Option<Vec<u8>>,
    written: Arc<Notify>,
    _turn: MutexGuard<'a, ()>,
}

impl Claims {
    /// Claims for the register of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            register: config.register.clone(),
            packs: config.packs_dir.clone(),
            overlay: config.overlay.clone(),
            keeps_rights: config.mqtt.acl_file.is_some(),
            turn: Arc::default(),
            written: Arc::default(),
        }
    }

    /// Whether the broker's list of rights is written here, and only has to be read.
    #[must_use]
    pub const fn keeps_rights(&self) -> bool {
        self.keeps_rights
    }

    /// What a claim leaves to do at a broker that has a list of rights.
    #[must_use]
    pub const fn rights(&self) -> &'static str {
        if self.keeps_rights {
            "the broker's list of rights (acl_file) is written anew: have the broker read it"
        } else {
            "a broker with a list of rights needs it anew: normwatch register acl"
        }
    }

    /// Waits until a claim has been written.
    pub async fn written(&self) {
        self.written.notified().await;
    }

    /// Checks a new row and writes the file with it beside the one in use.
    ///
    /// # Errors
    /// [`ClaimError`] when the register would be wrong or the directory cannot be written.
    pub async fn prepare(&self, new: &NewSensor) -> Result<Prepared<'_>, ClaimError> {
        let turn = self.turn.lock().await;
        let (claims, new) = (self.clone(), new.clone());
        let done = tokio::task::spawn_blocking(move || claims.write_part(&new)).await;
        let (file, part, before) = done.map_err(|error| ClaimError::File {
            path: self.register.display().to_string(),
            source: io::Error::other(error),
        })??;
        Ok(Prepared { part, file, before, written: Arc::clone(&self.written), _turn: turn })
    }

    fn write_part(&self, new: &NewSensor) -> Result<(PathBuf, PathBuf, Option<Vec<u8>>), ClaimError> {
        let file = self.register.join(FILE);
        // Where the file is a link, what it leads to is replaced, and the link stays.
        let file = fs::canonicalize(&file).unwrap_or(file);
        let before = read(&file)?;
        let after = Register::with_sensor(before.as_deref(), new).map_err(ClaimError::Problems)?;
        let (packs, overlay) = (self.packs.as_deref(), self.overlay.as_deref());
        Rulebook::read_with(&self.register, packs, overlay, Some((FILE, after.clone())))
            .map_err(ClaimError::Problems)?;
        let part = file.with_file_name(format!(".{FILE}.new"));
        write(&part, &after, &file).map_err(|source| {
            drop(fs::remove_file(&part));
            ClaimError::File { path: part.display().to_string(), source }
        })?;
        Ok((file, part, before))
    }
}

impl Prepared<'_> {
    /// Puts the file in its place.
    ///
    /// # Errors
    /// [`ClaimError`] when it was edited meanwhile or cannot be replaced.
    pub fn put(self) -> Result<(), ClaimError> {
        if read(&self.file)? != self.before {
            return Err(ClaimError::Edited);
        }
        let failed = |source| ClaimError::File { path: self.file.display().to_string(), source };
        fs::rename(&self.part, &self.file).map_err(failed)?;
        // The new name is as durable as the bytes.
        if let Some(Ok(dir)) = self.file.parent().map(fs::File::open) {
            drop(dir.sync_all());
        }
        self.written.notify_one();
        Ok(())
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        // Gone already when it was put in its place.
        drop(fs::remove_file(&self.part));
    }
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, ClaimError> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ClaimError::File { path: file.display().to_string(), source }),
    }
}

/// Writes a file with the rights of `like`, pressed to the disk.
fn write(part: &Path, bytes: &[u8], like: &Path) -> io::Result<()> {
    let mut file = fs::File::create(part)?;
    file.write_all(bytes)?;
    if let Ok(meta) = fs::metadata(like) {
        file.set_permissions(meta.permissions())?;
    }
    file.sync_all()
}
