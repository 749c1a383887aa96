//! Devices as pages and the API show them: where each hangs, when it was heard, and what is wrong with it.

use std::collections::{BTreeMap, HashMap};

use model::{Id, Instant, Quantity, register::Reporting};
use serde::Serialize;

use super::desk::Desk;
use crate::{pipeline::Tally, view::Snapshot};

/// A battery at or below this share wants a new one, %. Vendors' own warnings lie between 10 and 25.
const LOW_BATTERY: f64 = 20.0;
/// A radio link at or below this is weak, dB above the noise: `LoRa` decodes down to -20 at its slowest rate, less at
/// the others.
const LOW_SNR: f64 = -15.0;
/// The same where nothing is told of the noise, dBm: Wi-Fi and Zigbee lose messages from about here on.
const LOW_SIGNAL: f64 = -85.0;
/// Weak for every radio that tells its noise, dBm: close to what the best `LoRa` receivers hear at all.
const LOW_WITH_SNR: f64 = -120.0;
/// A clock that is ahead by more than this is wrong, ms: what intake takes as plausible.
const AHEAD_MS: i64 = 5 * 60_000;
/// A clock that is behind by more than this is wrong, ms; less may be the way through slow networks.
const BEHIND_MS: i64 = 3_600_000;
/// Readings that may enter no measure are a problem of the device from this share on.
const BARRED_SHARE: f64 = 0.1;
/// Marks of readings that enter no measure.
const BARRED: [&str; 4] = ["range", "sentinel", "future", "stuck"];

/// Whether a device is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DeviceState {
    /// Silent for longer than its longest gap.
    Offline,
    /// In the register, and never heard.
    Never,
    /// Silent, but so are we: no connection to the broker, or still catching up.
    Unknown,
    /// Heard in time.
    Online,
}

impl DeviceState {
    /// Every state.
    pub(super) const ALL: [Self; 4] = [Self::Offline, Self::Never, Self::Unknown, Self::Online];

    /// The word in the API.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Never => "never",
            Self::Unknown => "unknown",
            Self::Online => "online",
        }
    }
}

/// A sensor or meter of the register.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Device {
    pub(super) sensor: Id,
    /// `sensor` or `meter`.
    pub(super) kind: &'static str,
    pub(super) place: Id,
    pub(super) state: DeviceState,
    /// What is wrong with it, the worst first.
    pub(super) problems: Vec<&'static str>,
    pub(super) last_heard: Option<Instant>,
    pub(super) interval_s: f64,
    pub(super) max_gap_s: f64,
    pub(super) reporting: Reporting,
    /// %.
    pub(super) battery_level: Option<f64>,
    /// V.
    pub(super) battery_voltage: Option<f64>,
    /// As its receiver got it, dBm.
    pub(super) signal: Option<f64>,
    /// Above the noise, dB.
    pub(super) snr: Option<f64>,
    /// Its clock less ours by its newest messages, ms.
    pub(super) clock_skew_ms: Option<i64>,
    /// Arrival of the first message that is counted here and below.
    pub(super) counted_since: Option<Instant>,
    pub(super) messages: u64,
    pub(super) readings: u64,
    pub(super) flags: BTreeMap<&'static str, u64>,
    /// Readings by whose clock their time is from: `device`, `gateway`, `arrival` (ours).
    pub(super) time_from: BTreeMap<&'static str, u64>,
    /// Wire formats that it came in; more than one is more than one network.
    pub(super) formats: Vec<String>,
}

/// What the snapshot's newest readings say of a device.
#[derive(Debug, Default)]
struct Newest {
    at: Option<Instant>,
    level: Option<f64>,
    voltage: Option<f64>,
    signal: Option<f64>,
    snr: Option<f64>,
}

impl Newest {
    fn is_weak(&self) -> bool {
        let low = if self.snr.is_some() { LOW_WITH_SNR } else { LOW_SIGNAL };
        self.snr.is_some_and(|snr| snr <= LOW_SNR) || self.signal.is_some_and(|signal| signal <= low)
    }
}

impl Desk {
    /// A device within reach whose binding holds now.
    pub(super) fn device(&self, snapshot: &Snapshot, id: &str) -> Option<Device> {
        self.devices(snapshot).into_iter().find(|device| device.sensor.as_str() == id)
    }

