//! The windows of message keys in which a repetition is recognised.

use std::collections::{HashMap, HashSet, VecDeque};

use rusqlite::{Connection, Transaction, params};

use super::{
    entry::{Delivery, MessageKey, packet_of},
    options::{DELIVERIES, Options},
};

/// What is remembered of the newest messages: the ids of their senders, and how the broker delivered them.
#[derive(Debug)]
pub(super) struct Keys {
    ids: KeyWindow,
    deliveries: KeyWindow,
    /// The newest delivery under each packet id.
    newest: HashMap<u16, u128>,
}

/// What a commit group adds to them.
#[derive(Debug, Default)]
pub(super) struct NewKeys {
    ids: Vec<u128>,
    id_set: HashSet<u128>,
    deliveries: Vec<u128>,
    newest: HashMap<u16, u128>,
}

/// The rows in which a group's keys were written.
#[derive(Debug)]
pub(super) struct KeyRows {
    ids: Option<i64>,
    deliveries: Option<i64>,
}

impl Keys {
    /// Loads what the file holds, within the bounds.
    pub(super) fn load(db: &Connection, options: &Options) -> Result<Self, rusqlite::Error> {
        let deliveries = KeyWindow::load(db, "deliveries", DELIVERIES)?;
        let keys = deliveries.groups.iter().flat_map(|(_, keys)| keys);
        let newest = keys.map(|key| (packet_of(*key), *key)).collect();
        Ok(Self { ids: KeyWindow::load(db, "keys", options.keys)?, deliveries, newest })
    }

    /// Whether a message with this id has been stored, with what the group at hand holds already.
    pub(super) fn knows(&self, id: MessageKey, group: &NewKeys) -> bool {
        self.ids.contains(id.hash()) || group.id_set.contains(&id.hash())
    }

    /// Whether a delivery is one that we had already, with what the group at hand holds.
    pub(super) fn is_repeat(&self, delivery: Delivery, group: &NewKeys) -> bool {
        let key = delivery.key();
        delivery.may_be_repeat()
            && match group.newest.get(&packet_of(key)) {
                Some(newest) => *newest == key,
                None => self.newest.get(&packet_of(key)) == Some(&key) && self.deliveries.contains(key),
            }
    }

    /// Writes a group's keys and forgets on disk what falls out of the windows; returns the rows for [`Self::push`].
    pub(super) fn write(&self, step: &Transaction<'_>, new: &NewKeys) -> Result<KeyRows, rusqlite::Error> {
        let ids = self.ids.write(step, &new.ids)?;
        Ok(KeyRows { ids, deliveries: self.deliveries.write(step, &new.deliveries)? })
    }

    /// Takes the keys of a group that has been committed.
    pub(super) fn push(&mut self, rows: &KeyRows, new: NewKeys) {
        if let Some(row) = rows.ids {
            self.ids.push(row, new.ids);
        }
        if let Some(row) = rows.deliveries {
            self.newest.extend(new.newest);
            self.deliveries.push(row, new.deliveries);
        }
    }
}

impl NewKeys {
    /// Notes the id of a message that is stored.
    pub(super) fn stored(&mut self, id: MessageKey) {
        self.ids.push(id.hash());
        self.id_set.insert(id.hash());
    }

    /// Notes a delivery; it may come again whatever becomes of its message.
    pub(super) fn delivered(&mut self, delivery: Delivery) {
        self.deliveries.push(delivery.key());
        self.newest.insert(packet_of(delivery.key()), delivery.key());
    }
}

/// Keys of the newest messages, bounded by count; kept on disk in one row a commit group.
///
/// In memory a lookup costs one hash; a table with a row a key would cost a random page each.
#[derive(Debug)]
struct KeyWindow {
    table: &'static str,
    capacity: usize,
    /// How often a key stands in the window: a packet id comes round again.
    seen: HashMap<u128, u32>,
    groups: VecDeque<(i64, Vec<u128>)>,
    total: usize,
}

