//! The window of message keys in which a redelivery is recognised.

use std::collections::{HashMap, VecDeque};

use rusqlite::{Connection, Transaction, params};

/// Keys of the newest messages, bounded by count; kept on disk in one row a commit group.
///
/// In memory a lookup costs one hash; a table with a row a key would cost a random page each.
#[derive(Debug)]
pub(super) struct KeyWindow {
    capacity: usize,
    /// How often a key stands in the window: a packet id comes round again.
    seen: HashMap<u128, u32>,
    groups: VecDeque<(i64, Vec<u128>)>,
    total: usize,
}

impl KeyWindow {
    /// Loads the window of the newest `capacity` keys.
    pub(super) fn load(db: &Connection, capacity: usize) -> Result<Self, rusqlite::Error> {
        let mut window = Self { capacity, seen: HashMap::new(), groups: VecDeque::new(), total: 0 };
        let mut query = db.prepare("SELECT id, body FROM keys ORDER BY id")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let body: Vec<u8> = row.get(1)?;
            let keys = body.as_chunks::<16>().0.iter().map(|bytes| u128::from_le_bytes(*bytes)).collect();
            window.push(row.get(0)?, keys);
        }
        Ok(window)
    }

    /// Whether the key stands in the window.
    pub(super) fn contains(&self, key: u128) -> bool {
        self.seen.contains_key(&key)
    }

    /// Writes a group's keys and forgets on disk what falls out of the window; returns the row for [`Self::push`].
    pub(super) fn write(&self, step: &Transaction<'_>, keys: &[u128]) -> Result<i64, rusqlite::Error> {
        let body: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
        let count = i64::try_from(keys.len()).unwrap_or(i64::MAX);
        step.prepare_cached("INSERT INTO keys (count, body) VALUES (?1, ?2)")?
            .execute(params![count, body])?;
        let id = step.last_insert_rowid();
        let mut total = self.total + keys.len();
        let outdated = self.groups.iter().take_while(|(_, keys)| {
            let goes = total - keys.len() >= self.capacity;
            total -= if goes { keys.len() } else { 0 };
            goes
        });
        if let Some((last, _)) = outdated.last() {
            step.prepare_cached("DELETE FROM keys WHERE id <= ?1")?.execute([last])?;
        }
        Ok(id)
    }

    /// Takes a group that has been committed, and lets the oldest fall out.
    pub(super) fn push(&mut self, id: i64, keys: Vec<u128>) {
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
        let mut window = KeyWindow { capacity: 4, seen: HashMap::new(), groups: VecDeque::new(), total: 0 };
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
        let mut window = KeyWindow::load(&db, 3).unwrap();
        for keys in [vec![1, 2], vec![3, 4], vec![5]] {
            let step = db.transaction().unwrap();
            let id = window.write(&step, &keys).unwrap();
            step.commit().unwrap();
            window.push(id, keys);
        }
        let loaded = KeyWindow::load(&db, 3).unwrap();
        assert_eq!(loaded.groups, window.groups);
        assert_eq!(loaded.seen, window.seen);
        assert_eq!(loaded.total, 3);
    }
}