    /// The devices within reach whose binding holds now, the worst first.
    pub(super) fn devices(&self, snapshot: &Snapshot) -> Vec<Device> {
        let now = Self::now(snapshot);
        let newest = newest(snapshot);
        let tallies = self.registry().map(|registry| registry.tallies.all()).unwrap_or_default();
        let is_listening = snapshot.is_caught_up
            && !snapshot.links.iter().any(|link| link.name == "mqtt" && link.up == Some(false));
        let (nothing, none) = (Newest::default(), Tally::default());
        let seen = |id: &Id, gap_s: f64| {
            Seen::of(newest.get(id).unwrap_or(&nothing), tallies.get(id).unwrap_or(&none), gap_s)
                .judged(now, is_listening)
        };
        let register = self.register();
        let sensors = register.sensors.values().filter_map(|history| history.at(now)).map(|sensor| {
            let seen = seen(&sensor.id, sensor.max_gap_s);
            let gaps = (sensor.interval_s, sensor.max_gap_s, sensor.reporting);
            seen.device(&sensor.id, "sensor", &sensor.place, gaps)
        });
        let meters = register.meters.values().filter_map(|history| history.at(now)).map(|meter| {
            let seen = seen(&meter.id, meter.max_gap_s);
            let gaps = (meter.interval_s, meter.max_gap_s, Reporting::Periodic);
            seen.device(&meter.id, "meter", &meter.place, gaps)
        });
        let within = |device: &Device| snapshot.places.contains_key(&device.place);
        let mut devices: Vec<Device> = sensors.chain(meters).filter(within).collect();
        devices.sort_by(|a, b| (rank(a), &a.place, &a.sensor).cmp(&(rank(b), &b.place, &b.sensor)));
        devices
    }
}

/// Where a device stands in a list: the worst problem first, those without last.
pub(super) fn rank(device: &Device) -> usize {
    const ORDER: [&str; 7] = ["offline", "never", "battery", "signal", "clock", "marks", "unknown"];
    let first = device.problems.first();
    first.and_then(|problem| ORDER.iter().position(|known| known == problem)).unwrap_or(ORDER.len())
}

fn newest(snapshot: &Snapshot) -> HashMap<Id, Newest> {
    let mut newest: HashMap<Id, Newest> = HashMap::new();
    for reading in snapshot.places.values().flat_map(|place| &place.latest) {
        let held = newest.entry(reading.sensor.clone()).or_default();
        held.at = held.at.max(Some(reading.time));
        match reading.quantity {
            Quantity::BatteryLevel => held.level = Some(reading.value),
            Quantity::BatteryVoltage => held.voltage = Some(reading.value),
            Quantity::Signal => held.signal = Some(reading.value),
            Quantity::Snr => held.snr = Some(reading.value),
            _ => {}
        }
    }
    newest
}

/// What is known of a device, and what that means.
struct Seen<'a> {
    newest: &'a Newest,
    tally: &'a Tally,
    last: Option<Instant>,
    gap_s: f64,
}

struct Judged<'a> {
    seen: Seen<'a>,
    state: DeviceState,
    problems: Vec<&'static str>,
}

impl<'a> Seen<'a> {
    fn of(newest: &'a Newest, tally: &'a Tally, gap_s: f64) -> Self {
        Self { newest, tally, last: newest.at.max(tally.arrival), gap_s }
    }

    fn judged(self, now: Instant, is_listening: bool) -> Judged<'a> {
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a register; `as` saturates")]
        let gap_ms = (self.gap_s * 1000.0) as i64;
        let state = match self.last {
            Some(last) if now.since(last) <= gap_ms => DeviceState::Online,
            _ if !is_listening => DeviceState::Unknown,
            Some(_) => DeviceState::Offline,
            None => DeviceState::Never,
        };
        let mut problems = Vec::new();
        if state != DeviceState::Online {
            problems.push(state.name());
        }
        if self.newest.level.is_some_and(|level| level <= LOW_BATTERY) {
            problems.push("battery");
        }
        if self.newest.is_weak() {
            problems.push("signal");
        }
        let is_off = self.tally.skew_ms().is_some_and(|skew| !(-BEHIND_MS..=AHEAD_MS).contains(&skew));
        let flags = self.tally.flags();
        if is_off || flags.contains_key("clock") {
            problems.push("clock");
        }
        let barred: u64 = BARRED.iter().filter_map(|name| flags.get(name)).sum();
        #[expect(clippy::cast_precision_loss, reason = "counts of readings; a share needs no more")]
        if barred > 0 && barred as f64 >= BARRED_SHARE * self.tally.readings as f64 {
            problems.push("marks");
        }
        problems.sort_by_key(|problem| *problem == "unknown");
        Judged { seen: self, state, problems }
    }
}

