//! How long to wait before the next try.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Doubles from 0.1 s to 30 s; half of it is drawn, so that many clients do not return at once.
pub(super) fn backoff(failures: u32) -> Duration {
    let longest = 100_u64.saturating_mul(1 << failures.saturating_sub(1).min(9)).min(30_000);
    let drawn = RandomState::new().hash_one(failures) % (longest / 2 + 1);
    Duration::from_millis(longest / 2 + drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_a_minute_and_no_further() {
        assert!(backoff(1) <= Duration::from_millis(100));
        assert!((1..200).all(|n| backoff(n) <= Duration::from_secs(30)));
        assert!(backoff(100) >= Duration::from_secs(15));
    }
}
