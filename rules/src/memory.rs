//! What a check remembers: what it said of recent windows, and where its alert stands.

use model::{Instant, Span};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    Outcome, RatingLevel, compact,
    finding::Finding,
    life::{Life, Rule},
    memo::Memo,
    past::Past,
    seen::Seen,
};

/// A verdict as it is kept: everything but the clause and the subject.
#[derive(Debug, Clone, PartialEq, Deserialize)]
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
    waived: Option<Box<str>>,
    why: Memo,
}

impl Last {
    pub(crate) fn new(finding: &Finding, revision: u32, time: Instant) -> Self {
        Self {
            window: finding.window,
            time,
            revision,
            outcome: finding.outcome,
            rating: finding.rating,
            value: finding.value,
            limit: finding.limit,
            is_minimum: finding.is_minimum,
            coverage: finding.coverage,
            waived: finding.waived.as_deref().map(Box::from),
            why: Memo::of(&finding.why),
        }
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
            waived: self.waived.as_deref().map(str::to_owned),
            why: self.why.why(),
        }
    }

    pub(crate) const fn revision(&self) -> u32 {
        self.revision
    }

    pub(crate) const fn time(&self) -> Instant {
        self.time
    }
}

/// As a list: a checkpoint holds very many. Files of 0.1 have names in it, which are read too.
impl Serialize for Last {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (
            (self.window.from, self.window.to),
            self.time,
            self.revision,
            self.outcome,
            self.rating,
            self.value,
            self.limit,
            self.is_minimum,
            self.coverage,
            &self.waived,
            &self.why,
        )
            .serialize(s)
    }
}

/// What a check must remember over a restart: nothing until a window is judged, since most checks of a place
/// never are, for want of a sensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Memory(Option<Box<Known>>);

/// What is remembered of windows that were judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    /// Recent windows in time order.
    history: Past,
    /// Windows that end by this instant have left the history.
    #[serde(with = "compact::instant")]
    pruned_to: Instant,
    /// The alert before the oldest of them.
    base: Life,
    /// The alert now.
    life: Life,
    /// Whether `life` must be told anew from the history.
    is_rewritten: bool,
    /// The clause is no longer in force: no alert lives, whatever the history tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_out_of_force: bool,
    /// The newest verdict, and the newest that spoke while an alert lives.
    last: Option<Last>,
    spoke: Option<Box<Last>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            history: Past::default(),
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
    fn known(&mut self) -> &mut Known {
        self.0.get_or_insert_default()
    }

    /// Windows that end by this instant are closed for good.
    pub(crate) fn pruned_to(&self) -> Instant {
        self.0.as_ref().map_or(Instant::MIN, |known| known.pruned_to)
    }

    /// Where the alert stands.
    pub(crate) fn life(&self) -> &Life {
        self.0.as_ref().map_or(&Life::REST, |known| &known.life)
    }

    /// Whether the clause is no longer in force.
    pub(crate) fn is_out_of_force(&self) -> bool {
        self.0.as_ref().is_some_and(|known| known.is_out_of_force)
    }

    /// The newest verdict.
    pub(crate) fn last(&self) -> Option<&Last> {
        self.0.as_ref()?.last.as_ref()
    }

    /// The newest verdict that spoke while an alert lives.
    pub(crate) fn spoke(&self) -> Option<&Last> {
        self.0.as_ref()?.spoke.as_deref()
    }

    /// What was said of the window that begins at `from`.
    pub(crate) fn seen(&self, from: Instant) -> Option<Seen> {
        self.0.as_ref()?.history.get(from)
    }

    /// Takes what is now said of a window.
    pub(crate) fn take(&mut self, seen: Seen, last: Last, rule: &Rule) {
        self.known().take(seen, last, rule);
    }

    /// Tells the life of the alert anew where an older window has changed. An alert that goes on
    /// firing is the same alert: it keeps the verdict with which it fired, and so its id. One that fires
    /// again is another: it is known by `cause`, event time and revision of what has changed it.
    pub(crate) fn settle(&mut self, before: &Life, cause: (Instant, u32), rule: &Rule) {
        if let Some(known) = &mut self.0 {
            known.settle(before, cause, rule);
        }
    }

    /// Nothing was judged for too long, if `stale_ms` and the length of a window have passed: see [`Life::fade`].
    pub(crate) fn fade(&mut self, now: Instant, stale_ms: i64) -> bool {
        self.0.as_mut().is_some_and(|known| {
            let due = known.last.as_ref().map_or(0, |last| last.window.millis());
            known.life.fade(now, stale_ms.saturating_add(due))
        })
    }

    /// The clause is in force no longer, or again: then the history tells the life of the alert anew.
    pub(crate) fn set_out_of_force(&mut self, is_out: bool) {
        let known = self.known();
        known.is_out_of_force = is_out;
        known.is_rewritten = true;
    }

    /// Whether any window was proven compliant or a breach.
    pub(crate) fn has_spoken(&self) -> bool {
        self.0.as_ref().is_some_and(|known| known.has_spoken())
    }

    /// Lets go of what only a living alert needs.
    pub(crate) fn tidy(&mut self) {
        if let Some(known) = self.0.as_mut().filter(|known| known.life.is_over()) {
            known.spoke = None;
        }
    }

    /// Forgets windows that ended by `before`; the newest stays.
    pub(crate) fn prune(&mut self, before: Instant, rule: &Rule) {
        if let Some(known) = &mut self.0 {
            known.prune(before, rule);
        }
    }
}

