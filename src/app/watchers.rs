//! Small tasks that look after others: the broker's link, and the length of the history.

use std::{sync::Arc, time::Duration};

use ingest::mqtt::Monitor;
use model::Instant;
use tokio::sync::watch;

use super::Site;
use crate::{pipeline::TICK_LAG_MS, view::Snapshot};

/// A connection must have stood this long, with nothing waiting, before silence means anything.
const SETTLED_CONNECTION: Duration = Duration::from_secs(10);
/// Event time this far behind the wall clock is not live, ms; ticks alone leave it `TICK_LAG_MS` behind.
const FAR_BEHIND_MS: i64 = 2 * TICK_LAG_MS;
/// How often the history lets go what it need not keep.
const PRUNE_EVERY: Duration = Duration::from_secs(24 * 3600);
/// How long after the start it does so first.
const PRUNE_FIRST: Duration = Duration::from_secs(60);

/// Follows the broker's link. While we are connected, caught up and allowed to tick, the result says
/// since when we have listened without a break.
///
/// An empty queue alone does not say that we have caught up: we may be as fast as the broker hands over
/// what it kept. Then what arrives is old, and event time moves on with it.
pub(super) fn broker(
    site: &mut Site<'_>,
    monitor: Monitor,
    allowed: watch::Receiver<bool>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
) -> watch::Receiver<Option<Instant>> {
    let (listening, watched) = watch::channel(None);
    let (links, clock, mut stop) = (site.links.clone(), site.clock.clone(), site.stopping_late.clone());
    site.late.push(tokio::spawn(async move {
        let mut quiet_since: Option<tokio::time::Instant> = None;
        let mut reached = None;
        let mut since = None;
        let (mut pace, mut is_trusted) = (clock.pace(), true);
        loop {
            let step_ms = pace.step_ms(&clock);
            if step_ms != 0 {
                tracing::warn!(step_ms, "the clock was set: event time follows it when sensors confirm it");
                (quiet_since, since, is_trusted) = (None, None, false);
            }
            let (link, waiting) = monitor.link();
            // Before it holds our subscription, a broker keeps nothing for us.
            links.set("mqtt", Some(link.is_subscribed), link.error, waiting as u64);
            let before = std::mem::replace(&mut reached, snapshots.borrow().event_time);
            let is_backlog = is_backlog(before, reached, clock.now());
            is_trusted |= is_near(reached, clock.now());
            quiet_since = (link.is_subscribed && waiting == 0 && !is_backlog && is_trusted)
                .then(|| quiet_since.unwrap_or_else(tokio::time::Instant::now));
            let is_quiet = quiet_since.is_some_and(|since| since.elapsed() >= SETTLED_CONNECTION);
            // A queue that fills for a while is no break: what waits in it was heard.
            since = if !link.is_subscribed {
                None
            } else if is_quiet {
                since.or_else(|| Some(clock.now()))
            } else {
                since
            };
            listening.send_replace(since.filter(|_| is_quiet && *allowed.borrow()));
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
    }));
    watched
}

/// Whether event time moves on far behind wall time: messages of an outage are still on their way.
fn is_backlog(before: Option<Instant>, reached: Option<Instant>, now: Instant) -> bool {
    reached > before && reached.is_some_and(|reached| now.since(reached) > FAR_BEHIND_MS)
}

/// Whether the newest readings are of about now. A clock that was set must not take event time with it on its own
/// word: event time never goes back, and everything behind it is late.
fn is_near(reached: Option<Instant>, now: Instant) -> bool {
    reached.is_some_and(|reached| now.since(reached).abs() <= FAR_BEHIND_MS)
}

/// Lets the history forget what is older than it has to reach, a while after the start and then daily.
pub(super) fn pruner(site: &mut Site<'_>, snapshots: watch::Receiver<Arc<Snapshot>>) {
    let (history, state, clock) =
        (site.stores.history.clone(), site.stores.state.clone(), site.clock.clone());
    let raw_ms = i64::from(site.config.history.raw_days) * 86_400_000;
    let mut stop = site.stopping_late.clone();
    site.late.push(tokio::spawn(async move {
        let mut pause = PRUNE_FIRST;
        loop {
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                () = tokio::time::sleep(pause) => {}
            }
            pause = PRUNE_EVERY;
            // Not ahead of event time: what waits in the spool may still ask for what is old by the wall clock.
            let now = snapshots.borrow().event_time.map_or(clock.now(), |event| event.min(clock.now()));
            if let Err(error) = state.call(move |state| state.prune_verdicts(now.plus_ms(-raw_ms))).await {
                tracing::error!(%error, "old verdicts cannot be let go");
            }
            match history.call(move |history| history.prune(now)).await {
                Ok(pruned) => tracing::info!(hours = pruned.hours, days = pruned.days, "history pruned"),
                Err(error) => tracing::error!(%error, "the history cannot be pruned"),
            }
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_messages_that_still_come_are_a_backlog_and_silence_is_none() {
        let at = |minutes: i64| Some(Instant::from_millis(minutes * 60_000));
        let now = Instant::from_millis(600 * 60_000);
        assert!(is_backlog(at(100), at(101), now));
        assert!(is_backlog(None, at(101), now));
        assert!(!is_backlog(at(101), at(101), now), "nothing comes any more");
        assert!(!is_backlog(at(597), at(598), now), "what comes is of now");
        assert!(!is_backlog(None, None, now));
        assert!(is_near(at(597), now) && is_near(at(603), now));
        assert!(!is_near(at(540), now) && !is_near(at(660), now) && !is_near(None, now));
    }
}
