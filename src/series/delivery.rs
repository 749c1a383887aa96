//! Delivering a batch: requests of a bearable size, waits, and the search for a line that the server refuses.

use std::ops::Range;

use tokio::sync::watch;

use super::{
    answer::{Refused, WriteError},
    influx::Influx,
    options::WriterOptions,
    status::SeriesStatus,
};
use crate::{backoff::Backoff, state::RefusedLine};

/// So many single lines refused with none accepted between: not the lines are wrong but the server's set-up.
const SUSPICIOUS: usize = 8;
/// Requests spent on finding lines that a partial write dropped without naming them, in one batch.
const MOST_SEARCHES: usize = 64;

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Lines accepted.
    pub(super) written: u64,
    /// Lines refused for good, with the server's words.
    pub(super) refused: Vec<RefusedLine>,
    /// How many lines that were: one record may stand for several.
    pub(super) refused_count: u64,
    /// Requests spent on finding lines that were not named.
    searches: usize,
}

impl Told {
    fn refuse(&mut self, line: &str, reason: &str, count: u64) {
        let (line, reason) = (line.trim_end().to_owned(), reason.to_owned());
        self.refused.push(RefusedLine { line, reason });
        self.refused_count += count;
    }
}

/// Delivers batches to one server, however long that takes.
#[derive(Debug)]
pub(super) struct Delivery {
    influx: Influx,
    options: WriterOptions,
    failing: Backoff,
    busy: Backoff,
    is_told: bool,
    /// It said that it is busy: from then on it is asked in a way that hears for how long.
    is_busy: bool,
    /// Lines refused one by one since the server last took any.
    refused_in_row: usize,
    had_outage: bool,
}

/// What to do after a request.
enum Next {
    Done,
    Split,
    Again,
    /// The whole batch once more, after a long wait.
    Anew,
}

impl Delivery {
    pub(super) fn new(influx: Influx, options: WriterOptions) -> Self {
        Self {
            influx,
            options,
            failing: Backoff::new(options.retry_floor, options.retry_cap),
            busy: Backoff::new(options.busy_floor, options.busy_floor * 12),
            is_told: false,
            is_busy: false,
            refused_in_row: 0,
            had_outage: false,
        }
    }

    /// Whether the server went silent since the last call: it may have lost what it had acknowledged.
    pub(super) fn take_outage(&mut self) -> bool {
        std::mem::take(&mut self.had_outage)
    }

    /// Delivers every line of `text` that the server does not refuse for good.
    pub(super) async fn deliver(&mut self, text: &str, status: &watch::Sender<SeriesStatus>) -> Told {
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        let mut told = Told::default();
        let mut todo = requests(ends.len(), self.options.request_lines);
        while let Some(lines) = todo.pop() {
            let body = slice(text, &ends, &lines);
            let sent = if self.is_busy {
                self.influx.write_to_busy(body).await
            } else {
                self.influx.write(body).await
            };
            let next = self.judge(sent, &lines, body, &mut told, status).await;
            match next {
                Next::Done => {}
                Next::Again => todo.push(lines),
                Next::Split => {
                    let middle = lines.start + lines.len() / 2;
                    todo.push(middle..lines.end);
                    todo.push(lines.start..middle);
                }
                Next::Anew => {
                    told = Told::default();
                    todo = requests(ends.len(), self.options.request_lines);
                }
            }
        }
        status.send_if_modified(|now| {
            now.written += told.written;
            now.refused += told.refused_count;
            if let Some(newest) = told.refused.last() {
                now.newest_refusal = Some(format!("{} [{}]", newest.reason, newest.line));
            }
            told != Told::default()
        });
        told
    }

    async fn judge(
        &mut self,
        sent: Result<(), WriteError>,
        lines: &Range<usize>,
        body: &str,
        told: &mut Told,
        status: &watch::Sender<SeriesStatus>,
    ) -> Next {
        let count = lines.len() as u64;
        match sent {
            Ok(()) => {
                told.written += count;
                self.works(status);
                Next::Done
            }
            Err(WriteError::Partial(refused)) => {
                self.works(status);
                tell_partial(&refused, lines.len(), body, told)
            }
            Err(WriteError::Refused(_) | WriteError::TooLarge) if lines.len() > 1 => Next::Split,
            Err(error @ (WriteError::Refused(_) | WriteError::TooLarge)) => {
                self.refused_in_row += 1;
                if self.refused_in_row >= SUSPICIOUS {
                    self.wait(&error, status).await;
                    return Next::Anew;
                }
                told.refuse(body, &error.to_string(), 1);
                Next::Done
            }
            Err(error) => {
                self.wait(&error, status).await;
                Next::Again
            }
        }
    }