impl KeyWindow {
    fn new(table: &'static str, capacity: usize) -> Self {
        Self { table, capacity, seen: HashMap::new(), groups: VecDeque::new(), total: 0 }
    }

    /// Loads the window of the newest `capacity` keys.
    fn load(db: &Connection, table: &'static str, capacity: usize) -> Result<Self, rusqlite::Error> {
        let mut window = Self::new(table, capacity);
        let mut query = db.prepare(&format!("SELECT id, body FROM {table} ORDER BY id"))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let body: Vec<u8> = row.get(1)?;
            let keys = body.as_chunks::<16>().0.iter().map(|bytes| u128::from_le_bytes(*bytes)).collect();
            window.push(row.get(0)?, keys);
        }
        Ok(window)
    }

    /// Whether the key stands in the window.
    fn contains(&self, key: u128) -> bool {
        self.seen.contains_key(&key)
    }

    /// Writes a group's keys and forgets on disk what falls out of the window; returns the row for [`Self::push`],
    /// `None` where there is nothing to write.
    fn write(&self, step: &Transaction<'_>, keys: &[u128]) -> Result<Option<i64>, rusqlite::Error> {
        if keys.is_empty() {
            return Ok(None);
        }
        let table = self.table;
        let body: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
        let count = i64::try_from(keys.len()).unwrap_or(i64::MAX);
        step.prepare_cached(&format!("INSERT INTO {table} (count, body) VALUES (?1, ?2)"))?
            .execute(params![count, body])?;
        let id = step.last_insert_rowid();
        let mut total = self.total + keys.len();
        let outdated = self.groups.iter().take_while(|(_, keys)| {
            let goes = total - keys.len() >= self.capacity;
            total -= if goes { keys.len() } else { 0 };
            goes
        });
        if let Some((last, _)) = outdated.last() {
            step.prepare_cached(&format!("DELETE FROM {table} WHERE id <= ?1"))?.execute([last])?;
        }
        Ok(Some(id))
    }

    /// Takes a group that has been committed, and lets the oldest fall out.
    fn push(&mut self, id: i64, keys: Vec<u128>) {
        self.total += keys.len();
        for key in &keys {
            *self.seen.entry(*key).or_insert(0) += 1;
        }
        self.groups.push_back((id, keys));
        while self.groups.front().is_some_and(|(_, oldest)| self.total - oldest.len() >= self.capacity) {
            let Some((_, oldest)) = self.groups.pop_front() else { return };
            self.total -= oldest.len();
            for key in oldest {
                if let Some(count) = self.seen.get_mut(&key) {
                    *count -= 1;
                    if *count == 0 {
                        self.seen.remove(&key);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_forgotten_only_when_its_last_group_falls_out() {
        let mut window = KeyWindow::new("keys", 4);
        window.push(1, vec![7, 8]);
        window.push(2, vec![7, 9]);
        window.push(3, vec![10, 11]);
        assert!(window.contains(7) && !window.contains(8));
        window.push(4, vec![12, 13]);
        assert!(!window.contains(7) && window.contains(10));
    }

    #[test]
    fn the_window_is_the_same_after_it_is_loaded_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spool.sqlite");
        let mut db = crate::database::open(&path, super::super::MIGRATIONS).unwrap();
        let mut window = KeyWindow::load(&db, "keys", 3).unwrap();
        for keys in [vec![1, 2], vec![3, 4], vec![5]] {
            let step = db.transaction().unwrap();
            let id = window.write(&step, &keys).unwrap().unwrap();
            step.commit().unwrap();
            window.push(id, keys);
        }
        let loaded = KeyWindow::load(&db, "keys", 3).unwrap();
        assert_eq!(loaded.groups, window.groups);
        assert_eq!(loaded.seen, window.seen);
        assert_eq!(loaded.total, 3);
    }
}
