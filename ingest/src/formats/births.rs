//! What Sparkplug births told: the metrics behind the aliases, for all nodes within one bound of memory.

use std::collections::HashMap;

/// Most memory for the metrics of all nodes together, in bytes. A metric costs its name, its unit and [`COST`]: some 300,000
/// of usual length, thirty to a device.
pub(crate) const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What a metric or a node costs beside its texts: a slot of a table, with room to grow.
const COST: usize = 96;

/// Metrics of each node (`group/node`) by alias, unique across the node's devices.
///
/// A hostile publisher must not fill the memory: what does not fit is not remembered, and its data are no readings until a
/// birth of a node has freed something.
#[derive(Debug, Default)]
pub(crate) struct Births {
    nodes: HashMap<String, HashMap<u64, Born>>,
    bytes: usize,
}

/// What a birth says of a metric.
#[derive(Debug, Clone)]
pub(crate) struct Born {
    pub(crate) name: String,
    pub(crate) datatype: u64,
    pub(crate) unit: Option<String>,
}

impl Born {
    fn bytes(&self) -> usize {
        COST + self.name.len() + self.unit.as_ref().map_or(0, String::len)
    }
}

impl Births {
    /// The metric behind an alias of a node.
    pub(crate) fn get(&self, node: &str, alias: u64) -> Option<&Born> {
        self.nodes.get(node)?.get(&alias)
    }

    /// Forgets what a node had told: it is born again.
    pub(crate) fn forget(&mut self, node: &str) {
        if let Some(metrics) = self.nodes.remove(node) {
            let freed: usize = metrics.values().map(Born::bytes).sum();
            self.bytes = self.bytes.saturating_sub(freed + COST + node.len());
        }
    }

    /// Remembers a metric, if there is room.
    pub(crate) fn learn(&mut self, node: &str, alias: u64, born: Born) {
        let known = self.get(node, alias).map_or(0, Born::bytes);
        let for_node = if self.nodes.contains_key(node) { 0 } else { COST + node.len() };
        let bytes = self.bytes.saturating_sub(known) + born.bytes() + for_node;
        if bytes > MOST_BYTES {
            return;
        }
        self.bytes = bytes;
        match self.nodes.get_mut(node) {
            Some(metrics) => drop(metrics.insert(alias, born)),
            None => drop(self.nodes.insert(node.to_owned(), HashMap::from([(alias, born)]))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(name: &str) -> Born {
        Born { name: name.to_owned(), datatype: 0, unit: None }
    }

    #[test]
    fn all_nodes_together_stay_within_the_bound_and_a_new_birth_frees_its_share() {
        let mut births = Births::default();
        let long = "x".repeat(64 * 1024);
        for node in 0..1_000 {
            births.learn(&format!("g/{node}"), 1, born(&long));
        }
        assert!(births.bytes <= MOST_BYTES && births.bytes > MOST_BYTES - 2 * long.len());
        assert!(births.get("g/0", 1).is_some() && births.get("g/999", 1).is_none());
        births.forget("g/0");
        births.learn("g/999", 1, born(&long));
        assert!(births.get("g/0", 1).is_none() && births.get("g/999", 1).is_some());
    }

    #[test]
    fn a_metric_that_is_told_again_costs_once() {
        let mut births = Births::default();
        for round in 0..100 {
            births.learn("g/n", 7, born(&format!("metric {}", round % 10)));
        }
        let bytes = births.bytes;
        births.forget("g/n");
        assert_eq!((births.bytes, bytes), (0, 2 * COST + "g/n".len() + "metric 9".len()));
    }
}
