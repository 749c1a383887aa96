//! The check at the end of every fault.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    path::Path,
};

use model::{Instant, Quantity, Span};
use normwatch::history::{History, Options};

use crate::{
    common::process::until,
    load::Point,
    rig::PATIENCE,
    service::{Service, assert_balanced},
};

const OUTCOMES: [&str; 5] = ["stored", "duplicate", "ignored", "quarantined", "rejected"];

/// The ledger as /metrics shows it.
async fn of_metrics(service: &Service) -> Option<BTreeMap<String, u64>> {
    let mut ledger = BTreeMap::new();
    for outcome in OUTCOMES {
        let name = format!("normwatch_messages_total{{outcome=\"{outcome}\"}}");
        ledger.insert(outcome.to_owned(), service.metric(&name).await?);
    }
    ledger.insert("pending".to_owned(), service.metric("normwatch_messages_pending").await?);
    ledger.insert("received".to_owned(), service.metric("normwatch_messages_received_total").await?);
    Some(ledger)
}

/// Waits until nothing is pending and so many messages are stored; then the ledger adds up, /metrics and the
/// API say the same, and what is stored lies in the range (one number where nothing may come twice).
pub(crate) async fn balanced(service: &Service, stored: RangeInclusive<u64>) -> BTreeMap<String, u64> {
    let mut seen = None;
    let ledger = until("the ledger is complete", PATIENCE, async || {
        let text = service.get("/api/v1/ledger").await?;
        let api: BTreeMap<String, u64> = serde_json::from_str(&text).unwrap();
        let is_complete = api["pending"] == 0 && api["stored"] >= *stored.start();
        // Twice the same: what was on its way has arrived.
        let is_at_rest = seen.replace(api.clone()) == Some(api.clone());
        (is_complete && is_at_rest && of_metrics(service).await? == api).then_some(api)
    })
    .await;
    assert_balanced(&ledger);
    assert!(stored.contains(&ledger["stored"]), "{ledger:?}, stored should be in {stored:?}");
    ledger
}

/// Stops the service; its history then has exactly these readings of CO2, and its spool never counted more.
pub(crate) async fn holds_exactly(service: &mut Service, published: &BTreeSet<Point>) {
    service.stop().await;
    let held = held(&service.data());
    let lost: Vec<&Point> = published.difference(&held).take(3).collect();
    let strange: Vec<&Point> = held.difference(published).take(3).collect();
    let counts = (held.len(), published.len());
    assert!(lost.is_empty() && strange.is_empty(), "{counts:?}: lost {lost:?}, from nowhere {strange:?}");
}

/// The readings of CO2 that the history of a stopped service holds.
pub(crate) fn held(data: &Path) -> BTreeSet<Point> {
    let history = History::open(&data.join("history.sqlite"), Options::default()).unwrap();
    let always = Span::new(Instant::from_millis(0), Instant::from_millis(4_000_000_000_000));
    let mut held = BTreeSet::new();
    for series in history.series().into_iter().filter(|series| series.quantity == Quantity::Co2) {
        for reading in history.readings(&series, always).unwrap() {
            held.insert((series.sensor.to_string(), reading.time.millis(), reading.value.to_bits()));
        }
    }
    held
}
