//! The write call of InfluxDB's v2 API: the only file that names the client crate.
//!
//! The crate sends one request and says status and text. What that means is told in `answer.rs`;
//! when to try again is the writer's business.

use std::{fmt, io::Write, time::Duration};

use flate2::{Compression, write::GzEncoder};
use influxdb2::{Client, ClientBuilder, RequestError, api::write::TimestampPrecision};
use reqwest::{StatusCode, Url, header};

use super::answer::{MOST_TEXT, WriteError, refusal, retry_after};
use crate::disk::in_words;

/// Where and as whom to write.
#[derive(Clone)]
pub struct InfluxConfig {
    /// Base address, such as `http://localhost:8086`; a path in it is not used.
    pub url: String,
    /// Organisation.
    pub org: String,
    /// Bucket; for InfluxDB 1 and 3 the database.
    pub bucket: String,
    /// Token; empty for none.
    pub token: String,
    /// How long one request may take.
    pub timeout: Duration,
}

impl fmt::Debug for InfluxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, org, bucket, timeout, .. } = self;
        write!(f, "InfluxConfig {{ url: {url:?}, org: {org:?}, bucket: {bucket:?}, timeout: {timeout:?} }}")
    }
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is no URL.
    #[error("`{0}` is not an address: write http://host:port")]
    Address(String),
    /// The HTTP client could not be built.
    #[error("cannot build the HTTP client: {0}")]
    Client(String),
}

/// A connection to one bucket.
#[derive(Debug, Clone)]
pub struct Influx {
    client: Client,
    /// Asks a busy server itself: the crate hides the headers of an answer.
    direct: reqwest::Client,
    write_url: Url,
    config: InfluxConfig,
}

impl Influx {
    /// Prepares a client; nothing is sent.
    ///
    /// # Errors
    /// When the address is no HTTP URL or the client cannot be built.
    pub fn new(config: &InfluxConfig) -> Result<Self, ConnectError> {
        // The crate panics at an address that is no URL.
        let url = Url::parse(&config.url).ok().filter(|url| url.has_host());
        let url = url.ok_or_else(|| ConnectError::Address(config.url.clone()))?;
        let http = || {
            let mut headers = header::HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
            reqwest::Client::builder()
                .default_headers(headers)
                .timeout(config.timeout)
                .connect_timeout(config.timeout)
                .redirect(reqwest::redirect::Policy::none())
        };
        let mut write_url = url.clone();
        write_url.set_path("/api/v2/write");
        let client = ClientBuilder::with_builder(http(), url, &config.org, &config.token)
            .build()
            .map_err(|error| ConnectError::Client(error.to_string()))?;
        let direct = http().build().map_err(|error| ConnectError::Client(error.to_string()))?;
        Ok(Self { client, direct, write_url, config: config.clone() })
    }

    /// Writes lines whose times are milliseconds, in one request; when the server is busy, in a second one that
    /// hears for how long.
    ///
    /// # Errors
    /// [`WriteError`] says what to do.
    pub async fn write(&self, lines: &str) -> Result<(), WriteError> {
        let body = gzip(lines).map_err(|error| unreachable(error.to_string(), false))?;
        let precision = TimestampPrecision::Milliseconds;
        let InfluxConfig { org, bucket, .. } = &self.config;
        match self.client.write_line_protocol_with_precision(org, bucket, body, precision).await {
            Ok(()) => Ok(()),
            Err(RequestError::Http { status, .. }) if is_busy(status) => self.write_to_busy(lines).await,
            Err(RequestError::Http { status, text }) => Err(refusal(status.as_u16(), &text, lines)),
            Err(RequestError::ReqwestProcessing { source }) => Err(broken(&source)),
            Err(error) => Err(unreachable(chain(&error), false)),
        }
    }

    /// The same request without the crate, to a server that was busy: its answer says when to come again.
    ///
    /// # Errors
    /// [`WriteError`] says what to do.
    pub async fn write_to_busy(&self, lines: &str) -> Result<(), WriteError> {
        let body = gzip(lines).map_err(|error| unreachable(error.to_string(), false))?;
        let InfluxConfig { org, bucket, token, .. } = &self.config;
        let query = [("bucket", bucket.as_str()), ("org", org), ("precision", "ms")];
        let mut request = self.direct.post(self.write_url.clone()).query(&query).body(body);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Token {token}"));
        }
        let answer = request.send().await.map_err(|error| broken(&error))?;
        let status = answer.status();
        if status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = text(header::RETRY_AFTER).and_then(|after| retry_after(after, text(header::DATE)));
        let words = answer.text().await.map_err(|error| broken(&error))?;
        match refusal(status.as_u16(), &words, lines) {
            WriteError::Busy { status, text, .. } => Err(WriteError::Busy { status, text, wait }),
            other => Err(other),
        }
    }
}

fn is_busy(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

fn broken(error: &reqwest::Error) -> WriteError {
    unreachable(chain(error), error.is_connect() || !error.is_timeout())
}

fn unreachable(text: String, is_down: bool) -> WriteError {
    WriteError::Unreachable { text, is_down }
}

fn gzip(lines: &str) -> Result<Vec<u8>, std::io::Error> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(lines.len() / 6), Compression::fast());
    encoder.write_all(lines.as_bytes())?;
    encoder.finish()
}

/// An error and its causes in one line, of bearable length.
fn chain(error: &dyn std::error::Error) -> String {
    in_words(error).chars().take(MOST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_address_is_an_error_and_no_panic() {
        let config = |url: &str| InfluxConfig {
            url: url.to_owned(),
            org: "o".to_owned(),
            bucket: "b".to_owned(),
            token: "secret".to_owned(),
            timeout: Duration::from_secs(1),
        };
        for url in ["", "localhost", "/x", "http://"] {
            assert!(Influx::new(&config(url)).is_err(), "{url}");
        }
        assert!(Influx::new(&config("http://127.0.0.1:1")).is_ok());
        assert!(!format!("{:?}", config("http://h")).contains("secret"));
    }
}
