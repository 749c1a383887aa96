//! What a check remembers: what it said of recent windows, and where its alert stands.

use model::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::{
    Clause, Outcome, RatingLevel, Why,
    check::Finding,
    compact,
    judge::keeps,
    life::{Life, Rule, Step},
};

/// What was said of one window: enough to see whether a correction says anything else, and to
/// tell the life of the alert anew. Small, as there are very many: 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub(crate) struct Seen {
    /// Start of the window, s since 1970; windows begin on whole seconds.
    from_s: u32,
    length_s: u32,
    /// When it was first judged.
    time: Instant,
    /// Hash of every field that is printed.
    pub(crate) print: u32,
    revision: u16,
    pub(crate) outcome: Outcome,
    /// Of a breach: whether it is waived. Else: whether the value keeps the clear limit as well.
    is_eased: bool,
}

/// How a checkpoint holds it, in the words of 0.1.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(with = "compact::instant")]
    from: Instant,
    #[serde(with = "compact::instant")]
    time: Instant,
    print: u64,
    length_s: u32,
    revision: u16,
    outcome: Outcome,
    is_eased: bool,
}

impl From<Written> for Seen {
    fn from(w: Written) -> Self {
        Self {
            from_s: small(w.from.millis() / 1000),
            length_s: w.length_s,
            time: w.time,
            print: low(w.print),
            revision: w.revision,
            outcome: w.outcome,
            is_eased: w.is_eased,
        }
    }
}

impl From<Seen> for Written {
    fn from(seen: Seen) -> Self {
        Self {
            from: seen.from(),
            time: seen.time,
            print: u64::from(seen.print),
            length_s: seen.length_s,
            revision: seen.revision,
            outcome: seen.outcome,
            is_eased: seen.is_eased,
        }
    }
}

/// As near as it goes.
fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// The lower half: two figures of one window that share it are one in four billion.
fn low(print: u64) -> u32 {
    u32::try_from(print & u64::from(u32::MAX)).unwrap_or(0)
}

impl Seen {
    pub(crate) fn new(finding: &Finding, clause: &Clause, at: Instant, known: Option<&Self>) -> Self {
        let is_clear = finding.value.zip(clause.clear).is_none_or(|(value, clear)| keeps(&clear, value));
        let is_breach = finding.outcome == Outcome::Breach;
        Self {
            from_s: small(finding.window.from.millis() / 1000),
            length_s: small(finding.window.millis() / 1000),
            time: known.map_or(at, |k| k.time),
            print: low(print(finding)),
            revision: known.map_or(1, |k| k.revision.saturating_add(1)),
            outcome: finding.outcome,
            is_eased: if is_breach { finding.waived.is_some() } else { is_clear },
        }
    }

    fn from(&self) -> Instant {
        Instant::from_millis(i64::from(self.from_s) * 1000)
    }

    /// How often the window has been told.
    pub(crate) fn revision(&self) -> u32 {
        u32::from(self.revision)
    }

    fn length_ms(&self) -> i64 {
        i64::from(self.length_s) * 1000
    }

    fn to(&self) -> Instant {
        self.from().plus_ms(self.length_ms())
    }

    fn step(&self) -> Step {
        let is_breach = self.outcome == Outcome::Breach;
        Step {
            from: self.from(),
            length_ms: self.length_ms(),
            time: self.time,
            revision: self.revision(),
            outcome: self.outcome,
            is_waived: is_breach && self.is_eased,
            is_clear: !is_breach && self.is_eased,
        }
    }

    /// Whether it leaves a check that was at rest at rest.
    const fn is_calm(&self) -> bool {
        matches!(self.outcome, Outcome::Compliant) && self.is_eased
    }
}

