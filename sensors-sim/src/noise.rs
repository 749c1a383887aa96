//! Chance without state: every draw is a pure function of a stream and an index.
//!
//! A stream belongs to one device or room and is made from its id, so that adding one leaves
//! all others as they were, and any span of time can be made without making what lies before.

/// A source of draws of its own, made from the scenario's seed and a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stream(u64);

impl Stream {
    /// The stream of a name under a seed.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        // FNV-1a over the name; `mix` spreads it over all bits.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
        Self(mix(hash ^ mix(seed)))
    }

    /// A stream below this one, for one of its aspects.
    pub(crate) const fn of(self, aspect: u64) -> Self {
        Self(mix(self.0 ^ mix(aspect.wrapping_add(0x9e37_79b9))))
    }

    /// The 64 bits at an index.
    pub(crate) const fn bits(self, index: i64) -> u64 {
        mix(self.0 ^ mix(index.cast_unsigned()))
    }

    /// Uniform in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit in an f64")]
    pub(crate) fn uniform(self, index: i64) -> f64 {
        (self.bits(index) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in [`low`, `high`).
    pub(crate) fn between(self, index: i64, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform(index)
    }

    /// Nearly normal with mean 0 and deviation 1, never beyond 3.47: a sensor's noise has no far tail.
    pub(crate) fn normal(self, index: i64) -> f64 {
        let bits = self.bits(index);
        let sum: f64 = (0..4)
            .map(|part| {
                let piece = u16::try_from((bits >> (16 * part)) & 0xffff).unwrap_or(0);
                f64::from(piece) / 65_536.0
            })
            .sum();
        (sum - 2.0) * 3.0_f64.sqrt()
    }

    /// A smooth wander in (-1, 1): draws at whole numbers of `x`, a smooth step between them.
    #[expect(clippy::cast_possible_truncation, reason = "x counts hours or days")]
    pub(crate) fn wander(self, x: f64) -> f64 {
        let floor = x.floor();
        let index = floor as i64;
        let part = x - floor;
        let ease = part * part * (3.0 - 2.0 * part);
        let from = self.between(index, -1.0, 1.0);
        let to = self.between(index.wrapping_add(1), -1.0, 1.0);
        from + (to - from) * ease
    }
}

/// The finaliser of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
const fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_streams_differ() {
        let stream = Stream::new(7, "env-301");
        let mean = (0..10_000).map(|i| stream.uniform(i)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let square = (0..10_000).map(|i| stream.normal(i).powi(2)).sum::<f64>() / 10_000.0;
        assert!((square - 1.0).abs() < 0.05, "{square}");
        assert_ne!(stream.bits(1), Stream::new(7, "env-302").bits(1));
        assert_ne!(stream.bits(1), Stream::new(8, "env-301").bits(1));
    }

    #[test]
    fn a_wander_has_no_jumps() {
        let stream = Stream::new(1, "weather");
        let steps = (0..5_000).map(|i| stream.wander(f64::from(i) / 100.0)).collect::<Vec<_>>();
        assert!(steps.windows(2).all(|w| (w[1] - w[0]).abs() < 0.04));
    }
}
