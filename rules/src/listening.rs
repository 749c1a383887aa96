//! When we listened: an outage of ours is never a sensor's silence.

use model::{Instant, Span};
use serde::{Deserialize, Serialize};

/// Outages that are remembered; the oldest go.
const MOST: usize = 512;
/// How far event time may run ahead of the newest word that we listen, ms: that word comes a little behind.
const SLACK_MS: i64 = 15 * 60_000;

/// The time in which silence means something.
///
/// Where nobody tells (files), that is all time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Listening {
    /// Since when we listen without a break, and up to when we are sure of it.
    sure: Option<Span>,
    /// Time in which we did not listen, in order.
    deaf: Vec<Span>,
}

impl Listening {
    /// We have listened from `since` to `to`. Where that is the first word, `before` is up to when we are taken to
    /// have listened without any.
    pub(crate) fn note(&mut self, since: Instant, to: Instant, before: Option<Instant>) {
        let to = to.max(since);
        match &mut self.sure {
            Some(sure) if since <= sure.to.max(sure.from) => sure.to = sure.to.max(to),
            known => {
                let heard_to = known.map(|sure| sure.to).or(before);
                if let Some(heard_to) = heard_to.filter(|heard_to| *heard_to < since) {
                    self.deaf.push(Span::new(heard_to, since));
                }
                *known = Some(Span::new(since, to));
                if self.deaf.len() > MOST {
                    self.deaf.remove(0);
                }
            }
        }
    }

    /// Whether we listened at an instant, so that silence then means something. Where nobody has told
    /// anything, we did unless somebody should have (`is_told`).
    pub(crate) fn is_sure(&self, at: Instant, is_told: bool) -> bool {
        let is_known = self.sure.map_or(!is_told, |sure| at <= sure.to.plus_ms(SLACK_MS));
        is_known && !self.deaf.iter().any(|deaf| deaf.from < at && at <= deaf.to)
    }

    /// How long we listened inside a span, ms.
    pub(crate) fn inside(&self, span: Span) -> i64 {
        let deaf = self.deaf.iter().filter_map(|deaf| deaf.intersect(span));
        span.millis() - deaf.map(Span::millis).sum::<i64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(hours: i64) -> Instant {
        Instant::from_millis(hours * HOUR)
    }

    #[test]
    fn a_break_in_listening_is_left_out_of_silence() {
        let mut listening = Listening::default();
        for to in 1..10 {
            listening.note(at(0), at(to), None);
        }
        assert_eq!(listening.inside(Span::new(at(2), at(9))), 7 * HOUR);
        listening.note(at(20), at(21), Some(at(15)));
        assert_eq!(listening.inside(Span::new(at(2), at(21))), 8 * HOUR, "from 9 to 20 we were away");
        assert!(
            listening.is_sure(at(9), true)
                && !listening.is_sure(at(15), true)
                && !listening.is_sure(at(20), true)
        );
        assert!(listening.is_sure(at(21), true) && !listening.is_sure(at(22), true));
    }

    #[test]
    fn where_nobody_tells_all_time_is_listened_to() {
        let listening = Listening::default();
        assert!(listening.is_sure(at(9), false));
        assert_eq!(listening.inside(Span::new(at(2), at(9))), 7 * HOUR);
        assert!(!listening.is_sure(at(9), true), "unless somebody should have told");
    }

    #[test]
    fn the_first_word_after_readings_alone_begins_where_they_ended() {
        let mut listening = Listening::default();
        listening.note(at(5), at(6), Some(at(4)));
        assert_eq!(listening.inside(Span::new(at(0), at(6))), 5 * HOUR);
    }
}
