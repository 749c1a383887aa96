//! Register, packs, overlay and the broker's certificates are read again when they change or when SIGHUP asks for it.
//!
//! The files are looked at every two seconds and not watched through the system: that works on every
//! file system and through every kind of link and mount, and two seconds are soon enough.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use model::{Instant, Problem};
use tokio::{
    sync::{mpsc, watch},
    task::spawn_blocking,
};

use super::{ServiceError, Site, Stores};
use crate::{
    certificates::Certificates,
    claims::Claims,
    clock::Clock,
    config::Config,
    metrics::ReloadOutcome,
    pipeline::{self, Batch, Judge},
    rulebook::{self, Rulebook},
    spool::{Entry, Kind, Spool, SpoolError},
    standing::Standing,
};

/// How often the files are looked at; an edit is read when two looks have found it the same.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Where the operator's files lie.
#[derive(Debug, Clone)]
pub(super) struct Files {
    register: PathBuf,
    packs: Option<PathBuf>,
    overlay: Option<PathBuf>,
    certificates: Vec<PathBuf>,
}

/// Every file with its size and the time of its last change.
pub(super) type Look = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Files {
    pub(super) fn of(config: &Config) -> Self {
        let (packs, overlay) = (config.packs_dir.clone(), config.overlay.clone());
        let certificates = Certificates::files(&config.mqtt);
        Self { register: config.register.clone(), packs, overlay, certificates }
    }

    pub(super) fn read(&self) -> Result<Rulebook, Vec<Problem>> {
        Rulebook::read(&self.register, self.packs.as_deref(), self.overlay.as_deref())
    }

    /// What can be seen of the files without reading them.
    pub(super) fn look(&self) -> Look {
        let mut files: Vec<PathBuf> = self.overlay.iter().chain(&self.certificates).cloned().collect();
        for dir in std::iter::once(self.register.as_path()).chain(self.packs.as_deref()) {
            files.extend(listed(dir));
        }
        files.sort();
        let seen = files.into_iter().filter_map(|path| {
            // Through links, as the files are read.
            let meta = std::fs::metadata(&path).ok()?;
            Some((path, meta.len(), meta.modified().ok()))
        });
        seen.collect()
    }
}

fn listed(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    let is_hidden =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(move |path| !is_hidden(path))
}

/// What the service begins with.
pub(super) struct Start {
    /// What was in force when it stopped; on a first start what lies in the files.
    pub(super) rulebook: Arc<Rulebook>,
    /// What lies in the files, unless that is wrong, and whether nothing was in force before.
    pub(super) edit: Option<(Rulebook, bool)>,
}

/// Begins with what was in force at the checkpoint: what waits in the spool is judged by that, and an edit made
/// since then comes into force behind it, as while the service runs.
pub(super) fn start(
    stores: &Stores,
    standing: &Standing,
    read: Result<Rulebook, Vec<Problem>>,
    now: Instant,
) -> Result<Start, ServiceError> {
    let held = pipeline::at_start(&stores.state, &stores.spool)
        .map_err(ServiceError::of("the register in force cannot be read back"))?;
    match (held, read) {
        (None, Err(problems)) => Err(ServiceError::Problems(problems)),
        (None, Ok(book)) => Ok(Start { rulebook: Arc::new(book.clone()), edit: Some((book, true)) }),
        (Some((held, since)), read) => {
            standing.set(&held.digest, since);
            let edit = read.map_err(|problems| standing.refuse(&problems, now)).ok();
            Ok(Start { rulebook: Arc::new(held), edit: edit.map(|book| (book, false)) })
        }
    }
}

/// Puts what lies in the files in force before anything new arrives, where it is not already.
pub(super) async fn catch_up(
    site: &Site<'_>,
    judge: Judge,
    edit: Option<(Rulebook, bool)>,
) -> Result<Judge, ServiceError> {
    let Some((book, is_first)) = edit else { return Ok(judge) };
    let now = site.clock.now();
    if !is_first && book.digest == judge.rulebook().digest {
        site.standing.accept(ReloadOutcome::Unchanged, now);
        return Ok(judge);
    }
    site.standing.accept(ReloadOutcome::Applied, now);
    let batch = announce(&site.stores.spool, &book, now).await;
    let batch = batch.map_err(ServiceError::of("the spool cannot be written"))?;
    let what = "the register was not taken up";
    spawn_blocking(move || {
        let mut judge = judge;
        judge.take_batch(&batch).map(|()| judge)
    })
    .await
    .map_err(ServiceError::of(what))?
    .map_err(ServiceError::of(what))
}

