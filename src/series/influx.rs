//! The write call of InfluxDB's v2 API: the only file that names the client crate.
//!
//! The crate sends one request and says status and text. What that means (retry, settle,
//! give up) is told here; when to try again is the writer's business.

use std::{fmt, io::Write, time::Duration};

use flate2::{Compression, write::GzEncoder};
use influxdb2::{Client, ClientBuilder, RequestError, api::write::TimestampPrecision};
use reqwest::{Url, header};

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

/// What a server refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Number of the line in the body, from 0, where the server names it.
    pub line: Option<usize>,
    /// The server's words.
    pub text: String,
}

/// Why a body was not written, by what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// 400 or 422 that speaks of a partial write: the good lines are in. Do not send it again.
    #[error("server refused some lines: {}", .0.text)]
    Partial(Refused),
    /// 400 or 422 without a word of partial writes: nothing is in, some line is to blame.
    #[error("server refused the lines: {}", .0.text)]
    Refused(Refused),
    /// 413: send less at a time.
    #[error("server finds the request too large")]
    TooLarge,
    /// 401, 403, 404 and other 4xx: address, token or bucket are wrong. Keep the data.
    #[error("server says {status}, check address, org, bucket and token: {text}")]
    Configuration {
        /// HTTP status.
        status: u16,
        /// The server's words.
        text: String,
    },
    /// 429 or 503: later.
    #[error("server is busy ({status}): {text}")]
    Busy {
        /// HTTP status.
        status: u16,
        /// The server's words.
        text: String,
    },
    /// Another 5xx or an unexpected answer.
    #[error("server failed ({status}): {text}")]
    Server {
        /// HTTP status.
        status: u16,
        /// The server's words.
        text: String,
    },
    /// No answer: refused connection, timeout, broken stream.
    #[error("server does not answer: {text}")]
    Unreachable {
        /// What happened.
        text: String,
        /// Whether the server may have been restarted: a mere timeout says only that it is slow.
        is_down: bool,
    },
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

/// Longest server text that is kept.
const MOST_TEXT: usize = 500;

/// A connection to one bucket.
#[derive(Debug, Clone)]
pub struct Influx {
    client: Client,
    org: String,
    bucket: String,
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
        let mut headers = header::HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .timeout(config.timeout)
            .connect_timeout(config.timeout)
            .redirect(reqwest::redirect::Policy::none());
        let client = ClientBuilder::with_builder(http, url, &config.org, &config.token)
            .build()
            .map_err(|error| ConnectError::Client(error.to_string()))?;
        Ok(Self { client, org: config.org.clone(), bucket: config.bucket.clone() })
    }

    /// Writes lines whose times are milliseconds, in one request.
    ///
    /// # Errors
    /// [`WriteError`] says what to do.
    pub async fn write(&self, lines: &str) -> Result<(), WriteError> {
        let body = gzip(lines).map_err(|error| unreachable(error.to_string(), false))?;
        let precision = TimestampPrecision::Milliseconds;
        let sent =
            self.client.write_line_protocol_with_precision(&self.org, &self.bucket, body, precision).await;
        match sent {
            Ok(()) => Ok(()),
            Err(RequestError::Http { status, text }) => Err(refusal(status.as_u16(), &text, lines)),
            Err(RequestError::ReqwestProcessing { source }) => {
                Err(unreachable(chain(&source), source.is_connect() || !source.is_timeout()))
            }
            Err(error) => Err(unreachable(chain(&error), false)),
        }
    }
}

fn unreachable(text: String, is_down: bool) -> WriteError {
    WriteError::Unreachable { text, is_down }
}

fn gzip(lines: &str) -> Result<Vec<u8>, std::io::Error> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(lines.len() / 6), Compression::fast());
    encoder.write_all(lines.as_bytes())?;
    encoder.finish()
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = next.source();
    }
    text.chars().take(MOST_TEXT).collect()
}

fn refusal(status: u16, text: &str, lines: &str) -> WriteError {
    let words: String = text.trim().chars().take(MOST_TEXT).collect();
    match status {
        400 | 422 => {
            let refused = Refused { line: named_line(text, lines), text: words };
            if text.contains("partial write") {
                WriteError::Partial(refused)
            } else {
                WriteError::Refused(refused)
            }
        }
        413 => WriteError::TooLarge,
        429 | 503 => WriteError::Busy { status, text: words },
        408 => unreachable(words, false),
        300..=499 => WriteError::Configuration { status, text: words },
        _ => WriteError::Server { status, text: words },
    }
}

/// The line that the server's text names: by its number (InfluxDB 3) or by quoting it (InfluxDB 1 and 2).
fn named_line(text: &str, lines: &str) -> Option<usize> {
    if let Some((_, rest)) = text.split_once("\"line_number\":") {
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        return digits.parse::<usize>().ok()?.checked_sub(1);
    }
    // The quoted line stands inside JSON, whose escapes are undone for the comparison.
    let (_, rest) = text.split_once("unable to parse '")?;
    let rest = rest.replace("\\\"", "\"").replace("\\\\", "\\");
    lines.lines().position(|line| !line.is_empty() && rest.starts_with(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_says_what_to_do() {
        let kind = |status, text| refusal(status, text, "a v=1 1\nb v=x 1\n");
        let busy = |status| matches!(kind(status, ""), WriteError::Busy { .. });
        assert!(busy(429) && busy(503));
        assert!(matches!(kind(500, ""), WriteError::Server { .. }));
        assert!(
            [401, 403, 404, 405].iter().all(|s| matches!(kind(*s, ""), WriteError::Configuration { .. }))
        );
        assert_eq!(kind(413, ""), WriteError::TooLarge);
        assert!(matches!(kind(400, "nonsense"), WriteError::Refused(_)));
        assert!(matches!(kind(422, "partial write: type conflict dropped=1"), WriteError::Partial(_)));
    }

    #[test]
    fn the_line_to_blame_is_found_by_its_text_or_its_number() {
        let lines = "a v=1 1\nb,t=\"q\" v=x 2\n";
        let quoted =
            r#"{"error":"partial write: unable to parse 'b,t=\"q\" v=x 2': invalid number dropped=0"}"#;
        assert_eq!(named_line(quoted, lines), Some(1));
        assert_eq!(named_line(r#"{"data":[{"error_message":"x","line_number":2}]}"#, lines), Some(1));
        assert_eq!(named_line("partial write: points beyond retention policy", lines), None);
    }

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
