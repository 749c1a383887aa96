//! The steps of a register: from two readings to amounts over spans.

use model::{
    Instant, Span,
    register::{Carrier, MeterEvent, MeterEventKind},
};

use super::facts::MeterFacts;
use crate::steps::{Micro, micro};

/// A step above this power is no use but a broken register, kW, where the register names no rated power.
const GIANT_KW: f64 = 100_000.0;
const HOUR_MS: i64 = 3_600_000;

/// An amount in micro-units, evenly spread over its span.
pub(super) type Step = (Span, i128);

/// The use between two register readings, in the unit of the quantity, in the order of time.
pub(super) fn between(
    facts: &MeterFacts,
    (t0, v0): (Instant, Micro),
    (t1, v1): (Instant, Micro),
) -> Vec<Step> {
    let mut out = Vec::new();
    let (mut from, mut raw) = (t0, Some(v0));
    let is_due = |event: &&MeterEvent| match event.time {
        // One at the instant of a reading lies before it or after it, as the reading shows.
        at if at == t0 => !is_behind(event, v0),
        at if at == t1 => is_behind(event, v1),
        _ => true,
    };
    for event in facts.over(t0, t1).filter(is_due) {
        match event.kind {
            MeterEventKind::Replaced | MeterEventKind::Reset => {
                let old = event.old_reading.map(micro);
                out.extend(step(facts, Span::new(from, event.time), raw, old));
                raw = Some(micro(event.new_reading.unwrap_or(0.0)));
            }
            MeterEventKind::Multiplier => {
                // What the register stood at is unknown unless noted; then it is spread by time.
                let between = raw.map(|raw| {
                    let share = i128::from(event.time.since(from)) * (i128::from(v1) - i128::from(raw))
                        / i128::from(t1.since(from).max(1));
                    raw.saturating_add(i64::try_from(share).unwrap_or(0))
                });
                let at = event.old_reading.map(micro).or(between);
                out.extend(step(facts, Span::new(from, event.time), raw, at));
                raw = at;
            }
        }
        from = event.time;
    }
    out.extend(step(facts, Span::new(from, t1), raw, Some(v1)));
    out
}

/// Whether a reading of the instant of an event shows the register as it was left by it.
fn is_behind(event: &MeterEvent, value: Micro) -> bool {
    /// Register units by which a new register may have gone on within the instant.
    const NEAR: u64 = 1_000_000;
    let new = micro(event.new_reading.unwrap_or(0.0));
    match (event.kind, event.old_reading.map(micro)) {
        (MeterEventKind::Multiplier, _) => true,
        (_, Some(old)) => value.abs_diff(new) <= value.abs_diff(old),
        (_, None) => value.abs_diff(new) <= NEAR,
    }
}

/// What an interval amount was, in the unit of the quantity.
pub(super) fn amount(facts: &MeterFacts, span: Span, value: Micro) -> Step {
    (span, i128::from(value) * i128::from(facts.multiplier(span.from)) / 1_000_000)
}

fn step(facts: &MeterFacts, span: Span, old: Option<Micro>, new: Option<Micro>) -> Option<Step> {
    let raw = rise(facts, span.from, old?, new?)?;
    let amount = raw * i128::from(facts.multiplier(span.from)) / 1_000_000;
    (!span.is_empty() && !is_giant(facts, amount, span)).then_some((span, amount))
}

/// How far the register rose; `None` when it fell without a reason that is known.
fn rise(facts: &MeterFacts, at: Instant, old: Micro, new: Micro) -> Option<i128> {
    let (old, new) = (i128::from(old), i128::from(new));
    if new >= old {
        return Some(new - old);
    }
    let end = i128::from(micro(facts.at(at)?.rollover_at?));
    is_over_the_end(end, old, new).then(|| end - old + new)
}

/// Whether a register that fell did so because it had reached its end: from its last tenth into its first.
const fn is_over_the_end(end: i128, old: i128, new: i128) -> bool {
    old <= end && old * 10 >= end * 9 && new * 10 <= end
}

/// Whether a register that ends at `end` and fell from `old` to `new`, raw units, has begun again from zero.
#[must_use]
pub fn is_rollover(end: f64, old: f64, new: f64) -> bool {
    let micro = |value| i128::from(micro(value));
    is_over_the_end(micro(end), micro(old), micro(new))
}

fn is_giant(facts: &MeterFacts, amount: i128, span: Span) -> bool {
    let Some(meter) = facts.at(span.from).filter(|m| m.carrier == Carrier::Electricity) else { return false };
    let kw = meter.rated_kw.map_or(GIANT_KW, |rated| rated * 1.5);
    // micro-kWh that the largest believable power gives in the span, plus one kWh of register steps
    let most = i128::from(micro(kw)) * i128::from(span.millis()) / i128::from(HOUR_MS) + 1_000_000;
    amount > most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_begins_again_only_from_its_last_tenth_into_its_first() {
        for (old, new, begins_again) in [
            (10_000.0, 0.0, true),
            (9_000.0, 1_000.0, true),
            (8_999.9, 1_000.0, false),
            (9_000.0, 1_000.1, false),
            (10_000.1, 0.0, false),
        ] {
            assert_eq!(is_rollover(10_000.0, old, new), begins_again, "{old} to {new}");
        }
    }
}
