//! Places with their newest data.

use axum::{
    Json,
    extract::Path,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    view::{PlaceView, Presence},
    web::{
        desk::Desk,
        error::{ApiError, ApiQuery},
        list::{List, cut},
        presence::presence,
    },
};

/// What a caller may ask of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A place with its occupancy.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    #[serde(flatten)]
    place: PlaceView,
    presence: Presence,
}

fn item(desk: &Desk, snapshot: &crate::view::Snapshot, place: &PlaceView) -> Item {
    let presence = presence(snapshot, desk.register(), place, Desk::now(snapshot));
    Item { place: place.clone(), presence }
}

/// `GET /places`, by id.
pub(super) async fn list(desk: Desk, ApiQuery(ask): ApiQuery<Ask>) -> Result<List<Item>, ApiError> {
    let snapshot = desk.snapshot();
    let keyed = snapshot.places.iter().map(|(id, place)| (id.to_string(), place));
    let page = cut(keyed, ask.limit, ask.cursor.as_deref())?;
    let items = page.items.into_iter().map(|place| item(&desk, &snapshot, place)).collect();
    Ok(List { items, next: page.next })
}

/// `GET /places/{id}`.
pub(super) async fn one(desk: Desk, Path(id): Path<String>) -> Result<Response, ApiError> {
    let snapshot = desk.snapshot();
    let place = snapshot.places.get(id.as_str()).ok_or_else(|| ApiError::not_found("place", &id))?;
    Ok(Json(item(&desk, &snapshot, place)).into_response())
}
