//! The rulebook: register, packs and overlay as they are in force together.
//!
//! It travels as one piece of bytes, the very files: through the spool at the position from which it
//! holds, and in the checkpoint. So a replay judges with what was in force and not with what lies in
//! the directory by then.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    path::Path,
    sync::Arc,
};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use model::{Problem, Register};
use rules::Catalogue;

use crate::{
    devices, files,
    varint::{Cursor, put_bytes, put_len},
};

/// What the spool calls such a change.
pub const KIND: &str = "rulebook";
const VERSION: u8 = 1;
/// Of the hash, hex digits that people compare.
const DIGEST_DIGITS: usize = 16;

/// The bytes of a rulebook make no sense here.
#[derive(Debug, thiserror::Error)]
pub enum RulebookError {
    /// Cut short, damaged, or of a release that this one does not know.
    #[error("the rulebook cannot be unpacked")]
    Damaged,
    /// The files were right once; this release finds them wrong.
    #[error("{} problems in the rulebook that was in force", .0.len())]
    Problems(Vec<Problem>),
}

/// Register and standards in force together.
#[derive(Debug, Clone)]
pub struct Rulebook {
    /// The register.
    pub register: Arc<Register>,
    /// The packs of the product and of the operator, with the limits of the overlay.
    pub catalogue: Arc<Catalogue>,
    /// Names this content: hex digits of a hash over all files.
    pub digest: String,
    /// The files, packed.
    body: Arc<[u8]>,
}

/// The files by name.
#[derive(Debug, Default)]
struct Sources {
    register: BTreeMap<String, Vec<u8>>,
    packs: Vec<(String, String)>,
    overlay: Option<(String, String)>,
}

impl Rulebook {
    /// Reads and checks the files.
    ///
    /// # Errors
    /// Returns everything that is wrong with any of them, as `check` prints it.
    pub fn read(register: &Path, packs: Option<&Path>, overlay: Option<&Path>) -> Result<Self, Vec<Problem>> {
        Self::read_with(register, packs, overlay, None)
    }

    /// The same as it would be with one file of the register replaced by these bytes.
    ///
    /// # Errors
    /// Returns everything that would be wrong then.
    pub fn read_with(
        register: &Path,
        packs: Option<&Path>,
        overlay: Option<&Path>,
        replaced: Option<(&str, Vec<u8>)>,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut sources = Sources::default();
        match files::register_files(register) {
            Ok(files) => sources.register = files,
            Err(found) => problems.extend(found),
        }
        if let Some((name, bytes)) = replaced {
            sources.register.insert(name.to_owned(), bytes);
        }
        match files::own_packs(packs) {
            Ok(packs) => sources.packs = packs,
            Err(found) => problems.extend(found),
        }
        match overlay.map(files::text).transpose() {
            Ok(overlay) => sources.overlay = overlay,
            Err(found) => problems.extend(found),
        }
        if problems.is_empty() { Self::of(&sources, register) } else { Err(problems) }
    }

    /// The rulebook of packed bytes.
    ///
    /// # Errors
    /// [`RulebookError`] when they are no rulebook that this release can use.
    pub fn unpack(body: &[u8]) -> Result<Self, RulebookError> {
        let sources = Sources::unpack(body).ok_or(RulebookError::Damaged)?;
        Self::of(&sources, Path::new("")).map_err(RulebookError::Problems)
    }

