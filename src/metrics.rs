//! What the service counts about itself, in the Prometheus text exposition.
//!
//! Names are a promise to users (a test holds them). The library adds `_total` to counters, so
//! they are registered without it.

mod diagnoses;
mod late;
mod marks;
mod reloads;
mod storage;
mod strangers;

use std::sync::atomic::{AtomicU64, Ordering};

use model::Instant;
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use rules::AlertState;

pub use late::LateOutcome;
pub use marks::Marked;
use marks::Marks;
pub use reloads::ReloadOutcome;
use reloads::Reloads;
use storage::Storage;
use strangers::Strangers;

use crate::{
    spool::Outcome,
    view::{Ledger, Snapshot},
};

type Label = [(&'static str, &'static str); 1];
type Count = Gauge<u64, AtomicU64>;

/// States of alerts that are counted.
pub const STATES: [AlertState; 4] =
    [AlertState::Pending, AlertState::Firing, AlertState::Resolved, AlertState::Withdrawn];

/// Seconds; 0.25 and 2 are the budgets of reading to verdict and reading to mail.
const BUCKETS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0];

/// What became of one attempt to hand over a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailOutcome {
    /// The mail server accepted it.
    Sent,
    /// It failed and will be tried again.
    Retried,
    /// It was given up.
    Failed,
}

impl MailOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Sent, Self::Retried, Self::Failed];

    /// The value of the label `outcome`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::Failed => "failed",
        }
    }
}