impl Known {
    fn take(&mut self, seen: Seen, last: Last, rule: &Rule) {
        let newer = |held: Option<&Last>| held.is_none_or(|h| h.window.from <= last.window.from);
        let is_news = !(self.life.is_over() && seen.is_calm());
        if last.outcome == Outcome::Insufficient {
            // What it said of this window is unsaid.
            self.spoke.take_if(|spoke| spoke.window.from == last.window.from);
        }
        if is_news && last.outcome != Outcome::Insufficient && newer(self.spoke.as_deref()) {
            self.spoke = Some(Box::new(last.clone()));
        }
        if newer(self.last.as_ref()) {
            self.last = Some(last);
        }
        if self.history.put(seen) {
            self.is_rewritten = true;
        } else if !self.is_rewritten {
            self.life.step(&seen.step(), rule);
        }
    }

    fn settle(&mut self, before: &Life, cause: (Instant, u32), rule: &Rule) {
        let is_rewritten = std::mem::take(&mut self.is_rewritten);
        if self.is_out_of_force {
            self.life = Life::default();
            return;
        }
        if !is_rewritten {
            return;
        }
        self.life.clone_from(&self.base);
        for seen in self.history.iter() {
            self.life.step(&seen.step(), rule);
        }
        self.life.go_on_from(before, cause);
    }

    fn has_spoken(&self) -> bool {
        self.base.has_spoken() || self.history.iter().any(|seen| seen.outcome != Outcome::Insufficient)
    }

    fn prune(&mut self, before: Instant, rule: &Rule) {
        while let Some(seen) = self.history.forget_first(before) {
            self.pruned_to = seen.to();
            self.base.step(&seen.step(), rule);
        }
    }
}

/// As what is remembered, or as nothing.
impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

/// Files of 0.1 hold what is remembered of checks that never judged anything too.
impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let known = Option::<Box<Known>>::deserialize(d)?;
        Ok(Self(known.filter(|known| **known != Known::default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_with_names_is_read_as_the_list_is() {
        let named = r#"{"window":{"from":"2026-03-02T00:00:00Z","to":"2026-03-02T01:00:00Z"},
            "time":"2026-03-02T01:15:00Z","revision":2,"outcome":"breach","rating":null,"value":1010.5,
            "limit":1000.0,"is_minimum":false,"coverage":0.9,"waived":"until spring","why":{"gate":true}}"#;
        let last: Last = serde_json::from_str(named).unwrap();
        assert_eq!(
            (last.revision, last.value, last.waived.as_deref()),
            (2, Some(1010.5), Some("until spring"))
        );
        let list = serde_json::to_string(&last).unwrap();
        assert!(list.starts_with('['), "{list}");
        assert_eq!(serde_json::from_str::<Last>(&list).unwrap(), last);
    }
}
