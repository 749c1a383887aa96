//! Live refresh: one event when there is something newer to show, never the data itself.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::desk::Desk;
use crate::view::Snapshot;

/// Shortest time between two events of one page. The demo's fast days would otherwise reload it without end.
const PACE: Duration = Duration::from_secs(5);

/// `GET /live`: an event `snapshot` with the event time whenever there is a newer state.
pub(super) async fn live(desk: Desk) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stream = stream::unfold((desk.watch(), None), next);
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// The receiver, and what was told last and when.
type Watched = (watch::Receiver<Arc<Snapshot>>, Option<(Arc<Snapshot>, Instant)>);

async fn next((mut receiver, last): Watched) -> Option<(Result<Event, Infallible>, Watched)> {
    if let Some((_, at)) = &last {
        // Waits for the pace alone, but ends at once with the pipeline, so that a stop is quick.
        let ended = timeout_at(*at + PACE, receiver.wait_for(|_| false)).await;
        if ended.is_ok() {
            return None;
        }
    }
    let is_new = |new: &Arc<Snapshot>| last.as_ref().is_none_or(|(old, _)| !Arc::ptr_eq(old, new));
    let newest = Arc::clone(&*receiver.wait_for(is_new).await.ok()?);
    let data = newest.event_time.map_or_else(|| "null".to_owned(), |time| time.to_string());
    let event = Event::default().event("snapshot").data(data);
    Some((Ok(event), (receiver, Some((newest, Instant::now())))))
}
