//! What the console and the API read: copies of state, the register, the standards, the history.

use std::{collections::BTreeSet, fmt, sync::Arc};

use model::{Id, Instant, Register};
use rules::{Clause, Pack};
use tokio::sync::watch;

use super::{
    registry::Registry,
    sources::{ChartSource, MailSource, NoMails, NoRecords, RecordSource},
};
use crate::{
    access::{Person, Reach},
    disk::Disk,
    metrics::Metrics,
    pipeline::{Letterbox, Pen},
    rulebook::Rulebook,
    spool::Spool,
    view::{Ledger, MailView, Snapshot},
};

/// Mails about alerts of a list and nothing else.
struct SomeMails {
    mails: Arc<dyn MailSource>,
    alerts: BTreeSet<String>,
}

impl SomeMails {
    fn shows(&self, mail: &MailView) -> bool {
        !mail.alerts.is_empty() && mail.alerts.iter().all(|alert| self.alerts.contains(alert))
    }
}

impl MailSource for SomeMails {
    fn newest(&self, max: usize) -> Result<Vec<Arc<MailView>>, String> {
        Ok(self.mails.newest(max)?.into_iter().filter(|mail| self.shows(mail)).collect())
    }

    fn one(&self, id: &str) -> Result<Option<Arc<MailView>>, String> {
        Ok(self.mails.one(id)?.filter(|mail| self.shows(mail)))
    }

    fn sent(&self) -> Result<u64, String> {
        self.mails.sent()
    }
}

/// Everything a request may look at. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    snapshot: watch::Receiver<Arc<Snapshot>>,
    register: Arc<Register>,
    standards: Arc<[Arc<Pack>]>,
    /// Where each request gets the two above anew.
    in_force: Option<watch::Receiver<Arc<Rulebook>>>,
    charts: Arc<dyn ChartSource>,
    mails: Arc<dyn MailSource>,
    records: Arc<dyn RecordSource>,
    metrics: Arc<Metrics>,
    asker: Option<Arc<Person>>,
    pen: Option<Pen>,
    letterbox: Option<Letterbox>,
    registry: Option<Registry>,
    storage: Option<(Spool, Disk)>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("register", &self.register.id).finish_non_exhaustive()
    }
}

