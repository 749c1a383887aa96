//! Guessing passwords must be slow: after some failures in a row a name has to wait.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use model::Instant;

/// Failures in a row that cost nothing.
const FREE: u32 = 5;
/// First wait, doubled with each further failure, ms.
const FIRST_WAIT_MS: i64 = 1_000;
/// Longest wait, ms.
const LONGEST_WAIT_MS: i64 = 15 * 60_000;
/// Names that are remembered; beyond that the oldest failure is forgotten.
const MOST: usize = 4_096;

/// Failed logins by name, in memory only.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<String, (u32, Instant)>>);

impl Throttle {
    /// How long a name has to wait from `now` on, ms; 0 when it may try.
    #[must_use]
    pub fn wait_ms(&self, name: &str, now: Instant) -> i64 {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((count, last)) = failures.get(name) else { return 0 };
        let Some(over) = count.checked_sub(FREE) else { return 0 };
        let wait = FIRST_WAIT_MS.saturating_mul(1 << over.min(20)).min(LONGEST_WAIT_MS);
        // A clock that was set back must not lock anybody out for good.
        (wait - now.since(*last).max(0)).clamp(0, wait)
    }

    /// Takes a failure.
    pub fn failed(&self, name: &str, now: Instant) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MOST && !failures.contains_key(name) {
            let oldest = failures.iter().min_by_key(|(_, (_, at))| *at).map(|(name, _)| name.clone());
            oldest.map(|name| failures.remove(&name));
        }
        let entry = failures.entry(name.to_owned()).or_insert((0, now));
        *entry = (entry.0.saturating_add(1), now);
    }

    /// Forgets the failures of a name.
    pub fn succeeded(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Instant {
        Instant::from_millis(s * 1000)
    }

    #[test]
    fn the_sixth_failure_waits_and_each_further_one_twice_as_long() {
        let throttle = Throttle::default();
        (0..4).for_each(|_| throttle.failed("desk", at(0)));
        assert_eq!(throttle.wait_ms("desk", at(0)), 0);
        throttle.failed("desk", at(0));
        assert_eq!(throttle.wait_ms("desk", at(0)), 1_000);
        throttle.failed("desk", at(1));
        assert_eq!(throttle.wait_ms("desk", at(1)), 2_000);
        assert_eq!(throttle.wait_ms("desk", at(3)), 0);
        assert_eq!(throttle.wait_ms("other", at(1)), 0);
        (0..60).for_each(|_| throttle.failed("desk", at(9)));
        assert_eq!(throttle.wait_ms("desk", at(9)), LONGEST_WAIT_MS);
        throttle.succeeded("desk");
        assert_eq!(throttle.wait_ms("desk", at(9)), 0);
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out_for_longer() {
        let throttle = Throttle::default();
        (0..6).for_each(|_| throttle.failed("desk", at(1_000_000)));
        assert_eq!(throttle.wait_ms("desk", at(0)), 2_000);
    }

    #[test]
    fn endless_names_do_not_fill_the_memory() {
        let throttle = Throttle::default();
        (0..10_000).for_each(|n| throttle.failed(&format!("n{n}"), at(n)));
        assert_eq!(throttle.0.lock().unwrap().len(), MOST);
    }
}
