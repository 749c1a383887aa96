//! Readings by quality mark, and by whose clock their time is from.

use model::{Flags, TimeFrom};
use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::{Label, Metrics};

/// Counts of some readings, to be added to the metrics at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marked {
    marks: [u64; Flags::NAMES.len()],
    clocks: [u64; TimeFrom::ALL.len()],
}

impl Marked {
    /// Counts one reading.
    pub fn add(&mut self, flags: Flags) {
        if let Some(clock) = flags.time_from()
            && let Some(count) = self.clocks.get_mut(clock as usize)
        {
            *count += 1;
        }
        if flags.is_empty() {
            return;
        }
        for (count, (flag, _)) in self.marks.iter_mut().zip(Flags::NAMES) {
            *count += u64::from(flags.has(flag));
        }
    }
}

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marks: Family<Label, Counter>,
    clocks: Family<Label, Counter>,
}

impl Marks {
    pub(super) fn register(&self, registry: &mut Registry) {
        let marks = "Readings that carry a quality mark; one may carry several";
        registry.register("normwatch_readings_marked", marks, self.marks.clone());
        let clocks = "Live readings by whose clock their time is from: device, gateway, or our arrival";
        registry.register("normwatch_readings_timed", clocks, self.clocks.clone());
        self.add(&Marked::default());
    }

    fn add(&self, some: &Marked) {
        for ((_, name), count) in Flags::NAMES.into_iter().zip(some.marks) {
            self.marks.get_or_create(&[("mark", name)]).inc_by(count);
        }
        for (clock, count) in TimeFrom::ALL.into_iter().zip(some.clocks) {
            self.clocks.get_or_create(&[("clock", clock.name())]).inc_by(count);
        }
    }
}

impl Metrics {
    /// Counts readings by their marks and their clocks.
    pub fn marked(&self, some: &Marked) {
        if *some != Marked::default() {
            self.marks.add(some);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_and_each_clock_has_its_own_count() {
        let mut some = Marked::default();
        for clock in TimeFrom::ALL {
            some.add(Flags::LATE.with(Flags::SPIKE).timed_by(clock));
        }
        some.add(Flags::ROLLOVER);
        some.add(Flags::NONE);
        let metrics = Metrics::new();
        metrics.marked(&some);
        let text = metrics.exposition();
        for (name, count) in [
            ("marked_total{mark=\"late\"}", 3),
            ("marked_total{mark=\"spike\"}", 3),
            ("marked_total{mark=\"rollover\"}", 1),
            ("marked_total{mark=\"stuck\"}", 0),
            ("timed_total{clock=\"gateway\"}", 1),
            ("timed_total{clock=\"arrival\"}", 1),
        ] {
            let line = format!("normwatch_readings_{name} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
    }
}
