//! One commit group in the making: which item has which outcome, and which leave an entry.

use rusqlite::{Connection, Transaction, params};

use super::{
    block,
    counts::Counts,
    entry::{Fate, Item, Message, Outcome, Receipt},
    keys::{Keys, NewKeys},
    position::Position,
    quarantine,
};
use crate::database::signed;

/// What became of an item: its outcome in the ledger, and where its entry stands.
type Placed = (Option<Outcome>, Option<Position>);

/// Everything that a group changes. The items stay with the caller until the group is durable,
/// so that a group that the disk refused can be tried again.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) counts: Counts,
    pub(super) keys: NewKeys,
    pub(super) held_bytes: u64,
    placed: Vec<Placed>,
}

impl Group {
    /// An empty group behind what is durable.
    pub(super) fn new(counts: Counts, held_bytes: u64) -> Self {
        Self { counts, keys: NewKeys::default(), held_bytes, placed: Vec::new() }
    }

    /// Gives an item its outcome and, when it leaves an entry, its position.
    pub(super) fn place(
        &mut self,
        step: &Transaction<'_>,
        keys: &Keys,
        item: &Item,
    ) -> Result<(), rusqlite::Error> {
        let outcome = match item {
            Item::Row(_) => None,
            Item::Message(message) => Some(self.outcome(step, keys, message)?),
            Item::Discard(id) => {
                let gone = quarantine::remove(step, *id)?;
                self.held_bytes = self.held_bytes.saturating_sub(gone.map_or(0, |(bytes, _)| bytes));
                self.placed.push((gone.map(|(_, counted)| counted), None));
                return Ok(());
            }
        };
        let leaves_entry = matches!(outcome, None | Some(Outcome::Stored));
        let position = leaves_entry.then(|| {
            self.counts.newest += 1;
            Position::new(self.counts.newest)
        });
        self.placed.push((outcome, position));
        Ok(())
    }

    fn outcome(
        &mut self,
        step: &Transaction<'_>,
        keys: &Keys,
        message: &Message,
    ) -> Result<Outcome, rusqlite::Error> {
        let is_repeat = message.delivery.is_some_and(|delivery| keys.is_repeat(delivery, &self.keys));
        if let Some(delivery) = message.delivery.filter(|_| !is_repeat) {
            self.keys.delivered(delivery);
        }
        if is_repeat || message.key.is_some_and(|id| keys.knows(id, &self.keys)) {
            self.counts.duplicate += 1;
            return Ok(Outcome::Duplicate);
        }
        let outcome = self.settle(step, message)?;
        // Whoever sends again what was not stored, when it is mended, must not hear that it is there.
        if let Some(id) = message.key.filter(|_| outcome == Outcome::Stored) {
            self.keys.stored(id);
        }
        Ok(outcome)
    }

    /// Counts a message that is new, and keeps what it carries.
    fn settle(&mut self, step: &Transaction<'_>, message: &Message) -> Result<Outcome, rusqlite::Error> {
        if let Some(id) = message.replays {
            let Some((bytes, counted)) = quarantine::remove(step, id)? else {
                // Replayed before, or dropped since it was listed: it has its outcome already.
                return Ok(Outcome::Duplicate);
            };
            self.held_bytes = self.held_bytes.saturating_sub(bytes);
            let count = self.counts.of(counted);
            *count = count.saturating_sub(1);
        }
        match &message.fate {
            Fate::Stored(readings) => self.counts.readings += readings.len() as u64,
            Fate::Quarantined(refusal) => {
                self.held_bytes += quarantine::insert(step, message.arrival, refusal)?;
            }
            Fate::Ignored | Fate::Rejected => {}
        }
        let outcome = message.fate.outcome();
        *self.counts.of(outcome) += 1;
        Ok(outcome)
    }

    /// Lets the oldest of the quarantine go until it keeps within its bytes.
    pub(super) fn keep_within(&mut self, step: &Transaction<'_>, budget: u64) -> Result<(), rusqlite::Error> {
        let (held, dropped) = quarantine::keep_within(step, self.held_bytes, budget)?;
        self.held_bytes = held;
        self.counts.quarantine_dropped += dropped;
        Ok(())
    }

    /// Writes the entries of the group as one row.
    pub(super) fn write_log<'a>(
        &self,
        step: &Connection,
        before: Counts,
        items: impl Iterator<Item = &'a Item>,
    ) -> Result<(), rusqlite::Error> {
        let count = self.counts.newest - before.newest;
        if count == 0 {
            return Ok(());
        }
        let kept = items.zip(&self.placed).filter(|(_, (_, position))| position.is_some());
        let body = block::encode(kept.filter_map(|(item, _)| item.content()));
        step.prepare_cached(
            "INSERT INTO log (part, first, count, readings, body) VALUES (0, ?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            signed(before.newest + 1),
            signed(count),
            signed(self.counts.readings - before.readings),
            body
        ])?;
        Ok(())
    }

    /// Receipts for the items, once the group is durable; call by call, in order.
    pub(super) fn receipts(self, calls: impl Iterator<Item = Vec<Item>>) -> Vec<Vec<Receipt>> {
        let mut placed = self.placed.into_iter();
        let receipt = |(item, (outcome, position)): (Item, Placed)| {
            let entry = position.and_then(|position| Some((position, item.into_entry()?)));
            Receipt { outcome, entry }
        };
        calls.map(|items| items.into_iter().zip(placed.by_ref()).map(receipt).collect()).collect()
    }
}
