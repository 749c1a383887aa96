//! Checks of the register alone, with the life of their alerts: judged once each local day.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Instant, Period, Register};

use crate::{
    Alert, CheckId, LiveClause, Output, Verdict, assess,
    check::{Check, Memory},
    finding::Finding,
    outlived::outlive,
};

/// The register's checks and what they said before.
#[derive(Debug, Clone)]
pub struct RegisterChecks {
    register: Arc<Register>,
    clauses: Vec<LiveClause>,
    checks: BTreeMap<CheckId, Check>,
    judged: Option<Instant>,
    is_changed: bool,
}

/// What a checkpoint holds of them. Opaque: written and read back by the service.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SavedRegisterChecks {
    judged: Option<Instant>,
    memories: Vec<(CheckId, Memory)>,
}

impl RegisterChecks {
    /// Checks that have said nothing yet.
    #[must_use]
    pub fn new(register: Arc<Register>, clauses: &[LiveClause]) -> Self {
        let clauses = clauses.iter().filter(|live| live.clause.period == Period::Register).cloned().collect();
        Self { register, clauses, checks: BTreeMap::new(), judged: None, is_changed: false }
    }

    /// Judges the local day that `now` lies in, unless it was judged already. Verdicts that say what
    /// the day before said are not repeated.
    pub fn advance(&mut self, now: Instant, out: &mut Vec<Output>) {
        let day = self.register.calendar.window(Period::Day, now).from;
        if self.judged.is_none_or(|judged| judged < day) {
            self.judge(day, out);
        }
    }

    /// Goes on with another register and other clauses, which judge the day anew at once. Alerts of
    /// what is not judged any more are withdrawn.
    pub fn rebind(
        &mut self,
        register: Arc<Register>,
        clauses: &[LiveClause],
        now: Option<Instant>,
        out: &mut Vec<Output>,
    ) {
        let mut next = Self::new(register, clauses);
        // Before the first reading nothing was judged.
        let Some(now) = now else {
            *self = next;
            return;
        };
        let day = next.register.calendar.window(Period::Day, now).from;
        let judged = assess(&next.register, &next.clauses, day).into_iter();
        let judged: BTreeSet<CheckId> =
            judged.map(|v| CheckId { clause: v.clause.id.clone(), subject: v.subject }).collect();
        for (id, mut check) in std::mem::take(&mut self.checks) {
            let live = next.clauses.iter().find(|live| live.clause.id == id.clause);
            match live.filter(|live| judged.contains(&id) && check.goes_on_as(live)) {
                Some(live) => {
                    check.live = Arc::new(live.clone());
                    next.checks.insert(id, check);
                }
                None => out.extend(check.withdraw(now).map(|t| Output::Transition(Box::new(t)))),
            }
        }
        next.judge(day, out);
        *self = next;
    }

    /// Judges the local day that begins at `day`.
    fn judge(&mut self, day: Instant, out: &mut Vec<Output>) {
        self.judged = Some(day);
        self.is_changed = true;
        for verdict in assess(&self.register, &self.clauses, day) {
            let Some(live) = self.clauses.iter().find(|live| live.clause.id == verdict.clause.id) else {
                continue;
            };
            let id = CheckId { clause: verdict.clause.id.clone(), subject: verdict.subject.clone() };
            let new = || Check::new(Arc::new(live.clone()), Arc::new(verdict.subject.clone()));
            let check = self.checks.entry(id).or_insert_with(new);
            let (said, life) = (check.last_verdict(), check.life());
            let Some((verdict, is_turned)) = check.note(finding_of(verdict), day, i64::MAX) else { continue };
            let transition =
                check.settle(&life, (verdict.time, &verdict), is_turned.then_some(&verdict), i64::MAX);
            check.prune(day, i64::MAX);
            if !said.is_some_and(|said| said.says_the_same(&verdict)) {
                out.push(Output::Verdict(Arc::new(verdict)));
            }
            out.extend(transition.map(|t| Output::Transition(Box::new(t))));
        }
        let closed_to = self.register.calendar.window(Period::Day, day).to;
        let mut checks: Vec<&mut Check> = self.checks.values_mut().collect();
        outlive(&mut checks, (closed_to, &self.register), day, i64::MAX, out);
    }

    /// Alerts that are pending or firing.
    #[must_use]
    pub fn alerts(&self) -> Vec<Alert> {
        self.checks.values().filter_map(Check::alert).collect()
    }

    /// The newest verdict of every check.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        self.checks.values().filter_map(Check::last_verdict).collect()
    }

    /// What is to be saved, if anything changed since the last call.
    pub fn take_changed(&mut self) -> Option<SavedRegisterChecks> {
        std::mem::take(&mut self.is_changed).then(|| SavedRegisterChecks {
            judged: self.judged,
            memories: self.checks.iter().map(|(id, check)| (id.clone(), check.memory.clone())).collect(),
        })
    }

    /// Takes up what a checkpoint holds; clauses that are not here any more are dropped.
    pub fn restore(&mut self, saved: SavedRegisterChecks) {
        self.judged = saved.judged;
        for (id, memory) in saved.memories {
            let Some(live) = self.clauses.iter().find(|live| live.clause.id == id.clause) else { continue };
            let mut check = Check::new(Arc::new(live.clone()), Arc::new(id.subject.clone()));
            check.memory = memory;
            self.checks.insert(id, check);
        }
    }
}

fn finding_of(verdict: Verdict) -> Finding {
    Finding {
        window: verdict.window,
        outcome: verdict.outcome,
        rating: verdict.rating,
        value: verdict.value,
        limit: verdict.limit,
        is_minimum: verdict.is_minimum,
        coverage: verdict.coverage,
        waived: verdict.waived,
        why: verdict.why,
    }
}