    /// The files, packed, for spool and checkpoint.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    fn of(sources: &Sources, dir: &Path) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let within = |found: Vec<Problem>| found.into_iter().map(|problem| files::within(dir, problem));
        let register = Register::load(&sources.register).map_err(|found| problems.extend(within(found))).ok();
        let overlay = sources.overlay.as_ref().map(|(file, text)| (file.as_str(), text.as_str()));
        let catalogue = Catalogue::load(&sources.packs, overlay).map_err(|found| problems.extend(found)).ok();
        if let Some(register) = &register {
            problems.extend(within(devices::profiles(register).err().unwrap_or_default()));
        }
        if let (Some(register), Some(catalogue)) = (&register, &catalogue) {
            problems.extend(files::together(dir, register, catalogue));
        }
        let (Some(register), Some(catalogue), true) = (register, catalogue, problems.is_empty()) else {
            return Err(problems);
        };
        let content = sources.content();
        let digest = blake3::hash(&content).to_hex().chars().take(DIGEST_DIGITS).collect();
        let body = deflated(&content).into();
        Ok(Self { register: Arc::new(register), catalogue: Arc::new(catalogue), digest, body })
    }
}

impl Sources {
    fn content(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_len(&mut out, self.register.len());
        for (name, bytes) in &self.register {
            put_bytes(&mut out, name.as_bytes());
            put_bytes(&mut out, bytes);
        }
        for texts in [self.packs.as_slice(), self.overlay.as_slice()] {
            put_len(&mut out, texts.len());
            for (name, text) in texts {
                put_bytes(&mut out, name.as_bytes());
                put_bytes(&mut out, text.as_bytes());
            }
        }
        out
    }

    fn unpack(body: &[u8]) -> Option<Self> {
        let (version, packed) = body.split_first()?;
        if *version != VERSION {
            return None;
        }
        let mut content = Vec::new();
        DeflateDecoder::new(packed).read_to_end(&mut content).ok()?;
        let mut cursor = Cursor(&content);
        let mut sources = Self::default();
        for _ in 0..cursor.len()? {
            sources.register.insert(cursor.text()?.to_owned(), cursor.bytes()?.to_vec());
        }
        for _ in 0..cursor.len()? {
            sources.packs.push((cursor.text()?.to_owned(), cursor.text()?.to_owned()));
        }
        for _ in 0..cursor.len()? {
            sources.overlay = Some((cursor.text()?.to_owned(), cursor.text()?.to_owned()));
        }
        cursor.0.is_empty().then_some(sources)
    }
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(vec![VERSION], Compression::fast());
    // Writing to memory does not fail; a short body would be found damaged.
    drop(encoder.write_all(content));
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in Register::template() {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        dir
    }

    #[test]
    fn a_rulebook_comes_back_from_its_bytes_and_each_content_has_a_digest_of_its_own() {
        let dir = office();
        let first = Rulebook::read(dir.path(), None, None).unwrap();
        let again = Rulebook::unpack(first.body()).unwrap();
        assert_eq!(again.digest, first.digest);
        assert_eq!(again.register.id, first.register.id);
        let overlay = dir.path().join("overlay.toml");
        std::fs::write(&overlay, "# nothing yet\n").unwrap();
        std::fs::remove_file(dir.path().join("waivers.csv")).ok();
        assert_ne!(Rulebook::read(dir.path(), None, None).unwrap().digest, first.digest);
    }

    #[test]
    fn damaged_bytes_are_no_rulebook() {
        let book = Rulebook::read(office().path(), None, None).unwrap();
        let body = book.body();
        for cut in [0, 1, body.len() / 2, body.len() - 1] {
            assert!(Rulebook::unpack(&body[..cut]).is_err(), "{cut}");
        }
        let mut other = body.to_vec();
        other[0] = 99;
        assert!(matches!(Rulebook::unpack(&other), Err(RulebookError::Damaged)));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let dir = office();
        std::fs::write(dir.path().join("places.csv"), "place,kind\na,rom\n").unwrap();
        let packs = dir.path().join("packs");
        std::fs::create_dir(&packs).unwrap();
        std::fs::write(packs.join("own.toml"), "id = 3\n").unwrap();
        let problems = Rulebook::read(dir.path(), Some(&packs), None).unwrap_err();
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(text.iter().any(|line| line.contains("places.csv:2: kind")), "{text:?}");
        assert!(text.iter().any(|line| line.contains("own.toml")), "{text:?}");
    }
}
