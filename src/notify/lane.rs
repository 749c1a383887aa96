//! A lane: what waits for one mail to one recipient.

use jiff::{civil::Time, tz::TimeZone};
use model::Instant;
use rules::TransitionId;
use serde::{Deserialize, Serialize};

use super::{Addressee, MailKind, Notice, PlaceName, Settings};

/// A digest that keeps growing goes out after this long all the same, ms.
const LONGEST_DIGEST_WAIT_MS: i64 = 3_600_000;

/// Local hour of the daily digest: before the working day begins.
const DIGEST_HOUR: i8 = 8;

/// What waits for one mail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lane {
    pub(super) addressee: Addressee,
    pub(super) kind: MailKind,
    pub(super) building: Option<PlaceName>,
    waiting: Vec<Notice>,
    opened: Option<Instant>,
    due: Option<Instant>,
    flushed: Option<Instant>,
    /// Whether `due` is the end of a silence.
    is_held: bool,
}

impl Lane {
    pub(super) const fn new(addressee: Addressee, kind: MailKind, building: Option<PlaceName>) -> Self {
        let waiting = Vec::new();
        Self { addressee, kind, building, waiting, opened: None, due: None, flushed: None, is_held: false }
    }

    /// Adds a notice and says when the mail is due. The same transition waits only once.
    pub(super) fn push(&mut self, notice: Notice, now: Instant, settings: &Settings) {
        if self.waiting.iter().any(|n| n.id == notice.id) {
            return;
        }
        let opened = *self.opened.get_or_insert(now);
        self.waiting.push(notice);
        self.due = Some(match self.kind {
            MailKind::Changes | MailKind::Reminder => {
                self.due.unwrap_or_else(|| self.not_before(now.plus_ms(settings.group_wait_ms), settings))
            }
            MailKind::Old | MailKind::Baseline => {
                now.plus_ms(settings.digest_wait_ms).min(opened.plus_ms(LONGEST_DIGEST_WAIT_MS))
            }
            MailKind::Unproven => self.due.unwrap_or_else(|| next_morning(&self.addressee.zone, now)),
        });
    }

    /// When its mail is due; none when nothing waits.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether a notice of this alert waits.
    pub(super) fn holds(&self, alert: &TransitionId) -> bool {
        self.waiting.iter().any(|n| n.alert == *alert)
    }

    /// Takes the notices of one alert out, to be told elsewhere.
    pub(super) fn take_alert(&mut self, alert: &TransitionId) -> Vec<Notice> {
        let (taken, kept) =
            std::mem::take(&mut self.waiting).into_iter().partition(|n: &Notice| n.alert == *alert);
        self.waiting = kept;
        if self.waiting.is_empty() {
            self.due = None;
            self.opened = None;
        }
        taken
    }

    /// Takes everything for the mail that goes out now, as it came: event order, late data last.
    /// What `silent_until` holds back goes on waiting.
    pub(super) fn flush(
        &mut self,
        now: Instant,
        settings: &Settings,
        silent_until: impl Fn(&Notice) -> Option<Instant>,
    ) -> Vec<Notice> {
        let all = std::mem::take(&mut self.waiting);
        let end = all.iter().filter_map(&silent_until).min();
        let (held, told): (Vec<_>, Vec<_>) = all.into_iter().partition(|n| silent_until(n).is_some());
        if !told.is_empty() {
            self.flushed = Some(now);
        }
        self.due = end.map(|end| self.not_before(end, settings));
        self.opened = end.map(|_| now);
        self.is_held = end.is_some();
        self.waiting = held;
        told
    }

    /// `at`, or the end of the group interval when that is later.
    fn not_before(&self, at: Instant, settings: &Settings) -> Instant {
        let is_group = matches!(self.kind, MailKind::Changes | MailKind::Reminder);
        let last = self.flushed.filter(|_| is_group);
        last.map_or(at, |last| at.max(last.plus_ms(settings.group_interval_ms)))
    }

    /// A silence was lifted: what it held back is looked at again at once.
    pub(super) fn release(&mut self, now: Instant, settings: &Settings) {
        let at = self.not_before(now, settings);
        if self.is_held {
            self.due = self.due.map(|due| due.min(at));
        }
    }

    /// Whether it may be forgotten: nothing waits and the next change would wait `group_wait` anyway.
    pub(super) fn is_idle(&self, now: Instant, settings: &Settings) -> bool {
        self.waiting.is_empty()
            && self.flushed.is_none_or(|last| last.plus_ms(settings.group_interval_ms) <= now)
    }
}

/// The next local 08:00 after `now`.
fn next_morning(zone: &str, now: Instant) -> Instant {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let hour = Time::constant(DIGEST_HOUR, 0, 0, 0);
    let today = zone.to_datetime(now.timestamp()).date();
    let at = |date: jiff::civil::Date| {
        date.to_datetime(hour).to_zoned(zone.clone()).ok().map(|z| Instant::from_timestamp(z.timestamp()))
    };
    let tomorrow = || today.tomorrow().ok().and_then(at);
    at(today).filter(|morning| *morning > now).or_else(tomorrow).unwrap_or(now)
}
