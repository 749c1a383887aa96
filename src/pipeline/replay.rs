//! Messages of the quarantine go through the intake again, after a new route, profile or release.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{Hearing, Letterbox, Post, PostError, Posted};
use crate::{
    metrics::Metrics,
    spool::{Outcome, Quarantined, Spool, SpoolError, SpoolReader},
};

/// Messages on their way at once: fewer than the letterbox holds, so that programs find room beside them.
const AT_ONCE: usize = 32;

/// Which messages to try again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// These numbers; none of them means every message.
    #[serde(default)]
    pub ids: Vec<u64>,
    /// Only those with this class of error.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// Messages that left the quarantine: their readings are durable.
    pub stored: u64,
    /// Readings of those.
    pub readings: u64,
    /// Messages that stay, by what is still wrong with them.
    pub kept: BTreeMap<String, u64>,
    /// Asked for and not there: replayed before, or dropped to keep the quarantine within its bytes.
    pub missing: u64,
}

/// Why not all were tried.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The quarantine cannot be read.
    #[error("the quarantine cannot be read")]
    Spool(#[from] SpoolError),
    /// The intake takes no more.
    #[error(transparent)]
    Post(#[from] PostError),
}

impl Again {
    fn takes(&self, held: &Quarantined) -> bool {
        (self.ids.is_empty() || self.ids.contains(&held.id))
            && self.reason.as_ref().is_none_or(|reason| held.refusal.kind == *reason)
    }
}

/// Sends what the quarantine holds now through the intake, oldest first. Each message leaves only when its
/// readings are durable; what fails again stays as it is.
///
/// # Errors
/// [`ReplayError`]; what had been stored until then has left.
pub async fn replay(
    letterbox: &Letterbox,
    reader: &SpoolReader,
    again: &Again,
) -> Result<Replayed, ReplayError> {
    let mut done = Replayed::default();
    let end = reader.call(SpoolReader::newest_quarantined).await?;
    let (mut after, mut found) = (0, 0);
    loop {
        let held = reader.call(move |reader| reader.quarantined(after, AT_ONCE)).await?;
        let Some(last) = held.last().map(|held| held.id).filter(|_| after < end) else { break };
        after = last;
        let asked: Vec<Quarantined> =
            held.into_iter().filter(|held| held.id <= end && again.takes(held)).collect();
        found += asked.len() as u64;
        for posted in join_all(asked.into_iter().map(|held| letterbox.replay(held))).await {
            done.count(posted?);
        }
    }
    done.missing += (again.ids.len() as u64).saturating_sub(found);
    Ok(done)
}

impl Replayed {
    fn count(&mut self, posted: Posted) {
        match posted.outcome {
            Outcome::Stored => {
                self.stored += 1;
                self.readings += posted.readings as u64;
            }
            // Somebody else replayed it in between.
            Outcome::Duplicate => self.missing += 1,
            outcome @ (Outcome::Ignored | Outcome::Quarantined | Outcome::Rejected) => {
                let why = posted.error.map_or_else(|| outcome.name().to_owned(), |error| error.kind);
                *self.kept.entry(why).or_default() += 1;
            }
        }
    }
}

/// An intake without a broker, while the service does not run: until every letterbox is gone.
///
/// # Errors
/// [`SpoolError`] when the disk refuses.
pub async fn take_posts(
    mut hearing: Hearing,
    spool: &Spool,
    mut posts: mpsc::Receiver<Post>,
) -> Result<(), SpoolError> {
    let metrics = Metrics::new();
    while let Some(post) = posts.recv().await {
        let mut items = Vec::new();
        let read = hearing.read_posts(vec![post], &metrics, &mut items);
        for ((post, readings, error), receipt) in read.into_iter().zip(spool.submit(items).await?.await?) {
            let outcome = receipt.outcome.unwrap_or(Outcome::Ignored);
            post.answer(Posted { outcome, readings, error });
        }
    }
    Ok(())
}
