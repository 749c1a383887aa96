//! What an answer of the time-series server means.

use std::time::Duration;

use jiff::fmt::rfc2822;
use serde::Deserialize;

/// What a server says that it refused of a body whose other lines it stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    /// Lines that it names, by number in the body from 0, each with its reason.
    pub lines: Vec<(usize, String)>,
    /// How many more it dropped without naming them.
    pub unnamed: usize,
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
    #[error("server refused the lines: {0}")]
    Refused(String),
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
        /// For how long, where the server says so (Retry-After).
        wait: Option<Duration>,
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

/// Longest server text that is kept.
pub(super) const MOST_TEXT: usize = 500;

/// What a status and its text mean for a body.
pub(super) fn refusal(status: u16, text: &str, lines: &str) -> WriteError {
    let words: String = text.trim().chars().take(MOST_TEXT).collect();
    match status {
        400 | 422 if text.contains("partial write") => WriteError::Partial(refused(text, lines)),
        400 | 422 => WriteError::Refused(words),
        413 => WriteError::TooLarge,
        429 | 503 => WriteError::Busy { status, text: words, wait: None },
        408 => WriteError::Unreachable { text: words, is_down: false },
        300..=499 => WriteError::Configuration { status, text: words },
        _ => WriteError::Server { status, text: words },
    }
}

/// The answer of InfluxDB 1 and 2 to a partial write.
#[derive(Deserialize)]
struct Spoken {
    #[serde(alias = "message")]
    error: Option<String>,
    /// InfluxDB 3 names each line.
    #[serde(default)]
    data: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    line_number: usize,
    error_message: String,
}

/// The lines that a partial write refused: named by number (InfluxDB 3) or by quoting them (1 and 2), else counted.
fn refused(text: &str, lines: &str) -> Refused {
    let spoken: Option<Spoken> = serde_json::from_str(text).ok();
    let said = spoken.as_ref().and_then(|spoken| spoken.error.as_deref()).unwrap_or(text);
    let mut named: Vec<(usize, String)> = spoken
        .iter()
        .flat_map(|spoken| &spoken.data)
        .filter_map(|named| Some((named.line_number.checked_sub(1)?, named.error_message.clone())))
        .collect();
    // A quote ends where its line ends, not at the next quotation mark.
    for part in said.split("unable to parse '").skip(1) {
        let found = lines.lines().position(|line| !line.is_empty() && part.starts_with(line));
        let Some(line) = found else { continue };
        let rest = lines.lines().nth(line).and_then(|line| part.strip_prefix(line)).unwrap_or_default();
        let reason = rest.trim_start_matches("':").lines().next().unwrap_or_default();
        let reason = reason.split(" dropped=").next().unwrap_or_default().trim();
        named.push((line, reason.to_owned()));
    }
    let dropped = said.rsplit_once("dropped=").map(|(_, digits)| digits);
    let dropped = dropped.and_then(|digits| digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    // What cannot be parsed is not in the server's own count of what it dropped.
    let unnamed = dropped.unwrap_or(usize::from(named.is_empty()));
    let unnamed = if named.is_empty() { unnamed.max(1) } else { unnamed };
    Refused { lines: named, unnamed, text: said.trim().chars().take(MOST_TEXT).collect() }
}

/// The wait that a Retry-After header asks for: seconds, or a date, compared with the answer's own date.
pub(super) fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let seconds = |text: &str| Some(rfc2822::parse(text.trim()).ok()?.timestamp().as_second());
    let wait = seconds(value)?.checked_sub(seconds(date?)?)?;
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
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
    fn the_lines_to_blame_are_found_by_their_text_or_their_number_and_others_are_counted() {
        let lines = "a v=1 1\nb,t=\"q\" v=x 2\nc v=y 3\n";
        let quoted = r#"{"error":"partial write: unable to parse 'b,t=\"q\" v=x 2': invalid number\nunable to parse 'c v=y 3': bad value dropped=0"}"#;
        let found = refused(quoted, lines);
        assert_eq!(found.lines, [(1, "invalid number".to_owned()), (2, "bad value".to_owned())]);
        assert_eq!(found.unnamed, 0);
        let numbered = r#"{"error":"partial write of line protocol occurred","data":[{"error_message":"x","line_number":2,"original_line":"b"}]}"#;
        let found = refused(numbered, lines);
        assert_eq!((found.lines, found.unnamed), (vec![(1, "x".to_owned())], 0));
        let counted =
            refused(r#"{"error":"partial write: points beyond retention policy dropped=2"}"#, lines);
        assert_eq!((counted.lines.len(), counted.unnamed), (0, 2));
        assert_eq!(refused("partial write: who knows", lines).unnamed, 1);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_nonsense_is_none() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after("120", None), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:51:07 GMT", date), Some(Duration::from_secs(90)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:51:07 GMT", None), None);
        assert_eq!(retry_after("soon", date), None);
    }
}