/// Writes a rulebook to the spool: from that position on it is in force.
async fn announce(spool: &Spool, book: &Rulebook, now: Instant) -> Result<Batch, SpoolError> {
    let kind = Kind::Change { kind: rulebook::KIND.to_owned(), body: book.body().to_vec() };
    Batch::of_row(spool, Entry { arrival: now, kind }).await
}

/// Follows the files.
#[derive(Debug)]
pub(super) struct Reload {
    files: Files,
    spool: Spool,
    clock: Clock,
    standing: Standing,
    /// Who has edited the files through us, and does not wait for the next look.
    claims: Claims,
    certificates: Certificates,
    /// Digest of what was announced last.
    digest: String,
    /// How the files looked when they were last read.
    read: Look,
}

impl Reload {
    pub(super) fn new(site: &Site<'_>, files: Files, read: Look, certificates: Certificates) -> Self {
        Self {
            files,
            spool: site.stores.spool.clone(),
            clock: site.clock.clone(),
            standing: site.standing.clone(),
            claims: site.claims.clone(),
            certificates,
            digest: site.in_force.borrow().digest.clone(),
            read,
        }
    }

    /// Runs until `stop` says true.
    pub(super) async fn run(mut self, to_judge: mpsc::Sender<Batch>, mut stop: watch::Receiver<bool>) {
        let mut hangup = Hangup::new();
        let mut before = None;
        loop {
            let is_asked = tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                () = hangup.recv() => true,
                () = self.claims.written() => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            let now = self.look().await;
            // A file that is being written looks different the next time.
            let is_settled = before.as_ref() == Some(&now) && now != self.read;
            before = Some(now.clone());
            let is_due = is_asked || is_settled;
            if is_due || self.certificates.is_waiting() {
                self.renew();
            }
            if !is_due {
                continue;
            }
            match self.reload(&to_judge).await {
                Ok(()) => self.read = now,
                // It is looked at again, and taken up when the disk takes it.
                Err(SpoolError::Held(held)) => tracing::warn!(%held, "the edit waits for the disk"),
                Err(error) => {
                    tracing::error!(%error, "the edit cannot be written to the spool");
                    return;
                }
            }
        }
    }

    async fn look(&self) -> Look {
        let files = self.files.clone();
        spawn_blocking(move || files.look()).await.unwrap_or_default()
    }

    /// Three small files: read where we are.
    fn renew(&mut self) {
        let now = self.clock.now();
        let renewed = self.certificates.renew(now);
        self.standing.certificates(renewed.err().as_deref().unwrap_or_default(), now);
    }

    async fn reload(&mut self, to_judge: &mpsc::Sender<Batch>) -> Result<(), SpoolError> {
        let files = self.files.clone();
        let Ok(read) = spawn_blocking(move || files.read()).await else { return Ok(()) };
        let now = self.clock.now();
        match read {
            Err(problems) => self.standing.refuse(&problems, now),
            Ok(book) if book.digest == self.digest => self.standing.accept(ReloadOutcome::Unchanged, now),
            Ok(book) => {
                let batch = announce(&self.spool, &book, now).await?;
                self.digest = book.digest;
                self.standing.accept(ReloadOutcome::Applied, now);
                // A judge that has stopped finds it in the spool when it starts again.
                drop(to_judge.send(batch).await);
            }
        }
        Ok(())
    }
}

/// SIGHUP, where there is such a thing.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    fn new() -> Self {
        #[cfg(unix)]
        {
            let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
            Self { signal: signal.inspect_err(|error| tracing::warn!(%error, "no SIGHUP here")).ok() }
        }
        #[cfg(not(unix))]
        Self {}
    }

    async fn recv(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