impl Desk {
    /// A desk over the newest snapshot of the pipeline, without mails.
    #[must_use]
    pub fn new(
        snapshot: watch::Receiver<Arc<Snapshot>>,
        register: Arc<Register>,
        standards: Vec<Arc<Pack>>,
        charts: Arc<dyn ChartSource>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            snapshot,
            register,
            standards: standards.into(),
            in_force: None,
            charts,
            mails: Arc::new(NoMails),
            records: Arc::new(NoRecords),
            metrics,
            asker: None,
            pen: None,
            letterbox: None,
            registry: None,
            storage: None,
        }
    }

    /// The same desk over the register and the standards that are in force at each request.
    #[must_use]
    pub fn following(self, in_force: watch::Receiver<Arc<Rulebook>>) -> Self {
        Self { in_force: Some(in_force), ..self }
    }

    /// The desk of one request: what is in force does not change under it.
    pub(super) fn for_request(&self) -> Self {
        let mut desk = self.clone();
        if let Some(in_force) = &self.in_force {
            let book = Arc::clone(&in_force.borrow());
            desk.register = Arc::clone(&book.register);
            desk.standards = book.catalogue.packs().into();
        }
        desk
    }

    /// The same desk with mails from `mails`.
    #[must_use]
    pub fn with_mails(self, mails: Arc<dyn MailSource>) -> Self {
        Self { mails, ..self }
    }

    /// The same desk with records from `records`.
    #[must_use]
    pub fn with_records(self, records: Arc<dyn RecordSource>) -> Self {
        Self { records, ..self }
    }

    /// The same desk with a pen, so that people can act.
    #[must_use]
    pub fn with_pen(self, pen: Pen) -> Self {
        Self { pen: Some(pen), ..self }
    }

    /// The same desk with a letterbox, so that programs can send readings.
    #[must_use]
    pub fn with_letterbox(self, letterbox: Letterbox) -> Self {
        Self { letterbox: Some(letterbox), ..self }
    }

    /// The same desk with what is known of devices, so that people can claim them.
    #[must_use]
    pub fn with_registry(self, registry: Registry) -> Self {
        Self { registry: Some(registry), ..self }
    }

    pub(super) const fn registry(&self) -> Option<&Registry> {
        self.registry.as_ref()
    }

    /// What is in force, for who waits for a change of it.
    pub(super) fn in_force(&self) -> Option<watch::Receiver<Arc<Rulebook>>> {
        self.in_force.clone()
    }

    /// The same desk with the spool and the disk at hand: both are told of as they are, not as they were when
    /// the pipeline last had time for pages.
    #[must_use]
    pub fn with_storage(self, spool: Spool, disk: Disk) -> Self {
        Self { storage: Some((spool, disk)), ..self }
    }

    /// Every message counted once.
    pub(super) fn ledger(&self) -> Ledger {
        self.storage.as_ref().map_or_else(|| self.snapshot.borrow().ledger, |(spool, _)| spool.ledger())
    }

    /// Where messages lie.
    pub(super) fn spool(&self) -> Option<&Spool> {
        self.storage.as_ref().map(|(spool, _)| spool)
    }

    /// What the disk refuses just now, in words for operations.
    pub(super) fn refusals(&self) -> Vec<String> {
        self.storage.as_ref().map_or_else(Vec::new, |(_, disk)| disk.refusals())
    }

    pub(super) const fn letterbox(&self) -> Option<&Letterbox> {
        self.letterbox.as_ref()
    }

    pub(super) const fn pen(&self) -> Option<&Pen> {
        self.pen.as_ref()
    }

    /// The same desk for whoever asks: what is out of reach is not on it.
    #[must_use]
    pub fn seen_by(self, asker: Option<Person>) -> Self {
        Self { asker: asker.map(Arc::new), ..self }
    }

    /// Who asks; nobody in particular while there are no users.
    #[must_use]
    pub fn asker(&self) -> Option<&Person> {
        self.asker.as_deref()
    }

    /// How far whoever asks sees, unless that is everything.
    fn narrow(&self) -> Option<&Reach> {
        self.asker().map(|person| &person.reach).filter(|reach| !reach.is_everything())
    }

    /// Whether whoever asks sees all of the office.
    pub(super) fn sees_everything(&self) -> bool {
        self.narrow().is_none()
    }

    /// Whether a place or body is within reach of whoever asks.
    pub(super) fn reaches(&self, id: &Id) -> bool {
        let now = || Self::now(&self.snapshot.borrow());
        self.narrow().is_none_or(|reach| reach.has(&self.register, id, now()))
    }

    /// The newest copy of the state, as far as whoever asks may see it.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let snapshot = Arc::clone(&self.snapshot.borrow());
        match self.narrow() {
            Some(reach) => Arc::new(snapshot.within(reach, &self.register)),
            None => snapshot,
        }
    }

    /// A receiver that sees every later copy.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// The register.
    #[must_use]
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The packs that are loaded.
    #[must_use]
    pub fn standards(&self) -> &[Arc<Pack>] {
        &self.standards
    }

    /// The pack of this id.
    #[must_use]
    pub fn pack(&self, id: &str) -> Option<&Arc<Pack>> {
        self.standards.iter().find(|pack| pack.id == id)
    }

    /// The clause of this id (`<pack id>/<clause>`).
    #[must_use]
    pub fn clause(&self, id: &str) -> Option<&Arc<Clause>> {
        self.standards.iter().flat_map(|pack| &pack.clauses).find(|clause| clause.id == id)
    }

    /// Whether the clause may raise alerts: verified, or accepted by the operator.
    #[must_use]
    pub fn is_enforced(&self, clause: &Clause) -> bool {
        clause.is_enforced(&self.register)
    }

    /// The history behind charts.
    #[must_use]
    pub fn charts(&self) -> Arc<dyn ChartSource> {
        Arc::clone(&self.charts)
    }

    /// Asks the outbox, away from the tasks that answer pages. What cannot be read is logged and shows
    /// as nothing: a page about rooms must not fail for the mails on it.
    pub(super) async fn ask_mails<T: Default + Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn MailSource) -> Result<T, String> + Send + 'static,
    ) -> T {
        let mails = self.visible_mails();
        let answer = tokio::task::spawn_blocking(move || ask(mails.as_ref())).await;
        answer.map_err(|error| error.to_string()).flatten().unwrap_or_else(|error| {
            tracing::error!(%error, "mails cannot be shown");
            T::default()
        })
    }

    /// Asks the records, away from the tasks that answer pages.
    pub(super) async fn ask_records<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn RecordSource) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let records = Arc::clone(&self.records);
        let answer = tokio::task::spawn_blocking(move || ask(records.as_ref())).await;
        answer.map_err(|error| error.to_string()).flatten()
    }

    /// The mails, as far as whoever asks may see what they tell.
    fn visible_mails(&self) -> Arc<dyn MailSource> {
        let mails = Arc::clone(&self.mails);
        if self.narrow().is_none() {
            return mails;
        }
        let alerts = self.snapshot().alerts.iter().map(|alert| alert.id.clone()).collect();
        Arc::new(SomeMails { mails, alerts })
    }

    /// The counters of the service.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The instant that pages call now: wall time of the service, else the event time reached.
    #[must_use]
    pub fn now(snapshot: &Snapshot) -> Instant {
        snapshot.now.or(snapshot.event_time).unwrap_or(Instant::from_millis(0))
    }
}
