//! The scenario files, whole and in parts.

use model::{Instant, Span};
use sensors_sim::Scenario;

use crate::play::at;

const DEMO_FAULTS: &str = "# --- What is seeded to fail";
const AFTER_FAULTS: &str = "# --- Who gets mail";

pub(crate) fn demo() -> String {
    file("demo.toml")
}

pub(crate) fn small() -> String {
    file("small.toml")
}

fn file(name: &str) -> String {
    let path = format!("{}/sensors-sim/scenarios/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// The file with other faults; `""` for none.
pub(crate) fn with_faults(text: &str, faults: &str) -> String {
    let (from, to) = (text.find(DEMO_FAULTS).unwrap(), text.find(AFTER_FAULTS).unwrap());
    format!("{}{faults}\n{}", &text[..from], &text[to..])
}

/// The file with another seed.
pub(crate) fn with_seed(text: &str, seed: u64) -> String {
    let lines = text.lines().map(|line| match line.strip_prefix("seed = ") {
        Some(_) => format!("seed = {seed}"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<String>>().join("\n")
}

pub(crate) fn scenario(text: &str, start: Instant) -> Scenario {
    Scenario::parse(text, Some(start)).unwrap()
}

/// The past that the demo plays first: from a day before the last calendar year on.
pub(crate) fn past(start: &str) -> Span {
    let year: i64 = start[..4].parse().unwrap();
    Span::new(at(&format!("{}-12-30T00:00:00Z", year - 2)), at(start))
}
