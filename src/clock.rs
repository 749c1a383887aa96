//! The one place that reads the time. Everything else receives it as an argument.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use model::Instant;
use tokio::sync::watch;

/// Wall time: the machine's, or one that runs at its own speed (`demo`, tests).
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// The machine's, with so many ms added; clones share it. For rehearsals of a clock that is set wrong.
    Shifted(Arc<AtomicI64>),
    /// A clock of our own; clones share it.
    Simulated(Arc<watch::Sender<Course>>),
}

/// How a simulated clock runs: where it was, when, and how fast it goes since.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// Its time when the course began.
    at: Instant,
    /// The machine's monotonic time then.
    since: tokio::time::Instant,
    /// Simulated milliseconds per real one, above 0.
    speed: f64,
}

impl Course {
    fn new(at: Instant, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self { at, since: tokio::time::Instant::now(), speed }
    }

    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and instants are clamped")]
    fn now(&self) -> Instant {
        self.at.plus_ms((self.since.elapsed().as_secs_f64() * 1000.0 * self.speed) as i64)
    }
}

impl Clock {
    /// A clock that stands at `start` now and runs `speed` times as fast as the machine's.
    ///
    /// A speed that is not above 0 counts as 1.
    #[must_use]
    pub fn simulated(start: Instant, speed: f64) -> Self {
        Self::Simulated(Arc::new(watch::Sender::new(Course::new(start, speed))))
    }

    /// The machine's clock with the ms added that `file` says, read again and again: what stands in no file
    /// counts as 0. Call it inside a tokio runtime.
    #[must_use]
    pub fn shifted_by(file: PathBuf) -> Self {
        let shift = Arc::new(AtomicI64::new(shift_in(&file)));
        let clock = Self::Shifted(Arc::clone(&shift));
        tokio::spawn(async move {
            loop {
                shift.store(shift_in(&file), Ordering::Relaxed);
                tokio::time::sleep(SHIFT_EVERY).await;
            }
        });
        clock
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Instant {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
            Self::System => Instant::from_timestamp(Timestamp::now()),
            Self::Shifted(shift) => Self::System.now().plus_ms(shift.load(Ordering::Relaxed)),
            Self::Simulated(course) => course.borrow().now(),
        }
    }

    /// Begins to compare wall time with the machine's monotonic time.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace { wall: self.now(), real: tokio::time::Instant::now() }
    }

    /// Begins to watch whether this clock is believed; as it is now it is.
    #[must_use]
    pub fn trust(&self) -> Trust {
        Trust { pace: self.pace(), ahead_ms: 0, set_at: tokio::time::Instant::now() }
    }

    /// Sets a simulated clock to `at`, forwards or back, at a new speed; those who wait on it see the jump.
    /// The machine's clock cannot be set: nothing happens.
    pub fn jump(&self, at: Instant, speed: f64) {
        if let Self::Simulated(course) = self {
            course.send_replace(Course::new(at, speed));
        }
    }

    /// Waits until the clock has reached `at`; returns at once when it has. Dropping the future is safe.
    pub async fn sleep_until(&self, at: Instant) {
        match self {
            Self::System | Self::Shifted(_) => loop {
                let left_ms = at.since(self.now());
                if left_ms <= 0 {
                    return;
                }
                // In steps, since somebody may set the machine's clock.
                tokio::time::sleep(real_time(left_ms, 1.0).min(LONGEST_STEP)).await;
            },
            Self::Simulated(course) => {
                let mut changes = course.subscribe();
                loop {
                    let course = *changes.borrow_and_update();
                    let left_ms = at.since(course.now());
                    if left_ms <= 0 {
                        return;
                    }
                    tokio::select! {
                        () = tokio::time::sleep(real_time(left_ms, course.speed)) => {}
                        // The sender lives in `self`, so this ends only by a change.
                        _ = changes.changed() => {}
                    }
                }
            }
        }
    }
}

/// Whether wall time is believed: whoever stamps what came with it must not follow a clock that is ahead for a moment.
/// Event time never goes back, and everything behind it is late.
#[derive(Debug, Clone, Copy)]
pub struct Trust {
    pace: Pace,
    /// By how much the clock was set since it ran undisturbed, ms.
    ahead_ms: i64,
    set_at: tokio::time::Instant,
}

impl Trust {
    /// How long the clock still has to run undisturbed before it is believed; `None` when it is. One that was set
    /// back is believed at once: event time does not follow it.
    pub fn doubt(&mut self, clock: &Clock) -> Option<Duration> {
        let step_ms = self.pace.step_ms(clock);
        self.after(step_ms, tokio::time::Instant::now())
    }

    fn after(&mut self, step_ms: i64, now: tokio::time::Instant) -> Option<Duration> {
        if step_ms != 0 {
            let was_undisturbed = now.duration_since(self.set_at) >= UNDISTURBED;
            self.ahead_ms = if was_undisturbed { 0 } else { self.ahead_ms }.saturating_add(step_ms);
            self.set_at = now;
        }
        let left = UNDISTURBED.saturating_sub(now.duration_since(self.set_at));
        (self.ahead_ms > MOST_AHEAD_MS && !left.is_zero()).then_some(left)
    }
}

