//! When a device was heard: the newest instant, and the silences that were longer than its carry.
//!
//! A device that speaks in time costs one instant; what is kept does not depend on the order of arrival.

use model::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::compact;

/// What is kept of the instants at which a device was heard over one binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// The earliest ever.
    #[serde(with = "compact::instant")]
    first: Instant,
    /// The newest; before `first` while nothing was heard.
    #[serde(with = "compact::instant")]
    last: Instant,
    /// Pairs of neighbouring instants further apart than the carry, in order.
    silences: Vec<Span>,
}

impl Default for Heard {
    fn default() -> Self {
        Self { first: Instant::MAX, last: Instant::MIN, silences: Vec::new() }
    }
}

impl Heard {
    /// Takes an instant at which the device was heard. Returns the time in which this ends a silence.
    pub(crate) fn insert(&mut self, at: Instant, carry_ms: i64) -> Option<Span> {
        if self.last < at {
            let spoke = self.last;
            if self.is_known() {
                if at.since(spoke) > carry_ms {
                    self.silences.push(Span::new(spoke, at));
                }
            } else {
                self.first = at;
            }
            self.last = at;
            return Some(Span::new(at.max(spoke.plus_ms(carry_ms)), Instant::MAX));
        }
        if at < self.first {
            if self.first.since(at) > carry_ms {
                self.silences.insert(0, Span::new(at, self.first));
            }
            let ended = Span::new(at, self.first);
            self.first = at;
            return Some(ended);
        }
        let index = self.silences.iter().position(|s| s.from < at && at < s.to)?;
        let silence = self.silences.remove(index);
        let parts = [Span::new(silence.from, at), Span::new(at, silence.to)];
        let longer = parts.into_iter().filter(|part| part.millis() > carry_ms);
        self.silences.splice(index..index, longer);
        Some(Span::new(at, silence.to))
    }

    /// The newest instant at which it was heard.
    pub(crate) fn last(&self) -> Option<Instant> {
        self.is_known().then_some(self.last)
    }

    const fn is_known(&self) -> bool {
        self.first.millis() <= self.last.millis()
    }

    /// The newest instant before `end` at which it was heard, if it had fallen silent by then for longer
    /// than its carry: `Err` when it was heard in time, `Ok(None)` when it was never heard before.
    pub(crate) fn silent_since(&self, end: Instant) -> Result<Option<Instant>, ()> {
        if !self.is_known() || end <= self.first {
            return Ok(None);
        }
        if self.last < end {
            return Ok(Some(self.last));
        }
        let silence = self.silences.iter().find(|s| s.from < end && end <= s.to);
        silence.map(|s| Some(s.from)).ok_or(())
    }

    /// Forgets silences that ended before an instant.
    pub(crate) fn prune(&mut self, before: Instant) {
        self.silences.retain(|silence| silence.to >= before);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CARRY: i64 = 10;

    fn heard(instants: &[i64]) -> Heard {
        let mut heard = Heard::default();
        for at in instants {
            heard.insert(Instant::from_millis(*at), CARRY);
        }
        heard
    }

    proptest! {
        #[test]
        fn what_is_kept_does_not_depend_on_the_order_and_tells_every_silence(
            mut instants in prop::collection::vec(0..200_i64, 1..20),
            end in 0..220_i64,
        ) {
            let kept = heard(&instants);
            instants.sort_unstable();
            prop_assert_eq!(&kept, &heard(&instants));
            let before = instants.iter().copied().filter(|at| *at < end).max();
            let silent = kept.silent_since(Instant::from_millis(end));
            match before {
                None => prop_assert_eq!(silent, Ok(None)),
                // Within its carry it may be told either way: both are no silence.
                Some(at) if end - at <= CARRY => {
                    prop_assert!(silent.is_err() || silent == Ok(Some(Instant::from_millis(at))));
                }
                Some(at) => prop_assert_eq!(silent, Ok(Some(Instant::from_millis(at)))),
            }
        }
    }
}
