//! Sizes and times of the series writer.

use std::time::Duration;

/// Sizes and times of the writer.
#[derive(Debug, Clone, Copy)]
pub struct WriterOptions {
    /// Entries of the spool read at a time.
    pub batch_entries: usize,
    /// Lines in one request.
    pub request_lines: usize,
    /// So many entries (or waiting lines) behind the newest, the newest go first and the rest beside them.
    pub most_behind: u64,
    /// How long after the server's 204 its word is trusted.
    pub settle_after: Duration,
    /// First wait after a failure; waits double from here.
    pub retry_floor: Duration,
    /// Longest wait while the server does not answer or fails.
    pub retry_cap: Duration,
    /// First wait after 429 or 503 that do not say for how long (Retry-After).
    pub busy_floor: Duration,
    /// Longest wait that a busy server may ask for.
    pub most_wait: Duration,
    /// Wait after a refusal that only a changed configuration can mend.
    pub configuration_wait: Duration,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            batch_entries: 2_000,
            request_lines: 5_000,
            most_behind: 10_000,
            settle_after: Duration::from_secs(60),
            retry_floor: Duration::from_millis(500),
            retry_cap: Duration::from_secs(15),
            busy_floor: Duration::from_secs(5),
            most_wait: Duration::from_secs(600),
            configuration_wait: Duration::from_secs(30),
        }
    }
}
