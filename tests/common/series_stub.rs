//! A stand-in for `/api/v2/write` that answers as told and keeps the lines that it takes.

use std::{
    collections::VecDeque,
    io::Read,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use flate2::read::GzDecoder;

/// One answer, given to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub text: &'static str,
    /// Seconds for the header Retry-After.
    pub retry_after: Option<u32>,
}

/// What the stub saw and took.
#[derive(Debug, Default)]
pub struct Seen {
    /// Answers still to give; with none left, 204 (or the rule below).
    pub answers: VecDeque<Answer>,
    /// A request with a line that contains this text is refused whole with 400.
    pub poison: Option<&'static str>,
    /// A request with more lines is refused with 413.
    pub most_lines: Option<usize>,
    /// Lines that contain this text are dropped, the others stored: a partial write that only counts.
    pub drops: Option<&'static str>,
    /// Lines taken, in order.
    pub lines: Vec<String>,
    /// Status of every answer, in order.
    pub statuses: Vec<u16>,
    /// When each request came.
    pub times: Vec<tokio::time::Instant>,
    /// Query and authorisation of the newest request.
    pub newest: (Vec<(String, String)>, String),
}

/// A running stub.
#[derive(Debug)]
pub struct SeriesStub {
    pub seen: Arc<Mutex<Seen>>,
    url: String,
    task: tokio::task::JoinHandle<()>,
}

impl SeriesStub {
    /// Starts a stub on a free port.
    pub async fn start(seen: Seen) -> Self {
        let seen = Arc::new(Mutex::new(seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/api/v2/write", post(write)).with_state(Arc::clone(&seen));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { seen, url, task }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn statuses(&self) -> Vec<u16> {
        self.seen.lock().unwrap().statuses.clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().lines.clone()
    }
}

impl Drop for SeriesStub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn write(
    State(seen): State<Arc<Mutex<Seen>>>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
    let mut text = String::new();
    GzDecoder::new(body.as_ref()).read_to_string(&mut text).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut seen = seen.lock().unwrap();
    let token = headers.get(header::AUTHORIZATION).map_or("", |value| value.to_str().unwrap());
    seen.newest = (query, token.to_owned());
    seen.times.push(tokio::time::Instant::now());
    let answer = seen.answers.pop_front();
    if let (None, Some(text)) = (&answer, seen.drops) {
        let (bad, good): (Vec<_>, Vec<_>) = lines.iter().cloned().partition(|line| line.contains(text));
        if !bad.is_empty() {
            seen.lines.extend(good);
            seen.statuses.push(400);
            let words = format!(
                "{{\"error\":\"partial write: points beyond retention policy dropped={}\"}}",
                bad.len()
            );
            return (StatusCode::BAD_REQUEST, words).into_response();
        }
    }
    let status = match &answer {
        Some(answer) => answer.status,
        None if seen.most_lines.is_some_and(|most| lines.len() > most) => 413,
        None if seen.poison.is_some_and(|poison| text.contains(poison)) => 400,
        None => 204,
    };
    let words = answer.as_ref().map_or("", |answer| answer.text);
    if status == 204 || words.contains("partial write") {
        seen.lines.extend(lines);
    }
    seen.statuses.push(status);
    let mut response = (StatusCode::from_u16(status).unwrap(), words).into_response();
    if let Some(seconds) = answer.and_then(|answer| answer.retry_after) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
