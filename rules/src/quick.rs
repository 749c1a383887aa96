//! A quick hash for tables whose keys are ours: every reading asks one of them.
//!
//! The keys come from the register, so nobody can fill such a table with keys that collide; a table of what
//! strangers send keeps the standard hash.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A table with keys from the register.
pub(crate) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// Turns and multiplies eight bytes at a time.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Quick(u64);

impl Quick {
    const fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        // At most seven are left: the eighth says how many.
        let mut word = [0, 0, 0, 0, 0, 0, 0, rest.len().to_le_bytes()[0]];
        word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.add(u64::from_le_bytes(word));
    }

    fn write_u8(&mut self, n: u8) {
        self.add(u64::from(n));
    }

    fn finish(&self) -> u64 {
        // The high bits know all of the key, the table looks at the low ones first.
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, hash::Hash};

    use super::*;

    #[test]
    fn alike_keys_do_not_meet() {
        let hash = |key: &str| {
            let mut quick = Quick::default();
            key.hash(&mut quick);
            quick.finish()
        };
        let keys = (0..20_000).map(|n| format!("sensor-{n}"));
        let buckets: BTreeSet<u64> = keys.map(|key| hash(&key) % 65_536).collect();
        // Thrown at random they fill 17,200 of these buckets.
        assert!(buckets.len() > 15_000, "{}", buckets.len());
        assert_ne!(hash("a"), hash("a\0"));
    }
}
