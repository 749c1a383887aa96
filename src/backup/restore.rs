//! The way back: a backup put into a data directory, which may be a mount point and so stays itself.
//!
//! Everything is written into a folder inside it first and then moved file by file, the one that decides last. While
//! that folder is there the restore is not done: no service starts on the directory, and another try begins anew.

use std::{fs, path::Path};

use super::{BackupError, DATA, DATABASES, Manifest, REGISTER, contents, copy, is_empty, make_dir, verify};
use crate::{
    config::Config,
    disk::{LOCK, lock},
};

/// The folder, in the data directory.
const PART: &str = ".restoring";
/// What it says to whoever finds it.
const NOTE: (&str, &str) = (
    "README.txt",
    "`normwatch restore` is at work here or was broken off. If none runs, run it again: it begins anew.\n\
     To have no restore at all, delete this folder and the databases beside it.\n",
);
/// There once the first file of the register may have been written: another try then writes all of it.
const REGISTER_BEGUN: &str = "register-begun";
/// Without this file there is no service's data, so it is moved last.
const DECIDES: &str = "state.sqlite";

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// The backup's manifest.
    pub manifest: Manifest,
    /// What became of the register.
    pub register: RegisterFate,
}

/// What a restore did with the register.
#[derive(Debug)]
pub enum RegisterFate {
    /// It was written.
    Written,
    /// There is one already, which stays.
    Kept,
    /// It could not be written: the data is in place, and this is left to do.
    Failed(BackupError),
}

/// Puts a backup back into the data directory of a configuration.
///
/// It must be empty or absent, but for names that begin with a dot. The register is written where there is none, when
/// the data is in place; packs and overlay are the operator's to copy.
///
/// # Errors
/// [`BackupError`]; the data directory then holds nothing, or a folder that says that the restore is not done.
pub fn restore(config: &Config, from: &Path) -> Result<Restored, BackupError> {
    let data = &config.data_dir;
    must_be_free(data)?;
    let manifest = verify(from)?;
    make_dir(data)?;
    let _ours = lock(data).map_err(BackupError::file(&data.join(LOCK)))?;
    must_be_free(data)?;
    let part = data.join(PART);
    let has_no_register = is_empty(&config.register)? || part.join(REGISTER_BEGUN).exists();
    fill(&part, from, &manifest)?;
    put_in_place(data, &part, &manifest)?;
    let register = if has_no_register {
        let written = write_register(config, &part, from, &manifest);
        written.map_or_else(RegisterFate::Failed, |()| RegisterFate::Written)
    } else {
        RegisterFate::Kept
    };
    fs::remove_dir_all(&part).map_err(BackupError::file(&part))?;
    settle(data)?;
    Ok(Restored { manifest, register })
}

/// Whether a data directory is whole: a service must not begin on half a restore.
///
/// # Errors
/// [`BackupError::Unfinished`] while a restore is at work or was broken off.
pub fn must_be_whole(data: &Path) -> Result<(), BackupError> {
    let part = data.join(PART);
    if part.exists() { Err(BackupError::Unfinished(part.display().to_string())) } else { Ok(()) }
}

/// Files of a backup below one of its folders: the path, and the name inside the folder.
fn below<'m>(manifest: &'m Manifest, folder: &'static str) -> impl Iterator<Item = (&'m str, &'m str)> {
    let files = manifest.files.keys();
    files.filter_map(move |path| Some((path.as_str(), path.strip_prefix(folder)?.strip_prefix('/')?)))
}

/// Nothing is there but what a restore may take away: the databases of one that was broken off.
fn must_be_free(data: &Path) -> Result<(), BackupError> {
    let is_begun = data.join(PART).exists();
    let is_ours = |name: &String| name == LOCK || (is_begun && databases().any(|own| own == *name));
    let is_free = contents(data)?.iter().all(is_ours);
    if is_free { Ok(()) } else { Err(BackupError::NotEmpty(data.display().to_string())) }
}

/// Names of the databases and of what stands beside them.
fn databases() -> impl Iterator<Item = String> {
    let beside = |(name, _)| ["", "-wal", "-shm"].map(|end| format!("{name}{end}"));
    DATABASES.into_iter().flat_map(beside)
}

/// Copies the databases into the folder; from here on the directory says that it is not whole.
fn fill(part: &Path, from: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    make_dir(part)?;
    let note = part.join(NOTE.0);
    fs::write(&note, NOTE.1).map_err(BackupError::file(&note))?;
    for (path, name) in below(manifest, DATA) {
        copy(&from.join(path), &part.join(name))?;
    }
    settle(part)
}

fn put_in_place(data: &Path, part: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    for name in databases() {
        let left = data.join(name);
        if left.exists() {
            fs::remove_file(&left).map_err(BackupError::file(&left))?;
        }
    }
    let mut names: Vec<&str> = below(manifest, DATA).map(|(_, name)| name).collect();
    names.sort_by_key(|name| *name == DECIDES);
    for name in names {
        let to = data.join(name);
        fs::rename(part.join(name), &to).map_err(BackupError::file(&to))?;
    }
    settle(data)
}

fn write_register(config: &Config, part: &Path, from: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let begun = part.join(REGISTER_BEGUN);
    fs::write(&begun, "").map_err(BackupError::file(&begun))?;
    below(manifest, REGISTER).try_for_each(|(path, name)| copy(&from.join(path), &config.register.join(name)))
}

/// Presses the names in a directory to the disk.
fn settle(dir: &Path) -> Result<(), BackupError> {
    let pressed = fs::File::open(dir).and_then(|dir| dir.sync_all());
    pressed.map_err(BackupError::file(dir))
}