/// FNV-1a over what is printed of a finding; checkpoints hold it, so it must not change.
fn print(finding: &Finding) -> u64 {
    let number = |v: Option<f64>| {
        v.map_or([0; 9], |v| {
            let mut bytes = [1; 9];
            bytes.iter_mut().zip(v.to_bits().to_le_bytes()).for_each(|(to, from)| *to = from);
            bytes
        })
    };
    let outcome = match finding.outcome {
        Outcome::Compliant => 0,
        Outcome::Breach => 1,
        Outcome::Insufficient => 2,
    };
    let rating = match finding.rating {
        None => 0,
        Some(RatingLevel::Guide) => 1,
        Some(RatingLevel::Baseline) => 2,
        Some(RatingLevel::Constraint) => 3,
        Some(RatingLevel::AboveConstraint) => 4,
    };
    let head = [outcome, rating, u8::from(finding.is_minimum)];
    let numbers = [finding.value, finding.limit, Some(finding.coverage)].map(number);
    let bytes = head.iter().chain(numbers.iter().flatten()).copied();
    bytes
        .chain(finding.waived.iter().flat_map(|w| w.bytes()))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A verdict as it is kept: everything but the clause and the subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last {
    window: Span,
    time: Instant,
    revision: u32,
    outcome: Outcome,
    rating: Option<RatingLevel>,
    value: Option<f64>,
    limit: Option<f64>,
    is_minimum: bool,
    coverage: f64,
    waived: Option<String>,
    why: Why,
}

impl Last {
    pub(crate) fn new(finding: Finding, revision: u32, time: Instant) -> Self {
        let Finding { window, outcome, rating, value, limit, is_minimum, coverage, waived, why } = finding;
        Self { window, time, revision, outcome, rating, value, limit, is_minimum, coverage, waived, why }
    }

    pub(crate) fn finding(&self) -> Finding {
        Finding {
            window: self.window,
            outcome: self.outcome,
            rating: self.rating,
            value: self.value,
            limit: self.limit,
            is_minimum: self.is_minimum,
            coverage: self.coverage,
            waived: self.waived.clone(),
            why: self.why.clone(),
        }
    }

    pub(crate) const fn revision(&self) -> u32 {
        self.revision
    }

    pub(crate) const fn time(&self) -> Instant {
        self.time
    }
}

/// What a check must remember over a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Recent windows in time order.
    history: Vec<Seen>,
    /// Windows that end by this instant have left the history.
    #[serde(with = "compact::instant")]
    pub(crate) pruned_to: Instant,
    /// The alert before the oldest of them.
    base: Life,
    /// The alert now.
    pub(crate) life: Life,
    /// Whether `life` must be told anew from the history.
    is_rewritten: bool,
    /// The clause is no longer in force: no alert lives, whatever the history tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_out_of_force: bool,
    /// The newest verdict, and the newest that spoke while an alert lives.
    pub(crate) last: Option<Last>,
    pub(crate) spoke: Option<Box<Last>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            history: Vec::new(),
            pruned_to: Instant::MIN,
            base: Life::default(),
            life: Life::default(),
            is_rewritten: false,
            is_out_of_force: false,
            last: None,
            spoke: None,
        }
    }
}

impl Memory {
    /// What was said of the window that begins at `from`.
    pub(crate) fn seen(&self, from: Instant) -> Option<&Seen> {
        let index = self.history.binary_search_by_key(&from, Seen::from).ok()?;
        self.history.get(index)
    }

    /// Takes what is now said of a window.
    pub(crate) fn take(&mut self, seen: Seen, last: Last, rule: &Rule) {
        let newer = |held: Option<&Last>| held.is_none_or(|h| h.window.from <= last.window.from);
        let is_news = !(self.life.is_over() && seen.is_calm());
        if is_news && last.outcome != Outcome::Insufficient && newer(self.spoke.as_deref()) {
            self.spoke = Some(Box::new(last.clone()));
        }
        if newer(self.last.as_ref()) {
            self.last = Some(last);
        }
        match self.history.binary_search_by_key(&seen.from_s, |held| held.from_s) {
            Ok(index) => {
                if let Some(held) = self.history.get_mut(index) {
                    *held = seen;
                }
                self.is_rewritten = true;
            }
            Err(index) if index == self.history.len() => {
                if !self.is_rewritten {
                    self.life.step(&seen.step(), rule);
                }
                if self.history.len() == self.history.capacity() {
                    self.history.reserve_exact(4 + self.history.len() / 4);
                }
                self.history.push(seen);
            }
            Err(index) => {
                self.history.insert(index, seen);
                self.is_rewritten = true;
            }
        }
    }

    /// Tells the life of the alert anew where an older window has changed. An alert that goes on
    /// firing is the same alert: it keeps the verdict with which it fired, and so its id.
    pub(crate) fn settle(&mut self, before: &Life, rule: &Rule) {
        let is_rewritten = std::mem::take(&mut self.is_rewritten);
        if self.is_out_of_force {
            self.life = Life::default();
            return;
        }
        if !is_rewritten {
            return;
        }
        self.life.clone_from(&self.base);
        for seen in &self.history {
            self.life.step(&seen.step(), rule);
        }
        self.life.go_on_from(before);
    }

    /// The clause is in force no longer, or again: then the history tells the life of the alert anew.
    pub(crate) const fn set_out_of_force(&mut self, is_out: bool) {
        self.is_out_of_force = is_out;
        self.is_rewritten = true;
    }

    /// Whether any window was proven compliant or a breach.
    pub(crate) fn has_spoken(&self) -> bool {
        self.base.has_spoken() || self.history.iter().any(|seen| seen.outcome != Outcome::Insufficient)
    }

    /// Lets go of what only a living alert needs.
    pub(crate) fn tidy(&mut self) {
        if self.life.is_over() {
            self.spoke = None;
        }
    }

    /// Forgets windows that ended by `before`; the newest stays.
    pub(crate) fn prune(&mut self, before: Instant, rule: &Rule) {
        let over = self.history.partition_point(|seen| seen.to() <= before);
        let over = over.min(self.history.len().saturating_sub(1));
        for seen in self.history.drain(..over) {
            self.pruned_to = seen.to();
            self.base.step(&seen.step(), rule);
        }
    }
}