    fn works(&mut self, status: &watch::Sender<SeriesStatus>) {
        self.failing.reset();
        self.busy.reset();
        self.refused_in_row = 0;
        self.is_busy = false;
        if std::mem::take(&mut self.is_told) {
            tracing::info!("the time-series server takes data again");
        }
        status.send_if_modified(|now| {
            let is_new = now.is_up != Some(true);
            now.is_up = Some(true);
            now.error = None;
            is_new
        });
    }

    /// Says once that it fails, and waits as the kind of failure asks.
    async fn wait(&mut self, error: &WriteError, status: &watch::Sender<SeriesStatus>) {
        if !std::mem::replace(&mut self.is_told, true) {
            tracing::warn!(%error, "the time-series server takes no data; they wait in the spool");
        }
        status.send_if_modified(|now| {
            now.is_up = Some(false);
            now.error = Some(error.to_string());
            true
        });
        let random = rand::random::<f64>();
        self.is_busy = matches!(error, WriteError::Busy { .. });
        let pause = match error {
            // At least what it asks for, and a little more, so that not all who heard the same come at once.
            WriteError::Busy { wait: Some(wait), .. } => {
                (*wait).min(self.options.most_wait).mul_f64(1.0 + random / 10.0).max(self.options.retry_floor)
            }
            WriteError::Busy { .. } => self.busy.next(random).max(self.options.busy_floor),
            WriteError::Unreachable { is_down, .. } => {
                self.had_outage |= is_down;
                self.failing.next(random)
            }
            WriteError::Server { .. } => self.failing.next(random),
            _ => self.options.configuration_wait,
        };
        tokio::time::sleep(pause).await;
    }
}

/// Ranges of at most `most` lines, the first of them last, as a stack.
fn requests(count: usize, most: usize) -> Vec<Range<usize>> {
    let most = most.max(1);
    let mut ranges: Vec<Range<usize>> =
        (0..count).step_by(most).map(|from| from..(from + most).min(count)).collect();
    ranges.reverse();
    ranges
}

fn slice<'a>(text: &'a str, ends: &[usize], lines: &Range<usize>) -> &'a str {
    let end = |line: Option<usize>| line.and_then(|line| ends.get(line)).copied().unwrap_or(0);
    text.get(end(lines.start.checked_sub(1))..end(lines.end.checked_sub(1))).unwrap_or_default()
}

/// Records what a partial write refused of `count` lines; says to split them when it does not name all.
fn tell_partial(refused: &Refused, count: usize, body: &str, told: &mut Told) -> Next {
    let named = refused.lines.len();
    let is_all = named + refused.unnamed >= count;
    if refused.unnamed > 0 && !is_all && told.searches < MOST_SEARCHES {
        // Its good lines are in, and writing them again changes nothing.
        told.searches += 1;
        return Next::Split;
    }
    let mut bad = 0;
    for (line, reason) in &refused.lines {
        told.refuse(body.lines().nth(*line).unwrap_or_default(), reason, 1);
        bad += 1;
    }
    if refused.unnamed > 0 && is_all {
        let others =
            body.lines().enumerate().filter(|(n, _)| !refused.lines.iter().any(|(line, _)| line == n));
        for (_, line) in others {
            told.refuse(line, &refused.text, 1);
            bad += 1;
        }
    } else if refused.unnamed > 0 {
        let reason = format!("{} of {count} lines from here on: {}", refused.unnamed, refused.text);
        told.refuse(body.lines().next().unwrap_or_default(), &reason, refused.unnamed as u64);
        bad += refused.unnamed;
    }
    told.written += count.saturating_sub(bad) as u64;
    Next::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_cover_every_line_once_and_in_order() {
        let text = "a\nbb\nc\nd\ne\n";
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        let mut stack = requests(ends.len(), 2);
        let mut all = Vec::new();
        while let Some(lines) = stack.pop() {
            all.push(slice(text, &ends, &lines));
        }
        assert_eq!(all, ["a\nbb\n", "c\nd\n", "e\n"]);
    }
}