/// All counters, gauges and histograms. Methods take `&self` and are cheap; share it in an `Arc`.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    received: Counter,
    messages: Family<Label, Counter>,
    pending: Count,
    readings: Counter,
    marks: Marks,
    storage: Storage,
    series_backlog: Count,
    series_refused: Counter,
    alerts: Family<Label, Count>,
    mails: Family<Label, Counter>,
    maybe_doubled: Counter,
    reloads: Reloads,
    strangers: Strangers,
    told: diagnoses::Told,
    late: Family<Label, Counter>,
    to_verdict: Histogram,
    to_mail: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Everything at zero, every label value present from the start.
    #[must_use]
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            received: Counter::default(),
            messages: Family::default(),
            pending: Count::default(),
            readings: Counter::default(),
            marks: Marks::default(),
            storage: Storage::default(),
            series_backlog: Count::default(),
            series_refused: Counter::default(),
            alerts: Family::default(),
            mails: Family::default(),
            maybe_doubled: Counter::default(),
            reloads: Reloads::default(),
            strangers: Strangers::default(),
            told: diagnoses::Told::default(),
            late: Family::default(),
            to_verdict: Histogram::new(BUCKETS),
            to_mail: Histogram::new(BUCKETS),
        };
        metrics.register();
        metrics.marks.register(&mut metrics.registry);
        metrics.reloads.register(&mut metrics.registry);
        metrics.storage.register(&mut metrics.registry);
        metrics.strangers.register(&mut metrics.registry);
        metrics.told.register(&mut metrics.registry);
        metrics.registry.register(
            "normwatch_late_readings",
            "Readings older than what was judged, by what became of them",
            metrics.late.clone(),
        );
        for outcome in LateOutcome::ALL {
            let _created = metrics.late.get_or_create(&[("outcome", outcome.name())]);
        }
        // A rate needs a zero before the first event, so every label value exists at once.
        for outcome in Outcome::ALL {
            metrics.messages(outcome, 0);
        }
        for outcome in MailOutcome::ALL {
            let _created = metrics.mails.get_or_create(&[("outcome", outcome.name())]);
        }
        for state in STATES {
            metrics.alerts(state, 0);
        }
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "normwatch_messages_received",
            "Messages taken from the broker",
            self.received.clone(),
        );
        registry.register("normwatch_messages", "Messages by outcome of the ledger", self.messages.clone());
        registry.register(
            "normwatch_messages_pending",
            "Messages taken but not yet counted in an outcome",
            self.pending.clone(),
        );
        registry.register("normwatch_readings", "Readings kept", self.readings.clone());
        registry.register(
            "normwatch_series_backlog_readings",
            "Readings that wait for the time-series server",
            self.series_backlog.clone(),
        );
        registry.register(
            "normwatch_series_refused",
            "Lines that the time-series server refused for good",
            self.series_refused.clone(),
        );
        registry.register("normwatch_alerts", "Alerts by state", self.alerts.clone());
        registry.register("normwatch_mails", "Mail deliveries by outcome", self.mails.clone());
        registry.register(
            "normwatch_mail_maybe_doubled",
            "Mails sent again because a stop fell between acceptance and our commit",
            self.maybe_doubled.clone(),
        );
        registry.register(
            "normwatch_reading_to_verdict_seconds",
            "Time from arrival of a reading to the verdicts that it moved",
            self.to_verdict.clone(),
        );
        registry.register(
            "normwatch_reading_to_mail_seconds",
            "Time from arrival of a reading to acceptance of its mail, without group wait",
            self.to_mail.clone(),
        );
    }

    /// Counts one late reading.
    pub fn late(&self, outcome: LateOutcome) {
        self.late.get_or_create(&[("outcome", outcome.name())]).inc();
    }

    /// Sets how many publish that nobody knows or understands.
    pub fn strangers(&self, snapshot: &Snapshot) {
        self.strangers.set(snapshot);
    }

    /// Counts one read of the operator's files at `at`.
    pub fn reload(&self, outcome: ReloadOutcome, at: Instant) {
        self.reloads.count(outcome, at);
    }

    /// Sets what is in force, and since when.
    pub fn in_force(&self, digest: &str, since: Instant) {
        self.reloads.in_force(digest, since);
    }

    /// Goes on from the durable ledger of earlier runs, so that the sum over outcomes stays whole.
    pub fn restore(&self, ledger: &Ledger) {
        self.received.inc_by(ledger.received);
        self.messages(Outcome::Stored, ledger.stored);
        self.messages(Outcome::Duplicate, ledger.duplicate);
        self.messages(Outcome::Ignored, ledger.ignored);
        self.messages(Outcome::Quarantined, ledger.quarantined);
        self.messages(Outcome::Rejected, ledger.rejected);
    }

    /// Counts a message taken from the broker.
    pub fn message_received(&self) {
        self.received.inc();
    }

    /// Counts `n` messages in an outcome.
    pub fn messages(&self, outcome: Outcome, n: u64) {
        self.messages.get_or_create(&[("outcome", outcome.name())]).inc_by(n);
    }

    /// A message left the quarantine: it moves from one outcome to the other, so that the sum stays whole. For
    /// Prometheus the lower counter looks like a restart.
    pub fn replayed(&self) {
        let quarantined = self.messages.get_or_create(&[("outcome", Outcome::Quarantined.name())]);
        quarantined.inner().fetch_sub(1, Ordering::Relaxed);
        drop(quarantined);
        self.messages(Outcome::Stored, 1);
    }

    /// Sets how many messages wait for an outcome.
    pub fn set_pending(&self, n: u64) {
        self.pending.set(n);
    }

    /// Counts `n` readings kept.
    pub fn readings(&self, n: u64) {
        self.readings.inc_by(n);
    }

    /// Sets how many readings wait for the time-series server.
    pub fn series_backlog(&self, readings: u64) {
        self.series_backlog.set(readings);
    }

    /// Counts up to `total` lines that the time-series server refused for good.
    pub fn series_refused(&self, total: u64) {
        self.series_refused.inc_by(total.saturating_sub(self.series_refused.get()));
    }

    /// Sets how many alerts are in a state.
    pub fn alerts(&self, state: AlertState, n: u64) {
        let name = match state {
            AlertState::Pending => "pending",
            AlertState::Firing => "firing",
            AlertState::Resolved => "resolved",
            AlertState::Withdrawn => "withdrawn",
        };
        self.alerts.get_or_create(&[("state", name)]).set(n);
    }

    /// Counts one attempt to hand over a mail.
    pub fn mail(&self, outcome: MailOutcome) {
        self.mails.get_or_create(&[("outcome", outcome.name())]).inc();
    }

    /// Counts a mail that may have arrived twice.
    pub fn mail_maybe_doubled(&self) {
        self.maybe_doubled.inc();
    }

    /// Records the time from a reading's arrival to its verdicts, s.
    pub fn observe_reading_to_verdict(&self, secs: f64) {
        self.to_verdict.observe(secs);
    }

    /// Records the time from a reading's arrival to the acceptance of its mail, s.
    pub fn observe_reading_to_mail(&self, secs: f64) {
        self.to_mail.observe(secs);
    }

    /// The exposition, in the text format of `OpenMetrics`.
    #[must_use]
    pub fn exposition(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a string fails only when a value cannot be formatted; a scrape then shows what there is.
            Err(_) => format!("{text}# EOF\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Samples by name with labels, and the families with their HELP and TYPE.
    fn parse(text: &str) -> (BTreeMap<String, f64>, Vec<String>) {
        let mut samples = BTreeMap::new();
        let mut families = Vec::new();
        let mut helped = String::new();
        assert!(text.ends_with("# EOF\n"));
        for line in text.lines().filter(|l| *l != "# EOF") {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a help text");
                assert!(help.len() > 5, "{name} has no help");
                name.clone_into(&mut helped);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                assert!(matches!(kind, "counter" | "gauge" | "histogram"), "{kind}");
                assert_eq!(name, helped, "HELP comes before TYPE");
                families.push(name.to_owned());
            } else {
                let (name, value) = line.rsplit_once(' ').expect("a sample");
                let family = families.last().expect("a family before its samples");
                assert!(name.starts_with(family.as_str()), "{name} outside {family}");
                assert!(
                    samples.insert(name.to_owned(), value.parse().expect("a number")).is_none(),
                    "{name} twice"
                );
            }
        }
        (samples, families)
    }

    #[test]
    fn every_promised_name_is_exposed_from_the_start_with_total_once() {
        let (samples, families) = parse(&Metrics::new().exposition());
        assert_eq!(families.len(), 29);
        for name in [
            "normwatch_diagnoses_total{outcome=\"sent\"}",
            "normwatch_diagnoses_total{outcome=\"dropped\"}",
            "normwatch_diagnoses_waiting",
            "normwatch_messages_received_total",
            "normwatch_messages_total{outcome=\"stored\"}",
            "normwatch_messages_total{outcome=\"duplicate\"}",
            "normwatch_messages_total{outcome=\"ignored\"}",
            "normwatch_messages_total{outcome=\"quarantined\"}",
            "normwatch_messages_total{outcome=\"rejected\"}",
            "normwatch_messages_pending",
            "normwatch_readings_total",
            "normwatch_spool_bytes",
            "normwatch_disk_refusing",
            "normwatch_series_given_up_entries_total",
            "normwatch_spool_lost_entries_total",
            "normwatch_series_backlog_readings",
            "normwatch_series_refused_total",
            "normwatch_alerts{state=\"firing\"}",
            "normwatch_mails_total{outcome=\"sent\"}",
            "normwatch_mail_maybe_doubled_total",
            "normwatch_reload_total{outcome=\"refused\"}",
            "normwatch_reload_last_successful",
            "normwatch_late_readings_total{outcome=\"reopened\"}",
            "normwatch_readings_marked_total{mark=\"retained\"}",
            "normwatch_readings_timed_total{clock=\"device\"}",
            "normwatch_reading_to_verdict_seconds_count",
            "normwatch_reading_to_mail_seconds_bucket{le=\"2.0\"}",
        ] {
            assert!(samples.contains_key(name), "{name} missing in {samples:#?}");
        }
        assert!(!samples.keys().any(|name| name.contains("_total_total")));
    }

    #[test]
    fn what_is_counted_is_exposed() {
        let metrics = Metrics::new();
        metrics.message_received();
        metrics.messages(Outcome::Stored, 3);
        metrics.alerts(AlertState::Firing, 2);
        metrics.mail(MailOutcome::Sent);
        metrics.observe_reading_to_verdict(0.2);
        let (samples, _) = parse(&metrics.exposition());
        let is = |name: &str, want: f64| (samples[name] - want).abs() < 1e-9;
        assert!(is("normwatch_messages_received_total", 1.0));
        assert!(is("normwatch_messages_total{outcome=\"stored\"}", 3.0));
        assert!(is("normwatch_alerts{state=\"firing\"}", 2.0));
        assert!(is("normwatch_mails_total{outcome=\"sent\"}", 1.0));
        assert!(is("normwatch_reading_to_verdict_seconds_bucket{le=\"0.25\"}", 1.0));
        assert!(is("normwatch_reading_to_verdict_seconds_bucket{le=\"0.1\"}", 0.0));
    }
}
