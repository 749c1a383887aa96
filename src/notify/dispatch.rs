//! When a mail goes out, and what is told together: a state machine on wall time, without IO.
//!
//! Whoever drives it writes the mails of [`Dispatcher::due`] to the outbox before it keeps the new state
//! (both are serialisable): a restart from an older state then plans the same lines again, and the outbox
//! knows them already.

use std::collections::BTreeMap;

use model::{Id, Instant, Period, Register};
use rules::{Provenance, Transition, TransitionId, TransitionKind};
use serde::{Deserialize, Serialize};

use super::{
    Addressee, Line, MailKind, MailPlan, Notice, Silence,
    lane::Lane,
    plan::{mail_key, reminder_id},
    route,
};

/// More lines than this make a second mail: the header that lists them must pass every mail server.
const MAX_LINES: usize = 1000;

/// How long things wait. All in milliseconds of wall time, 0 or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// From the first change of a quiet building to its mail.
    pub group_wait_ms: i64,
    /// Least time between two mails of changes to one recipient about one building.
    pub group_interval_ms: i64,
    /// From a mail to the reminder that the alert still fires; 0 for none.
    pub repeat_interval_ms: i64,
    /// A change that is older goes to the digest of old findings.
    pub old_after_ms: i64,
    /// How long a digest waits for more after the last finding that it got.
    pub digest_wait_ms: i64,
}

impl Default for Settings {
    /// Group wait 30 s, group interval 5 min, repeat 4 h (the customary values of Alertmanager); old after 24 h.
    fn default() -> Self {
        Self {
            group_wait_ms: 30_000,
            group_interval_ms: 300_000,
            repeat_interval_ms: 4 * 3_600_000,
            old_after_ms: 24 * 3_600_000,
            digest_wait_ms: 60_000,
        }
    }
}

/// An alert that was told, or is about to be, and is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Live {
    /// The newest notice.
    notice: Notice,
    /// Who hears of it, with the key of the newest mail that told it.
    listeners: BTreeMap<Id, Option<String>>,
    /// When it was last told.
    told_at: Option<Instant>,
    /// Reminders sent so far.
    reminders: u32,
    is_acknowledged: bool,
}

/// Groups transitions into mails. See the module page for how to drive it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dispatcher {
    #[serde(skip)]
    settings: Settings,
    /// Wall time of the first transition ever: the first start lasts for one digest wait from here.
    started: Option<Instant>,
    /// By recipient, kind and building.
    lanes: BTreeMap<String, Lane>,
    live: BTreeMap<TransitionId, Live>,
    silences: Vec<Silence>,
}

impl Dispatcher {
    /// A dispatcher that has told nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// The same state under other settings, as after reading it back.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Takes transitions at the wall time `now`; what is to be mailed comes out of [`Self::due`].
    ///
    /// Waived breaches and clauses that are not enforced (unverified and not accepted) are not mailed,
    /// unless the alert was told before.
    pub fn handle(&mut self, transitions: &[Transition], register: &Register, now: Instant) {
        for transition in transitions {
            let started = *self.started.get_or_insert(now);
            let is_told = self.live.contains_key(&transition.alert.id);
            if !is_told && !is_mailed(transition, register) {
                continue;
            }
            let notice = Notice::new(transition, register);
            let kind = self.kind_of(&notice, started, now);
            self.take(notice, kind, register, now);
        }
    }

    /// The mails that are due at the wall time `now`, the longest due first.
    #[must_use]
    pub fn due(&mut self, register: &Register, now: Instant) -> Vec<MailPlan> {
        self.silences.retain(|silence| now < silence.until);
        let mut plans = Vec::new();
        let mut lanes = std::mem::take(&mut self.lanes);
        for lane in lanes.values_mut() {
            if let Some(due) = lane.due().filter(|due| *due <= now) {
                plans.extend(self.plans_of(lane, register, due, now));
            }
        }
        lanes.retain(|_, lane| !lane.is_idle(now, &self.settings));
        self.lanes = lanes;
        plans.extend(self.reminders(register, now));
        plans.sort_by(|a, b| a.due.cmp(&b.due).then_with(|| a.addressee.id.cmp(&b.addressee.id)));
        plans
    }

