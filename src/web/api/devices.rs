//! Devices, and sensors to claim.

use std::sync::Arc;

use axum::{Json, extract::Path, http::StatusCode};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::acts::ApiJson;
use crate::{
    pipeline::Claim,
    view::UnknownSensor,
    web::{
        claiming::NewClaim,
        desk::Desk,
        device::{Device, rank},
        error::{ApiError, ApiQuery},
        list::{List, cut},
    },
};

/// What a caller may ask of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    state: Option<String>,
    place: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// `GET /devices`, the worst first; `place` is where the device hangs.
pub(super) async fn list(desk: Desk, ApiQuery(ask): ApiQuery<Ask>) -> Result<List<Device>, ApiError> {
    let devices = desk.devices(&desk.snapshot()).into_iter();
    let asked = devices.filter(|device| {
        ask.state.as_ref().is_none_or(|state| device.state.name() == state)
            && ask.place.as_ref().is_none_or(|place| device.place.as_str() == place)
    });
    let keyed = asked.map(|d| (format!("{} {} {} {}", rank(&d), d.place, d.sensor, d.kind), d));
    cut(keyed, ask.limit, ask.cursor.as_deref())
}

/// What a caller may ask of unknown sensors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskUnknown {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// `GET /sensors/unknown`, by id.
pub(super) async fn unknown(
    desk: Desk,
    ApiQuery(ask): ApiQuery<AskUnknown>,
) -> Result<List<Arc<UnknownSensor>>, ApiError> {
    let snapshot = desk.snapshot();
    let keyed = snapshot.unknown_sensors.iter().map(|held| (held.sensor.to_string(), Arc::clone(held)));
    cut(keyed, ask.limit, ask.cursor.as_deref())
}

/// Body of a claim.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    place: String,
    profile: Option<String>,
    interval_s: Option<u32>,
    from: Option<Date>,
    #[serde(default)]
    note: String,
}

/// The row that was written.
#[derive(Debug, Serialize)]
pub(super) struct Claimed {
    #[serde(flatten)]
    claim: Claim,
    /// Whether the register with it is in force already.
    in_force: bool,
    /// What is left to do at the broker.
    rights: Option<&'static str>,
}

/// `POST /sensors/{id}/claim`.
pub(super) async fn claim(
    desk: Desk,
    Path(id): Path<String>,
    ApiJson(body): ApiJson<Body>,
) -> Result<(StatusCode, Json<Claimed>), ApiError> {
    let rights = desk.registry().map(|registry| registry.claims.rights());
    let Body { place, profile, interval_s, from, note } = body;
    let (claim, in_force) = desk.claim(&id, NewClaim { place, profile, interval_s, from, note }).await?;
    Ok((StatusCode::CREATED, Json(Claimed { claim, in_force, rights })))
}
