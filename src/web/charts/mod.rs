//! `GET /charts/{place}/{quantity}.svg`: the curves of a place against their limits; and of one device,
//! `GET /charts/device/{sensor}/{quantity}.svg`.
//!
//! Text in a chart is digits, units and ids only, so that no font is needed; the words stand
//! around it in the page.

mod axis;
mod curve;
mod draw;
pub(super) mod limits;

use std::sync::Arc;

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use model::{Instant, PlaceKind, Quantity, Series, Span};
use serde::Deserialize;

use self::{
    curve::{Curve, band, gather},
    draw::{Drawing, LimitLine, svg},
};
use super::{
    desk::Desk,
    error::{ApiError, ApiQuery},
    format,
    sources::ChartSource,
};
use crate::view::{Latest, PlaceView};

/// Longest span of a chart, ms (13 months).
const MAX_SPAN_MS: i64 = 400 * 86_400_000;
/// Span when the caller names none, ms.
const DEFAULT_SPAN_MS: i64 = 86_400_000;
/// Most curves in one chart; more would be unreadable.
const MAX_CURVES: usize = 6;

/// What a caller may ask: RFC 3339 instants, and a narrow picture for phones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    narrow: Option<u8>,
}

/// Answers with an SVG picture.
pub(super) async fn chart(
    desk: Desk,
    Path((place, file)): Path<(String, String)>,
    ApiQuery(ask): ApiQuery<Ask>,
) -> Result<Response, ApiError> {
    let snapshot = desk.snapshot();
    let view = snapshot.places.get(place.as_str()).ok_or_else(|| ApiError::not_found("place", &place))?;
    let quantity = file.strip_suffix(".svg").and_then(Quantity::parse);
    let quantity = quantity.ok_or_else(|| ApiError::not_found("chart", &file))?;
    let span = span(&ask, snapshot.event_time.unwrap_or_else(|| Desk::now(&snapshot)))?;
    let series = series_of(view, &[quantity]);
    if series.is_empty() {
        return Err(ApiError::not_found("series", format!("{place}/{}", quantity.name())));
    }
    let limits = limits::limits_of(&desk, &snapshot, &view.place, quantity, Desk::now(&snapshot));
    let limits = limits.into_iter().map(|line| LimitLine {
        value: line.value,
        label: format!(
            "{} {}",
            if line.is_minimum { "≥" } else { "≤" },
            format::value(line.value, &line.clause.limit.unit)
        ),
    });
    let job = Job {
        quantity,
        span,
        series,
        presence: presence_series(view),
        limits: limits.collect(),
        is_narrow: ask.narrow == Some(1),
        desk: desk.clone(),
    };
    drawn(job).await
}

/// Answers with a picture of what one device said, whatever limits its place has.
pub(super) async fn device_chart(
    desk: Desk,
    Path((sensor, file)): Path<(String, String)>,
    ApiQuery(ask): ApiQuery<Ask>,
) -> Result<Response, ApiError> {
    let snapshot = desk.snapshot();
    let quantity = file.strip_suffix(".svg").and_then(Quantity::parse);
    let quantity = quantity.ok_or_else(|| ApiError::not_found("chart", &file))?;
    let span = span(&ask, snapshot.event_time.unwrap_or_else(|| Desk::now(&snapshot)))?;
    let latest = snapshot.places.values().flat_map(|view| &view.latest);
    let series = series_in(latest.filter(|reading| reading.sensor.as_str() == sensor), &[quantity]);
    if series.is_empty() {
        return Err(ApiError::not_found("series", format!("{sensor}/{}", quantity.name())));
    }
    let is_narrow = ask.narrow == Some(1);
    let (presence, limits) = (Vec::new(), Vec::new());
    drawn(Job { quantity, span, series, presence, limits, is_narrow, desk: desk.clone() }).await
}

/// The history reads files: not on a thread that serves requests.
async fn drawn(job: Job) -> Result<Response, ApiError> {
    let drawn = tokio::task::spawn_blocking(move || job.run()).await;
    let svg = drawn.map_err(|e| ApiError::Internal(e.to_string()))?.map_err(ApiError::Internal)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

fn span(ask: &Ask, newest: Instant) -> Result<Span, ApiError> {
    let parse = |text: &Option<String>| {
        text.as_deref().map(Instant::parse).transpose().map_err(|e| ApiError::BadRequest(e.to_string()))
    };
    let to = parse(&ask.to)?.unwrap_or(newest);
    let from = parse(&ask.from)?.unwrap_or(to.plus_ms(-DEFAULT_SPAN_MS));
    let span = Span::new(from, to);
    if span.is_empty() || span.millis() > MAX_SPAN_MS {
        return Err(ApiError::BadRequest("from must lie before to, by 400 days at most".to_owned()));
    }
    Ok(span)
}

fn series_of(place: &PlaceView, quantities: &[Quantity]) -> Vec<Series> {
    series_in(place.latest.iter(), quantities)
}

fn series_in<'a>(latest: impl Iterator<Item = &'a Latest>, quantities: &[Quantity]) -> Vec<Series> {
    let mut series: Vec<Series> = latest
        .filter(|reading| quantities.contains(&reading.quantity))
        .map(|r| Series { sensor: r.sensor.clone(), quantity: r.quantity, channel: r.channel.clone() })
        .collect();
    series.sort();
    series.dedup();
    series.truncate(MAX_CURVES);
    series
}

/// The series that say whether a room is occupied: of the best class that it has.
fn presence_series(place: &PlaceView) -> Vec<Series> {
    if place.kind != PlaceKind::Room {
        return Vec::new();
    }
    let classes = [Quantity::PeopleCount, Quantity::Occupied, Quantity::Motion];
    classes.into_iter().map(|q| series_of(place, &[q])).find(|found| !found.is_empty()).unwrap_or_default()
}

struct Job {
    desk: Desk,
    quantity: Quantity,
    span: Span,
    series: Vec<Series>,
    presence: Vec<Series>,
    limits: Vec<LimitLine>,
    is_narrow: bool,
}

impl Job {
    fn run(self) -> Result<String, String> {
        let source: Arc<dyn ChartSource> = self.desk.charts();
        let register = self.desk.register();
        let curve = |series: &Series| gather(&*source, register, series, self.span);
        let curves = self.series.iter().map(curve).collect::<Result<Vec<Curve>, String>>()?;
        let presence = self.presence.iter().map(curve).collect::<Result<Vec<Curve>, String>>()?;
        let drawing = Drawing {
            quantity: self.quantity,
            span: self.span,
            zone: register.calendar.zone.clone(),
            curves,
            limits: self.limits,
            band: band(&presence),
            is_narrow: self.is_narrow,
        };
        svg(&drawing)
    }
}
