//! Lists of the API: sorted by a key, cut by `limit`, continued after a cursor.
//!
//! A cursor is the key of the last item shown, so that a list which grows or shrinks in between
//! neither repeats nor skips what stayed.

use axum::{Json, response::IntoResponse};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use super::error::ApiError;

/// Items of a page when the caller asks for no number.
const DEFAULT_LIMIT: usize = 100;
/// Most items of a page.
const MAX_LIMIT: usize = 1000;

/// `{"items": [...], "next": cursor or null}`.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    /// The items, in the order of their keys.
    pub(super) items: Vec<T>,
    /// Where to go on; `None` at the end.
    pub(super) next: Option<String>,
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> axum::response::Response {
        Json(self).into_response()
    }
}

/// Cuts keyed items to one page. Keys must be unique; items need not come sorted.
///
/// # Errors
/// Returns [`ApiError::BadRequest`] for a limit outside 1 to 1000 or a cursor that is none of ours.
pub(super) fn cut<T>(
    items: impl IntoIterator<Item = (String, T)>,
    limit: Option<usize>,
    cursor: Option<&str>,
) -> Result<List<T>, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit must be 1 to {MAX_LIMIT}")));
    }
    let after = cursor.map(decode).transpose()?;
    let mut kept: Vec<(String, T)> =
        items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).collect();
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    let has_more = kept.len() > limit;
    kept.truncate(limit);
    let next = kept.last().filter(|_| has_more).map(|(key, _)| URL_SAFE_NO_PAD.encode(key));
    Ok(List { items: kept.into_iter().map(|(_, item)| item).collect(), next })
}

fn decode(cursor: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| ApiError::BadRequest("cursor is not one that a list returned".to_owned()))
}

/// A key that sorts later instants first.
#[must_use]
pub(super) fn newest_first(at: model::Instant, id: &str) -> String {
    // Instants lie within 15 digits of 0, so the difference is never negative and has a fixed width.
    format!("{:016}/{id}", 1_000_000_000_000_000_i64.saturating_sub(at.millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(keys: &[&str]) -> Vec<(String, String)> {
        keys.iter().map(|key| ((*key).to_owned(), (*key).to_owned())).collect()
    }

    #[test]
    fn pages_join_to_the_whole_list_even_when_an_item_goes_in_between() {
        let first = cut(keyed(&["c", "a", "b", "d"]), Some(2), None).unwrap();
        assert_eq!(first.items, ["a", "b"]);
        let second = cut(keyed(&["c", "a", "d"]), Some(2), first.next.as_deref()).unwrap();
        assert_eq!(second.items, ["c", "d"]);
        assert_eq!(second.next, None);
    }

    #[test]
    fn a_limit_outside_the_range_or_a_foreign_cursor_is_refused() {
        for limit in [0, 1001] {
            assert!(matches!(cut(keyed(&["a"]), Some(limit), None), Err(ApiError::BadRequest(_))));
        }
        assert!(matches!(cut(keyed(&["a"]), None, Some("!")), Err(ApiError::BadRequest(_))));
    }

    #[test]
    fn the_newest_instant_sorts_first_before_and_after_the_epoch() {
        let keys = [5, 0, -5].map(|ms| newest_first(model::Instant::from_millis(ms), "x"));
        assert!(keys[0] < keys[1] && keys[1] < keys[2]);
    }
}
