//! Waiting between tries: doubling, capped, jittered.

use std::time::Duration;

/// Doubling waits between a floor and a cap, each drawn from the upper half of its step.
///
/// Jitter keeps many clients of a server that came back from calling it in step.
#[derive(Debug, Clone)]
pub struct Backoff {
    floor: Duration,
    cap: Duration,
    step: Duration,
}

impl Backoff {
    /// Waits that begin at `floor` and never exceed `cap`.
    #[must_use]
    pub fn new(floor: Duration, cap: Duration) -> Self {
        Self { floor, cap, step: floor }
    }

    /// The next wait: between half of the step and the step; the step doubles.
    ///
    /// `random` is uniform in [0, 1).
    pub fn next(&mut self, random: f64) -> Duration {
        let wait = self.step.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0);
        self.step = (self.step * 2).min(self.cap);
        wait.min(self.cap)
    }

    /// Begins again at the floor, after a success.
    pub fn reset(&mut self) {
        self.step = self.floor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_begin_again_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let waits: Vec<u64> = (0..5).map(|_| backoff.next(1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5]);
        backoff.reset();
        assert_eq!(backoff.next(0.0), Duration::from_millis(500));
    }
}
