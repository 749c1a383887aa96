//! Trees that bite their tail: places, bodies and meters, each row with its own dates.

use std::collections::{BTreeMap, BTreeSet};

use super::tables::Loaded;
use crate::{Id, Instant, Problem};

/// One row as an edge of the tree.
struct Edge<'a> {
    line: usize,
    from: Instant,
    to: Instant,
    parent: &'a Id,
}

/// Notes every cycle once, at the first of its rows in the file.
pub(super) fn check<'a, T>(
    file: &str,
    rows: &'a [Loaded<T>],
    ends: impl Fn(&'a T) -> (&'a Id, Option<&'a Id>),
    problems: &mut Vec<Problem>,
) {
    let mut edges: BTreeMap<&Id, Vec<Edge<'_>>> = BTreeMap::new();
    for row in rows {
        if let (id, Some(parent)) = ends(&row.value) {
            let edge = Edge { line: row.line, from: row.span.from, to: row.span.to, parent };
            edges.entry(id).or_default().push(edge);
        }
    }
    keep_suspects(&mut edges);
    let starts: BTreeSet<Instant> = edges.values().flatten().map(|edge| edge.from).collect();
    let mut seen = BTreeSet::new();
    for at in starts {
        for cycle in cycles_at(&edges, at) {
            let line = cycle.iter().filter_map(|id| edge_at(&edges, id, at)).map(|edge| edge.line).min();
            if seen.insert(cycle.clone()) {
                let names: Vec<&str> = cycle.iter().map(|id| id.as_str()).collect();
                let what = format!("{} lie in each other", names.join(", "));
                problems.push(Problem::new(
                    file,
                    line.unwrap_or(0),
                    "parent",
                    what,
                    "clear one of their parents",
                ));
            }
        }
    }
}

/// Drops, again and again, every id none of whose parents is left: only cycles and what hangs below them stay.
/// Dates are ignored here; a sound register leaves nothing, so that dates need a look only when something is wrong.
fn keep_suspects(edges: &mut BTreeMap<&Id, Vec<Edge<'_>>>) {
    let mut children: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
    let mut open: BTreeMap<&Id, usize> = BTreeMap::new();
    let mut free: Vec<&Id> = Vec::new();
    for (id, parents) in &*edges {
        open.insert(id, parents.len());
        for edge in parents {
            children.entry(edge.parent).or_default().push(id);
            if !edges.contains_key(edge.parent) {
                free.push(edge.parent);
            }
        }
    }
    while let Some(parent) = free.pop() {
        for child in children.remove(parent).unwrap_or_default() {
            let Some(left) = open.get_mut(child) else { continue };
            *left = left.saturating_sub(1);
            if *left == 0 {
                edges.remove(child);
                free.push(child);
            }
        }
    }
}

fn edge_at<'e>(edges: &'e BTreeMap<&Id, Vec<Edge<'e>>>, id: &Id, at: Instant) -> Option<&'e Edge<'e>> {
    edges.get(id)?.iter().find(|edge| edge.from <= at && at < edge.to)
}

/// The cycles among what holds at one instant, each as its set of ids.
fn cycles_at<'e>(edges: &'e BTreeMap<&'e Id, Vec<Edge<'e>>>, at: Instant) -> Vec<BTreeSet<&'e Id>> {
    let mut done: BTreeSet<&Id> = BTreeSet::new();
    let mut cycles = Vec::new();
    for start in edges.keys() {
        let mut path: Vec<&Id> = Vec::new();
        let mut on_path: BTreeSet<&Id> = BTreeSet::new();
        let mut next = Some(*start);
        while let Some(id) = next {
            if on_path.contains(id) {
                cycles.push(path.iter().copied().skip_while(|seen| *seen != id).collect());
                break;
            }
            if done.contains(id) {
                break;
            }
            path.push(id);
            on_path.insert(id);
            next = edge_at(edges, id, at).map(|edge| edge.parent);
        }
        done.extend(path);
    }
    cycles
}
