//! A consistent copy of everything that the service keeps, and the way back.
//!
//! Every database is held as it stands before any is copied, in an order in which none is behind what leans on
//! it: the checkpoint first, then the history (never behind the checkpoint), then the spool (never behind the
//! history), then the mails (never behind what was judged). Copying may take long; the service goes on meanwhile.

mod restore;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path, PathBuf},
};

use model::Instant;
pub use restore::{RegisterFate, Restored, must_be_whole, restore};
use serde::{Deserialize, Serialize};

use crate::{
    access::USERS_FILE,
    audit::{AUDIT_FILE, Audit, Chain},
    config::Config,
    database::{DatabaseError, Still, unsigned},
};

/// Name of the list of files; it is written last, so what has none is no backup.
pub const MANIFEST: &str = "manifest.json";
/// Version of the layout.
const VERSION: u32 = 1;
/// Folder of the databases inside a backup.
const DATA: &str = "data";
/// Folder of the register inside a backup.
const REGISTER: &str = "register";
/// The databases in the order in which they are held, and whether a service always has one.
const DATABASES: [(&str, bool); 6] = [
    ("state.sqlite", true),
    ("history.sqlite", true),
    ("spool.sqlite", true),
    ("mail.sqlite", false),
    (USERS_FILE, false),
    (AUDIT_FILE, false),
];
/// How often all are held anew when the spool was shortened just in between.
const TRIES: usize = 5;

/// Why there is no backup, or no way back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("{path}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A database cannot be read or copied.
    #[error("{0}")]
    Database(String, #[source] DatabaseError),
    /// There is something already.
    #[error("{0} is not empty: name another directory, or move away what is there")]
    NotEmpty(String),
    /// The spool was shortened between two looks, again and again.
    #[error("the spool moved on while the files were being held; try again")]
    Restless,
    /// A restore is at work, or was broken off.
    #[error("{0} is there: a restore is not done. Run `normwatch restore` again, it begins anew")]
    Unfinished(String),
    /// What lies there is no whole backup.
    #[error("{0}")]
    Damaged(String),
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::File { path, source }
    }

    fn database(name: &str) -> impl FnOnce(DatabaseError) -> Self {
        let name = name.to_owned();
        move |error| Self::Database(name, error)
    }
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout.
    pub version: u32,
    /// Release that wrote it.
    pub normwatch: String,
    /// Wall time at which everything was held.
    pub taken_at: Instant,
    /// Newest entry of the spool.
    pub spool: u64,
    /// Newest entry that the engine's state has seen; what follows is judged after a restore.
    pub checkpoint: u64,
    /// Newest hash of the audit trail.
    pub audit_head: Option<String>,
    /// The files by path.
    pub files: BTreeMap<String, FileEntry>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3 hash, hex.
    pub blake3: String,
    /// Version of its tables, for a database.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schema: Option<u64>,
}

/// Copies everything of a configuration's service, running or not, into `to`, which must be empty or absent.
///
/// # Errors
/// [`BackupError`]; `to` may then hold a part, without manifest.
pub fn take(config: &Config, to: &Path, now: Instant) -> Result<Manifest, BackupError> {
    must_be_empty(to)?;
    let (stills, (checkpoint, spool)) = hold(&config.data_dir)?;
    make_dir(&to.join(DATA))?;
    let mut files = BTreeMap::new();
    for (name, still) in stills {
        let path = format!("{DATA}/{name}");
        still.copy_to(&to.join(&path)).map_err(BackupError::database(name))?;
        let schema = still.number("PRAGMA user_version").map_err(BackupError::database(name))?;
        files.insert(path.clone(), FileEntry { schema: schema.map(unsigned), ..entry(&to.join(&path))? });
    }
    let mut operator = vec![(config.register.clone(), REGISTER.to_owned())];
    operator.extend(config.packs_dir.clone().map(|dir| (dir, "packs".to_owned())));
    operator.extend(config.overlay.clone().map(|file| (file, "overlay.toml".to_owned())));
    for (from, name) in operator {
        for (from, path) in listed(&from, &name)? {
            copy(&from, &to.join(&path))?;
            files.insert(path.clone(), entry(&to.join(&path))?);
        }
    }
    let audit = to.join(DATA).join(AUDIT_FILE);
    let audit_head = if audit.exists() { head(&audit)? } else { None };
    let normwatch = env!("CARGO_PKG_VERSION").to_owned();
    let manifest =
        Manifest { version: VERSION, normwatch, taken_at: now, spool, checkpoint, audit_head, files };
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    let path = to.join(MANIFEST);
    fs::write(&path, text + "\n").map_err(BackupError::file(&path))?;
    Ok(manifest)
}

fn head(audit: &Path) -> Result<Option<String>, BackupError> {
    let chain = Audit::open_reader(audit).and_then(|audit| audit.verify());
    match chain.map_err(BackupError::database(AUDIT_FILE))? {
        Chain::Whole { head, .. } => Ok(Some(head).filter(|head| !head.is_empty())),
        // The copy is as good as the trail was; `audit verify` says where it is broken.
        Chain::Broken { .. } => Ok(None),
    }
}

