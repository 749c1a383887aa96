//! What becomes of verdicts and transitions: pages, lines, journal, mails.

use std::sync::Arc;

use rules::{Output, Transition, Verdict};

use super::{
    judge::{Judge, JudgeError},
    record::{journal_row, view_of},
};
use crate::{
    metrics::STATES,
    notify::MailKind,
    series::{PlaceTags, line},
    state::VerdictRow,
    view::AlertView,
};

impl Judge {
    /// Passes on what engine and checks have said. Returns whether there were verdicts.
    pub(super) fn settle_outputs(&mut self) -> bool {
        let outputs = std::mem::take(&mut self.outputs);
        let mut verdicts: Vec<Arc<Verdict>> = Vec::new();
        let mut transitions: Vec<Transition> = Vec::new();
        for output in outputs {
            match output {
                Output::Verdict(verdict) => {
                    self.told(&verdict);
                    verdicts.push(verdict);
                }
                Output::Transition(transition) => transitions.push(*transition),
            }
        }
        self.chart_figures(&verdicts);
        self.chart_alerts(&transitions);
        if !transitions.is_empty() {
            let now = self.parts.clock.now();
            for transition in &transitions {
                tracing::info!(
                    alert = %transition.alert.id,
                    kind = transition.kind.name(),
                    clause = transition.alert.check.clause,
                    subject = %transition.alert.check.subject.id(),
                    "alert"
                );
                self.fresh.journal.push(journal_row(transition));
                if transition.alert.state.is_over() {
                    self.acts.resolved(transition.alert.id.as_str());
                    self.board.resolved(view_of(transition.alert.clone()));
                }
            }
            self.dispatcher.handle(&transitions, &self.parts.rulebook.register, now);
        }
        !verdicts.is_empty()
    }

    /// Passes on a verdict: to pages, to the verdicts that are kept, and on its way to the time-series server.
    pub(super) fn told(&mut self, verdict: &Arc<Verdict>) {
        self.board.judged(verdict);
        self.fresh.verdicts.push(VerdictRow::from(verdict.as_ref()));
        if self.parts.has_series {
            self.fresh.lines.push(self.line_of(verdict));
        }
    }

    fn line_of(&self, verdict: &Verdict) -> String {
        let tags = PlaceTags::of(&self.parts.rulebook.register, verdict.subject.id(), verdict.window.from);
        line::verdict(&verdict.into(), &tags)
    }

    /// Writes the mails that are due to the outbox.
    pub(super) fn tell(&mut self) -> Result<(), JudgeError> {
        let now = self.parts.clock.now();
        if self.dispatcher.next_due().is_none_or(|due| due > now) {
            return Ok(());
        }
        let mut plans = self.dispatcher.due(&self.parts.rulebook.register, now);
        let reminders = plans.iter_mut().filter(|plan| plan.kind == MailKind::Reminder);
        for notice in reminders.flat_map(|plan| &mut plan.lines).map(|line| &mut line.notice) {
            if let Some(newest) = self.board.newest(notice.subject.id(), &notice.clause.id) {
                notice.renew(newest);
            }
        }
        self.is_changed = true;
        let Some(outlet) = &mut self.parts.outlet else { return Ok(()) };
        for plan in &plans {
            self.parts.disk.insist("outbox", || outlet.outbox.put(plan, now))?;
        }
        if !plans.is_empty() {
            outlet.wake.notify_one();
        }
        Ok(())
    }

    /// Gives pages a new copy.
    pub(super) fn publish(&mut self) {
        let now = self.parts.clock.now();
        let mut snapshot = self.board.snapshot(&self.engine, &self.register_checks, now);
        self.acts.tidy(now);
        let over = |alert: &AlertView| alert.state.is_over();
        for alert in snapshot.alerts.iter_mut().filter(|alert| !over(alert)) {
            self.acts.mark(Arc::make_mut(alert), &self.parts.rulebook.register, now);
        }
        snapshot.silences = self.acts.silences(now);
        snapshot.sequence = self.position.sequence;
        snapshot.is_caught_up = true;
        snapshot.ledger = self.parts.spool.ledger();
        snapshot.links = self.parts.links.all();
        snapshot.standing = self.parts.standing.now();
        self.parts.metrics.strangers(&snapshot);
        for state in STATES {
            let count = snapshot.alerts.iter().filter(|alert| alert.state == state).count();
            self.parts.metrics.alerts(state, count as u64);
        }
        self.parts.snapshot.send_replace(Arc::new(snapshot));
    }
}
