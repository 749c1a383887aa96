//! Live refresh: one event when there is something newer to show, never the data itself.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::stream::{self, Stream};
use tokio::{sync::watch, time::Instant};

use super::desk::Desk;
use crate::view::Snapshot;

/// Shortest time between two events of one page. The demo's fast days would otherwise reload it without end.
const PACE: Duration = Duration::from_secs(5);

/// `GET /live`: an event `snapshot` with the event time whenever there is a newer state.
pub(super) async fn live(State(desk): State<Desk>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut receiver = desk.watch();
    receiver.mark_changed();
    let stream = stream::unfold((receiver, None), next);
    Sse::new(stream).keep_alive(KeepAlive::default())
}

type Watched = (watch::Receiver<Arc<Snapshot>>, Option<Instant>);

async fn next((mut receiver, last): Watched) -> Option<(Result<Event, Infallible>, Watched)> {
    if let Some(last) = last {
        tokio::time::sleep_until(last + PACE).await;
    }
    // The pipeline has gone: the stream ends and the browser tries again.
    receiver.changed().await.ok()?;
    let time = receiver.borrow_and_update().event_time;
    let data = time.map_or_else(|| "null".to_owned(), |time| time.to_string());
    let event = Event::default().event("snapshot").data(data);
    Some((Ok(event), (receiver, Some(Instant::now()))))
}