/// Tells a clock that was set from one that runs.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    wall: Instant,
    real: tokio::time::Instant,
}

impl Pace {
    /// By how much the clock was set since the last look, ms; 0 while it only ran, and for simulated clocks,
    /// which are set on purpose.
    pub fn step_ms(&mut self, clock: &Clock) -> i64 {
        let now = clock.pace();
        let ran = i64::try_from(now.real.duration_since(self.real).as_millis()).unwrap_or(i64::MAX);
        let step = now.wall.since(self.wall).saturating_sub(ran);
        *self = now;
        let is_set = step.abs() > SLEW_MS && !matches!(clock, Clock::Simulated(_));
        if is_set { step } else { 0 }
    }
}

/// A clock that is put right in small steps is not set, ms.
const SLEW_MS: i64 = 2_000;
/// A clock that was set ahead by more than this is not believed before it has run for a while, ms.
const MOST_AHEAD_MS: i64 = 240_000;
/// For how long: who sets a clock wrong by hand sees it within a minute, and so does a time server.
const UNDISTURBED: Duration = Duration::from_secs(60);
/// A clock that was set is noticed within this.
const LONGEST_STEP: Duration = Duration::from_secs(5);
/// How often a shift is read.
const SHIFT_EVERY: Duration = Duration::from_millis(100);

fn shift_in(file: &std::path::Path) -> i64 {
    std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Real time for `ms` of a clock at `speed`, at least a millisecond, so that a wait is never a busy one.
#[expect(clippy::cast_precision_loss, reason = "a wait of 2^53 ms needs no last millisecond")]
fn real_time(ms: i64, speed: f64) -> Duration {
    Duration::try_from_secs_f64((ms as f64 / speed).max(1.0) / 1000.0).unwrap_or(LONGEST_STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Instant {
        Instant::from_millis(ms)
    }

    #[tokio::test]
    async fn a_simulated_clock_runs_at_its_speed_from_where_it_was_put() {
        let clock = Clock::simulated(at(0), 1_000.0);
        clock.sleep_until(at(20_000)).await;
        assert!(clock.now() >= at(20_000) && clock.now() < at(20_000_000));
        clock.jump(at(-5_000_000_000), 1.0);
        assert!(clock.now() >= at(-5_000_000_000) && clock.now() < at(0));
    }

    #[tokio::test]
    async fn waiting_takes_as_long_as_the_clock_says() {
        let clock = Clock::simulated(at(0), 1_000.0);
        let before = tokio::time::Instant::now();
        clock.sleep_until(at(30_000)).await;
        assert!(before.elapsed() >= Duration::from_millis(29), "{:?}", before.elapsed());
        assert_eq!(real_time(60_000, 100.0), Duration::from_millis(600));
    }

    #[tokio::test]
    async fn a_jump_wakes_those_who_wait() {
        let clock = Clock::simulated(at(0), 1.0);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(at(86_400_000)).await }
        });
        tokio::task::yield_now().await;
        clock.jump(at(86_400_000), 1.0);
        tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_shifted_clock_follows_its_file_and_the_step_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shift");
        let clock = Clock::shifted_by(file.clone());
        let mut pace = clock.pace();
        assert_eq!(pace.step_ms(&clock), 0);
        std::fs::write(&file, "-3600000\n").unwrap();
        let end = tokio::time::Instant::now() + Duration::from_secs(10);
        while clock.now() > Clock::System.now().plus_ms(-3_000_000) {
            assert!(tokio::time::Instant::now() < end);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!((-3_601_000..-3_599_000).contains(&pace.step_ms(&clock)));
        assert_eq!(pace.step_ms(&clock), 0);
    }

    #[test]
    fn a_clock_set_far_ahead_is_believed_when_it_has_run_for_a_minute_or_at_once_when_it_is_set_back() {
        const HOUR_MS: i64 = 3_600_000;
        let mut trust = Clock::System.trust();
        let mut now = tokio::time::Instant::now();
        let mut is_doubted = |after_seconds: u64, step_ms: i64| {
            now += Duration::from_secs(after_seconds);
            trust.after(step_ms, now).is_some()
        };
        assert!(!is_doubted(300, 0));
        assert!(is_doubted(1, 72 * HOUR_MS) && is_doubted(50, 0), "ahead by days");
        assert!(!is_doubted(5, -72 * HOUR_MS), "set back");
        assert!(!is_doubted(300, -HOUR_MS) && !is_doubted(5, HOUR_MS), "behind, and right again");
        assert!(is_doubted(300, HOUR_MS) && is_doubted(50, 3_000), "set again, it has not run for a minute");
        assert!(is_doubted(50, 0) && !is_doubted(10, 0), "it stays ahead");
        assert!(!is_doubted(300, 200_000), "by less than sensors are late");
    }

    #[test]
    fn the_machine_clock_is_in_this_century_and_cannot_be_set() {
        let clock = Clock::System;
        clock.jump(at(0), 1.0);
        assert!(clock.now() > at(1_700_000_000_000));
    }
}
