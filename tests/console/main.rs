//! The console and the API, asked as a browser and a program would ask.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::panic,
    clippy::expect_used,
    reason = "the allowance for tests misses the functions beside them"
)]

#[path = "../common/mod.rs"]
mod common;

mod access;
mod api;
mod browser;
mod history;
mod office;
mod pages;
mod standards;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use normwatch::{view::Snapshot, web::router};
use tower::ServiceExt as _;

/// One answer of the router.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

async fn ask_with(snapshot: Snapshot, path: &str, headers: &[(&str, &str)]) -> Answer {
    let (_state, desk) = office::desk(snapshot);
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = router(desk).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

async fn ask(path: &str) -> Answer {
    ask_with(office::snapshot(), path, &[]).await
}