    /// When [`Self::due`] has something next; none while nothing waits.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        let lanes = self.lanes.values().filter_map(Lane::due);
        lanes.chain(self.live.values().filter_map(|live| self.remind_at(live))).min()
    }

    /// Somebody has taken the alert on, or (`false`) given it back: reminders stop, or start again.
    /// `alert` is the alert's id. Returns whether such an alert is live.
    pub fn acknowledge(&mut self, alert: &str, is_acknowledged: bool) -> bool {
        let found = self.live.iter_mut().find(|(id, _)| id.as_str() == alert);
        found.map(|(_, live)| live.is_acknowledged = is_acknowledged).is_some()
    }

    /// Begins a silence; one of the same id is replaced.
    pub fn silence(&mut self, silence: Silence) {
        self.silences.retain(|s| s.id != silence.id);
        self.silences.push(silence);
    }

    /// Ends a silence before its time. Returns whether there was one of this id.
    pub fn lift_silence(&mut self, id: &str, now: Instant) -> bool {
        let before = self.silences.len();
        self.silences.retain(|s| s.id != id);
        self.lanes.values_mut().for_each(|lane| lane.release(now, &self.settings));
        self.silences.len() < before
    }

    /// When the silences that cover a notice have ended; none when none does.
    fn silent_until(&self, notice: &Notice, now: Instant) -> Option<Instant> {
        self.silences.iter().filter(|s| s.covers(notice, now)).map(|s| s.until).max()
    }

    fn kind_of(&self, notice: &Notice, started: Instant, now: Instant) -> MailKind {
        let is_first_start = now.since(started) <= self.settings.digest_wait_ms;
        if notice.kind == TransitionKind::Unproven {
            MailKind::Unproven
        } else if notice.clause.period == Period::Register && is_first_start {
            MailKind::Baseline
        } else if now.since(notice.at) > self.settings.old_after_ms {
            MailKind::Old
        } else {
            MailKind::Changes
        }
    }

    fn take(&mut self, mut notice: Notice, kind: MailKind, register: &Register, now: Instant) {
        let routed = route(&notice, register, now);
        let readers = match self.live.get_mut(&notice.alert) {
            Some(live) => {
                if matches!(notice.kind, TransitionKind::Revised | TransitionKind::Resolved) {
                    notice.told_value = live.notice.value;
                }
                live.notice = notice.clone();
                self.listeners_of(&notice, &routed, register, now)
            }
            None => routed,
        };
        let over = self.live.get_mut(&notice.alert).filter(|_| notice.kind.is_end());
        if let Some(live) = over {
            live.listeners.retain(|id, _| readers.iter().any(|r| r.id == *id));
        }
        if readers.is_empty() {
            self.live.remove(&notice.alert);
            return;
        }
        if !notice.kind.is_end() {
            let live = self.live.entry(notice.alert.clone()).or_insert_with(|| Live::new(&notice));
            for reader in &readers {
                live.listeners.entry(reader.id.clone()).or_default();
            }
        }
        for reader in readers {
            self.push(reader, notice.clone(), kind, now);
        }
    }

    /// Who hears the rest of a story that was begun: those who heard its beginning, and for a new
    /// firing also those whom it concerns now.
    fn listeners_of(
        &self,
        notice: &Notice,
        routed: &[Addressee],
        reg: &Register,
        now: Instant,
    ) -> Vec<Addressee> {
        let told = self.live.get(&notice.alert).map(|live| live.listeners.keys()).into_iter().flatten();
        let mut readers: Vec<Addressee> = told
            .filter_map(|id| {
                let row = reg.recipients.get(id).and_then(|h| h.at(now));
                let known = || self.lanes.values().map(|l| &l.addressee).find(|a| a.id == *id).cloned();
                row.map(|r| route::addressee(r, reg)).or_else(known)
            })
            .collect();
        let is_new = |a: &&Addressee| !readers.iter().any(|r| r.id == a.id);
        let more: Vec<Addressee> = routed.iter().filter(is_new).cloned().collect();
        if notice.kind == TransitionKind::Firing || readers.is_empty() {
            readers.extend(more);
        }
        readers
    }

    /// Puts a notice where its mail gathers. A change joins an earlier one of the same alert that still
    /// waits, so that both are told at once; only the daily digest does not hold back newer news.
    fn push(&mut self, reader: Addressee, notice: Notice, kind: MailKind, now: Instant) {
        let mut earlier = Vec::new();
        if kind != MailKind::Unproven {
            for lane in self.lanes.values_mut().filter(|l| l.addressee.id == reader.id) {
                if lane.kind == MailKind::Unproven {
                    earlier.extend(lane.take_alert(&notice.alert));
                }
            }
        }
        let is_waiting = |lane: &&mut Lane| lane.addressee.id == reader.id && lane.holds(&notice.alert);
        let settings = &self.settings;
        if let Some(lane) = self.lanes.values_mut().find(is_waiting) {
            earlier.into_iter().chain([notice]).for_each(|n| lane.push(n, now, settings));
            return;
        }
        let building = notice.building().filter(|_| !kind.is_digest()).cloned();
        let key = format!("{}/{kind:?}/{}", reader.id, building.as_ref().map_or("", |b| b.id.as_str()));
        let lane = self.lanes.entry(key).or_insert_with(|| Lane::new(reader.clone(), kind, building));
        lane.addressee = reader;
        earlier.into_iter().chain([notice]).for_each(|n| lane.push(n, now, settings));
    }

    fn plans_of(
        &mut self,
        lane: &mut Lane,
        register: &Register,
        due: Instant,
        now: Instant,
    ) -> Vec<MailPlan> {
        let row = register.recipients.get(&lane.addressee.id).and_then(|h| h.at(now));
        let deputy_of = lane.addressee.deputy_of.clone();
        let addressee = row.map_or_else(|| lane.addressee.clone(), |r| route::addressee(r, register));
        let addressee = Addressee { deputy_of, ..addressee };
        let notices = lane.flush(now, &self.settings, |notice| self.silent_until(notice, now));
        let mut plans = Vec::new();
        for part in notices.chunks(MAX_LINES) {
            let lines = part.iter().map(|n| Line { id: n.id.to_string(), notice: n.clone() }).collect();
            let building = lane.building.clone();
            plans.push(self.plan(addressee.clone(), lane.kind, building, lines, due, now));
        }
        plans
    }

    /// Makes the plan and notes in the live alerts that it tells them.
    fn plan(
        &mut self,
        addressee: Addressee,
        kind: MailKind,
        building: Option<super::PlaceName>,
        lines: Vec<Line>,
        due: Instant,
        now: Instant,
    ) -> MailPlan {
        let key = mail_key(&addressee.id, lines.iter().map(|line| line.id.as_str()));
        let mut answers: Vec<String> = Vec::new();
        for line in &lines {
            let Some(live) = self.live.get_mut(&line.notice.alert) else { continue };
            let told = live.listeners.entry(addressee.id.clone()).or_default();
            let before = told.replace(key.clone());
            answers.extend(before.filter(|b| *b != key && !answers.contains(b)));
            live.told_at = Some(now);
            if line.notice.kind.is_end() {
                live.listeners.remove(&addressee.id);
            }
            if live.listeners.is_empty() {
                self.live.remove(&line.notice.alert);
            }
        }
        MailPlan { addressee, kind, building, lines, answers, due }
    }

    /// When the alert is to be told again.
    fn remind_at(&self, live: &Live) -> Option<Instant> {
        let is_silent = self.settings.repeat_interval_ms <= 0 || live.is_acknowledged;
        let is_over = live.notice.kind.is_end() || live.notice.kind == TransitionKind::Unproven;
        let pace = self.settings.repeat_interval_ms.max(pace_ms(live.notice.clause.period));
        let due = live.told_at.filter(|_| !is_silent && !is_over)?.plus_ms(pace);
        Some(self.silent_until(&live.notice, due).map_or(due, |end| end.max(due)))
    }

    fn reminders(&mut self, register: &Register, now: Instant) -> Vec<MailPlan> {
        let is_due = |live: &Live, at: Instant| self.remind_at(live).is_some_and(|due| due <= at);
        let building = |live: &Live| live.notice.building().map(|b| b.id.clone());
        let due: Vec<Option<Id>> = self.live.values().filter(|l| is_due(l, now)).map(building).collect();
        // What would be due before the next mail of this building may go is told along with it.
        let soon = now.plus_ms(self.settings.group_interval_ms);
        let told = self.live.values().filter(|l| due.contains(&building(l)) && is_due(l, soon));
        let alerts: Vec<TransitionId> = told.map(|l| l.notice.alert.clone()).collect();
        let mut mails: BTreeMap<(Id, Option<Id>), (Addressee, Vec<Line>)> = BTreeMap::new();
        for alert in alerts {
            let Some(live) = self.live.get_mut(&alert) else { continue };
            live.reminders += 1;
            live.told_at = Some(now);
            let place = live.notice.building().map(|b| b.id.clone());
            for reader in route(&live.notice, register, now) {
                let line = Line { id: reminder_id(&alert, live.reminders), notice: live.notice.clone() };
                let mail = mails.entry((reader.id.clone(), place.clone())).or_insert((reader, Vec::new()));
                mail.1.push(line);
            }
        }
        let mut plans = Vec::new();
        for (reader, lines) in mails.into_values() {
            for part in lines.chunks(MAX_LINES) {
                let place = part.first().and_then(|line| line.notice.building().cloned());
                plans.push(self.plan(reader.clone(), MailKind::Reminder, place, part.to_vec(), now, now));
            }
        }
        plans
    }
}

impl Live {
    fn new(notice: &Notice) -> Self {
        let notice = notice.clone();
        Self { notice, listeners: BTreeMap::new(), told_at: None, reminders: 0, is_acknowledged: false }
    }
}

/// Whether an alert may be mailed at all.
fn is_mailed(transition: &Transition, register: &Register) -> bool {
    let verdict = &transition.alert.verdict;
    let clause = &verdict.clause;
    let is_enforced =
        clause.provenance != Provenance::Unverified || register.accept_unverified.contains(&clause.id);
    is_enforced && verdict.waived.is_none()
}

/// No reminder comes sooner than a new window could say something else, ms.
const fn pace_ms(period: Period) -> i64 {
    const DAY: i64 = 86_400_000;
    match period {
        Period::Hour => 0,
        Period::Day => DAY,
        Period::Week => 7 * DAY,
        Period::Month | Period::Year | Period::All | Period::Register => 30 * DAY,
    }
}
