//! What a payload looks like, for topics whose grammar nobody fixed.
//!
//! Looked at in a listed order, the most telling shape first. What no shape matches is foreign
//! traffic, which is normal on a shared broker.

use crate::{
    Format,
    names::Names,
    tape::{self, Cursor, Tape},
};

/// The format whose shape a payload has.
pub(crate) fn format_of(_topic: &str, payload: &[u8], _names: &Names) -> Option<Format> {
    let text = tape::text(payload).ok()?.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let tape = Tape::parse(text).ok()?;
    let shape = SHAPES.iter().find(|(_, looks_like)| looks_like(tape.root()));
    shape.map(|(format, _)| *format)
}

type Test = fn(Cursor<'_, '_>) -> bool;

const SHAPES: &[(Format, Test)] = &[
    (Format::Senml, is_senml),
    (Format::ChirpstackV4, |root| root.path(&["deviceInfo", "devEui"]).is_some()),
    (Format::TtsV3, |root| root.get("end_device_ids").is_some()),
];

fn is_senml(root: Cursor<'_, '_>) -> bool {
    const LABELS: [&str; 6] = ["bn", "bt", "bu", "n", "v", "vb"];
    let is_record =
        |record: Cursor<'_, '_>| record.children().any(|c| c.name().is_some_and(|n| LABELS.contains(&n)));
    root.is_array() && root.children().count() > 0 && root.children().all(is_record)
}
