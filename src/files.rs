//! What people wrote, read from their directories: the register, further packs, an overlay.
//!
//! A file that cannot be read is a [`Problem`] like any other, so that `check` can show everything at once.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use model::{Problem, Register};
use rules::Catalogue;

/// Files larger than this are none of ours, and reading one by mistake should not fill the memory.
const LARGEST_FILE: u64 = 256 << 20;

/// The register of a directory. Problems carry the directory in their file name.
///
/// # Errors
/// Returns everything that is wrong with it.
pub fn register(dir: &Path) -> Result<Register, Vec<Problem>> {
    Register::load(&register_files(dir)?)
        .map_err(|problems| problems.into_iter().map(|problem| within(dir, problem)).collect())
}

/// The files of a register's directory by name.
///
/// # Errors
/// Returns the one problem of a directory that cannot be read.
pub fn register_files(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>, Vec<Problem>> {
    directory(dir).map_err(|error| {
        let remedy = "write a register with `normwatch register init`, or name another directory";
        vec![unreadable(dir, "register", &error, remedy)]
    })
}

/// Problems of a register with the standards that it names, and of those with each other.
#[must_use]
pub fn together(dir: &Path, register: &Register, standards: &Catalogue) -> Vec<Problem> {
    let is_ours = |file: &str| matches!(file, "register.toml" | "waivers.csv");
    let placed = |problem: Problem| if is_ours(&problem.file) { within(dir, problem) } else { problem };
    standards.check_register(register).into_iter().map(placed).collect()
}

/// The problem with its file named from the directory on.
#[must_use]
pub fn within(dir: &Path, problem: Problem) -> Problem {
    Problem { file: dir.join(&problem.file).display().to_string(), ..problem }
}

/// The packs of the product with those of a directory and the limits of an overlay.
///
/// # Errors
/// Returns everything that is wrong with any of them.
pub fn standards(packs: Option<&Path>, overlay: Option<&Path>) -> Result<Catalogue, Vec<Problem>> {
    let packs = own_packs(packs)?;
    let overlay = overlay.map(text).transpose()?;
    Catalogue::load(&packs, overlay.as_ref().map(|(file, text)| (file.as_str(), text.as_str())))
}

/// Like [`standards`], for an overlay that is only a proposal and may relax what it must not in force.
///
/// # Errors
/// Returns everything that is wrong with any of them.
pub fn draft(packs: Option<&Path>, overlay: &Path) -> Result<Catalogue, Vec<Problem>> {
    let (file, text) = text(overlay)?;
    Catalogue::draft(&own_packs(packs)?, (&file, &text))
}

/// Name and text of every pack of a directory; their test files are none.
///
/// # Errors
/// Returns the one problem of a directory or file that cannot be read.
pub fn own_packs(dir: Option<&Path>) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let Some(dir) = dir else { return Ok(Vec::new()) };
    let remedy = "name a directory of packs, or none";
    let entries =
        std::fs::read_dir(dir).map_err(|error| vec![unreadable(dir, "packs_dir", &error, remedy)])?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.ends_with(".toml") && !name.ends_with(".test.toml")
    });
    paths.sort();
    paths.iter().map(|path| text(path)).collect()
}

/// Name and text of a file.
///
/// # Errors
/// Returns the one problem of a file that cannot be read or is no UTF-8.
pub fn text(path: &Path) -> Result<(String, String), Vec<Problem>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| vec![unreadable(path, "file", &error, "name a readable file in UTF-8")])?;
    Ok((path.display().to_string(), text))
}

/// The files of a directory by name; folders, hidden files and what is too large are left out.
fn directory(dir: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let meta = std::fs::metadata(entry.path())?;
        // A dot begins what editors, and our own claims, write beside a file for a moment.
        if let (true, Ok(name)) =
            (meta.is_file() && meta.len() <= LARGEST_FILE, entry.file_name().into_string())
            && !name.starts_with('.')
        {
            files.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, key: &str, error: &io::Error, remedy: &str) -> Problem {
    Problem::new(path.display().to_string(), 0, key, error.to_string(), remedy)
}