impl Judged<'_> {
    fn device(
        self,
        sensor: &Id,
        kind: &'static str,
        place: &Id,
        (interval_s, max_gap_s, reporting): (f64, f64, Reporting),
    ) -> Device {
        let Seen { newest, tally, last, .. } = self.seen;
        Device {
            sensor: sensor.clone(),
            kind,
            place: place.clone(),
            state: self.state,
            problems: self.problems,
            last_heard: last,
            interval_s,
            max_gap_s,
            reporting,
            battery_level: newest.level,
            battery_voltage: newest.voltage,
            signal: newest.signal,
            snr: newest.snr,
            clock_skew_ms: tally.skew_ms(),
            counted_since: tally.since,
            messages: tally.messages,
            readings: tally.readings,
            flags: tally.flags(),
            time_from: tally.clocks(),
            formats: tally.formats.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Flags;

    use super::*;

    #[test]
    fn a_weak_link_is_told_by_its_noise_where_that_is_known_else_by_its_strength() {
        for (signal, snr, is_weak) in [
            (Some(-84.0), None, false),
            (Some(-85.0), None, true),
            (Some(-112.0), Some(-6.5), false),
            (Some(-112.0), Some(-15.0), true),
            (Some(-120.0), Some(2.0), true),
            (None, Some(-14.5), false),
            (None, None, false),
        ] {
            let newest = Newest { signal, snr, ..heard(1) };
            let expected = if is_weak { vec!["signal"] } else { vec![] };
            assert_eq!(judged(newest, Tally::default(), true).1, expected, "{signal:?} {snr:?}");
        }
    }

    fn judged(newest: Newest, tally: Tally, is_listening: bool) -> (DeviceState, Vec<&'static str>) {
        let now = Instant::from_millis(1_800_000_000_000);
        let judged = Seen::of(&newest, &tally, 900.0).judged(now, is_listening);
        (judged.state, judged.problems)
    }

    fn heard(minutes_ago: i64) -> Newest {
        let at = Instant::from_millis(1_800_000_000_000 - minutes_ago * 60_000);
        Newest { at: Some(at), ..Newest::default() }
    }

    #[test]
    fn a_device_is_offline_behind_its_longest_gap_unless_we_are_deaf_ourselves() {
        assert_eq!(judged(heard(15), Tally::default(), true), (DeviceState::Online, vec![]));
        assert_eq!(judged(heard(16), Tally::default(), true), (DeviceState::Offline, vec!["offline"]));
        assert_eq!(judged(heard(16), Tally::default(), false), (DeviceState::Unknown, vec!["unknown"]));
        assert_eq!(judged(heard(15), Tally::default(), false), (DeviceState::Online, vec![]));
        assert_eq!(judged(Newest::default(), Tally::default(), true), (DeviceState::Never, vec!["never"]));
        let spoke = Tally { arrival: heard(1).at, ..Tally::default() };
        assert_eq!(
            judged(heard(600), spoke, true).0,
            DeviceState::Online,
            "its clock is wrong, but it speaks"
        );
    }

    #[test]
    fn battery_clock_and_marks_are_problems_of_their_own() {
        let low = Newest { level: Some(20.0), ..heard(1) };
        assert_eq!(judged(low, Tally::default(), true).1, ["battery"]);
        let skewed = |skews: &[i64]| Tally { skews_ms: skews.to_vec(), ..Tally::default() };
        assert_eq!(judged(heard(1), skewed(&[-3_700_000, -3_601_000]), true).1, ["clock"]);
        let late = skewed(&[-3_600_000, -400, -7_200_000]);
        assert_eq!(judged(heard(1), late, true).1, Vec::<&str>::new(), "some were delivered late");
        assert_eq!(judged(heard(1), skewed(&[300_001]), true).1, ["clock"]);
        let marked = |stuck| Tally {
            readings: 100,
            marks: BTreeMap::from([(Flags::STUCK, stuck)]),
            ..Tally::default()
        };
        assert_eq!(judged(heard(1), marked(9), true).1, Vec::<&str>::new());
        assert_eq!(judged(heard(1), marked(10), true).1, ["marks"]);
    }
}