/// The databases as they stand, with the positions of checkpoint and spool.
#[expect(clippy::type_complexity, reason = "a list and two numbers, used once")]
fn hold(data: &Path) -> Result<(Vec<(&'static str, Still)>, (u64, u64)), BackupError> {
    for _ in 0..TRIES {
        let mut stills = Vec::new();
        for (name, is_needed) in DATABASES {
            let path = data.join(name);
            if path.exists() {
                stills.push((name, Still::of(&path).map_err(BackupError::database(name))?));
            } else if is_needed {
                let what = format!("{}: there is no service's data here", path.display());
                return Err(BackupError::Damaged(what));
            }
        }
        let number = |name: &str, sql: &str| {
            let still = stills.iter().find(|(held, _)| *held == name).map(|(_, still)| still);
            let number = still.map_or(Ok(None), |still| still.number(sql));
            number.map_err(BackupError::database(name)).map(|n| n.map_or(0, unsigned))
        };
        let checkpoint = number("state.sqlite", "SELECT sequence FROM checkpoint WHERE part = 0")?;
        let next = number("spool.sqlite", "SELECT next FROM ledger WHERE part = 0")?;
        // An empty log begins where the next entry will stand.
        let oldest = "SELECT COALESCE((SELECT MIN(first) FROM log), next) FROM ledger WHERE part = 0";
        let oldest = number("spool.sqlite", oldest)?;
        // Trimming follows the checkpoint, so a newer one may have let go what ours still needs.
        if oldest <= checkpoint + 1 {
            return Ok((stills, (checkpoint, next.saturating_sub(1))));
        }
    }
    Err(BackupError::Restless)
}

/// The manifest of a backup whose files are all there as they were written.
///
/// # Errors
/// [`BackupError`] naming the first file that is not.
pub fn verify(from: &Path) -> Result<Manifest, BackupError> {
    let path = from.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(BackupError::file(&path))?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| BackupError::Damaged(format!("{}: {error}", path.display())))?;
    let newer = format!("the backup is of release {}, newer than this one", manifest.normwatch);
    if manifest.version > VERSION {
        return Err(BackupError::Damaged(newer));
    }
    for (name, wanted) in &manifest.files {
        let is_plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain {
            return Err(BackupError::Damaged(format!("`{name}` leads out of the backup")));
        }
        let path = from.join(name);
        let found = entry(&path)?;
        if (found.bytes, &found.blake3) != (wanted.bytes, &wanted.blake3) {
            let what = format!("{} is not what was backed up: its hash differs", path.display());
            return Err(BackupError::Damaged(what));
        }
        if let (Some(schema), Some(known)) = (wanted.schema, known_schema(name))
            && schema > known
        {
            return Err(BackupError::Damaged(newer));
        }
    }
    Ok(manifest)
}

/// The newest version of a database's tables that this release knows.
fn known_schema(path: &str) -> Option<u64> {
    let count = match path.strip_prefix("data/")? {
        "state.sqlite" => crate::state::SCHEMA,
        "history.sqlite" => crate::history::SCHEMA,
        "spool.sqlite" => crate::spool::SCHEMA,
        USERS_FILE => crate::access::SCHEMA,
        AUDIT_FILE => crate::audit::SCHEMA,
        _ => return None,
    };
    Some(count as u64)
}

fn entry(path: &Path) -> Result<FileEntry, BackupError> {
    let failed = || BackupError::file(path);
    let mut hasher = blake3::Hasher::new();
    let mut file = fs::File::open(path).map_err(failed())?;
    let bytes = io::copy(&mut file, &mut hasher).map_err(failed())?;
    Ok(FileEntry { bytes, blake3: hasher.finalize().to_hex().to_string(), schema: None })
}

/// Files of a folder with their paths inside a backup, or the one file itself; folders below are left out.
fn listed(from: &Path, name: &str) -> Result<Vec<(PathBuf, String)>, BackupError> {
    if from.is_file() {
        return Ok(vec![(from.to_owned(), name.to_owned())]);
    }
    let mut found = Vec::new();
    for file in fs::read_dir(from).map_err(BackupError::file(from))? {
        let file = file.map_err(BackupError::file(from))?;
        if let (true, Ok(own)) = (file.path().is_file(), file.file_name().into_string())
            && !own.starts_with('.')
        {
            found.push((file.path(), format!("{name}/{own}")));
        }
    }
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    if let Some(dir) = to.parent() {
        make_dir(dir)?;
    }
    fs::copy(from, to).map_err(BackupError::file(from))?;
    let pressed = fs::File::open(to).and_then(|file| file.sync_all());
    pressed.map_err(BackupError::file(to))
}

fn make_dir(dir: &Path) -> Result<(), BackupError> {
    fs::create_dir_all(dir).map_err(BackupError::file(dir))
}

/// Names in a directory, none of one that is absent. Names that begin with a dot are left out, and what a fresh file
/// system holds: a new volume is empty.
fn contents(dir: &Path) -> Result<Vec<String>, BackupError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(BackupError::file(dir)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(BackupError::file(dir))?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && name != "lost+found" {
            names.push(name);
        }
    }
    Ok(names)
}

fn is_empty(dir: &Path) -> Result<bool, BackupError> {
    contents(dir).map(|names| names.is_empty())
}

fn must_be_empty(dir: &Path) -> Result<(), BackupError> {
    if is_empty(dir)? { Ok(()) } else { Err(BackupError::NotEmpty(dir.display().to_string())) }
}
