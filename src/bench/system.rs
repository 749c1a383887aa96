//! Time, memory and processor time of this process. Where the system does not tell, there is no figure.

use std::{collections::BTreeMap, fs, time::Duration};

use tokio::time::Instant;

/// How long a call takes, seconds, and what it returns.
pub(super) fn timed<T>(call: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let made = call();
    (begun.elapsed().as_secs_f64(), made)
}

/// Like [`timed`], in processor time of this thread where the system tells it: other programs do not count.
///
/// Only for calls of some tens of milliseconds: the kernel keeps its books by its ticks.
pub(super) fn worked<T>(call: impl FnOnce() -> T) -> (f64, T) {
    const LEAST_S: f64 = 0.02;
    let before = running();
    let (secs, made) = timed(call);
    let worked = before.zip(running()).map(|(before, after)| after - before);
    (worked.filter(|worked| *worked > LEAST_S).unwrap_or(secs), made)
}

/// Seconds that this thread has run.
fn running() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: u64 = text.split(' ').next()?.parse().ok()?;
    Some(number(nanos) / 1e9)
}

/// Seconds for which the machine's cores have worked, and those of them that were ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Busy {
    at: Instant,
    all: f64,
    ours: f64,
}

impl Busy {
    /// Until now.
    pub(super) fn now() -> Option<Self> {
        const TICK_S: f64 = 0.01;
        let text = fs::read_to_string("/proc/stat").ok()?;
        let fields = text.lines().next()?.split_whitespace().skip(1);
        let ticks: Vec<u64> = fields.filter_map(|field| field.parse().ok()).collect();
        // User, nice, system, then idle and waiting, then interrupts.
        let all = ticks.iter().enumerate().filter(|(n, _)| !matches!(n, 3 | 4)).map(|(_, t)| t).take(6).sum();
        let (_, ours) = stat(std::path::Path::new("/proc/self/stat"))?;
        Some(Self { at: Instant::now(), all: number(all) * TICK_S, ours })
    }

    /// Cores that others kept busy since `earlier`.
    pub(super) fn others_since(&self, earlier: &Self) -> f64 {
        let secs = self.at.duration_since(earlier.at).as_secs_f64().max(1e-3);
        ((self.all - earlier.all) - (self.ours - earlier.ours)).max(0.0) / secs
    }
}

/// The middle of some samples; 0 of none.
pub(super) fn median(samples: &mut [f64]) -> f64 {
    quantile(samples, 0.5)
}

/// The value below which a share of the samples lies; 0 of none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index into samples that are counted in thousands"
)]
pub(super) fn quantile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let at = ((samples.len() as f64 * share) as usize).min(samples.len().saturating_sub(1));
    samples.get(at).copied().unwrap_or(0.0)
}

/// A count as a number to divide by.
#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
pub(super) const fn number(count: u64) -> f64 {
    count as f64
}

/// Bytes of memory that this process holds.
pub(super) fn memory() -> Option<u64> {
    bytes("/proc/self/status", "VmRSS:")
}

/// Bytes of memory that the machine can still give.
pub(super) fn available() -> Option<u64> {
    bytes("/proc/meminfo", "MemAvailable:")
}

fn bytes(file: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Processor seconds by what a thread is called.
#[derive(Debug, Clone, Default)]
pub(super) struct Work(BTreeMap<String, f64>);

impl Work {
    /// Of the threads that live now.
    pub(super) fn now() -> Self {
        let mut work = BTreeMap::new();
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(Result::ok);
        for (name, secs) in tasks.filter_map(|task| stat(&task.path().join("stat"))) {
            *work.entry(name).or_insert(0.0) += secs;
        }
        Self(work)
    }

    /// What was done between `earlier` and this, by name.
    pub(super) fn since(&self, earlier: &Self) -> BTreeMap<String, f64> {
        let spent = |(name, secs): (&String, &f64)| {
            (name.clone(), (secs - earlier.0.get(name).copied().unwrap_or(0.0)).max(0.0))
        };
        self.0.iter().map(spent).collect()
    }
}

/// Processor seconds of the calling thread.
pub(super) fn own_thread() -> f64 {
    stat(std::path::Path::new("/proc/thread-self/stat")).map_or(0.0, |(_, secs)| secs)
}

/// Processor seconds of another process.
pub(super) fn process(id: u32) -> f64 {
    stat(std::path::Path::new(&format!("/proc/{id}/stat"))).map_or(0.0, |(_, secs)| secs)
}

/// Name and processor seconds in a `stat` file; the unit is the kernel's fixed 10 ms for user space.
fn stat(path: &std::path::Path) -> Option<(String, f64)> {
    const TICK: Duration = Duration::from_millis(10);
    let text = fs::read_to_string(path).ok()?;
    let (head, rest) = text.rsplit_once(") ")?;
    let (_, name) = head.split_once(" (")?;
    let ticks: u32 = rest.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    Some((name.to_owned(), (TICK * ticks).as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_taken_from_the_sorted_samples() {
        let mut samples = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert!((median(&mut samples) - 3.0).abs() < 1e-9);
        assert!((quantile(&mut samples, 0.99) - 5.0).abs() < 1e-9);
        assert!(median(&mut []).abs() < 1e-9);
    }

    #[test]
    fn work_of_this_process_is_seen_where_the_system_tells() {
        if memory().is_none() {
            return;
        }
        let before = Work::now();
        let deadline = Instant::now() + Duration::from_secs(20);
        // Looking is work too.
        while Work::now().since(&before).values().sum::<f64>() <= 0.0 {
            assert!(Instant::now() < deadline, "no work was seen");
        }
    }
}
