//! Ids from names on the wire, which are any text.

use model::Id;

/// An id for a name on the wire: itself where it is one, else folded to the characters of an id.
///
/// An EUI-64 is the same id however it is spelled ([`Id::eui64`]): so a device that two networks carry is one sensor.
///
/// Folding drops letters outside ASCII, and two rooms named in Chinese would become one sensor. So a
/// name that loses such letters gets a short hash of the whole (FNV-1a, the same for ever).
pub(crate) fn wire_id(text: &str) -> Id {
    if let Some(device) = Id::eui64(text) {
        return device;
    }
    let folded = Id::fold(text);
    if text.is_ascii() {
        return folded;
    }
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = text.bytes().fold(0x811c_9dc5, step);
    let kept = folded.as_str().trim_matches('-');
    let start = kept.len().saturating_sub(55);
    let kept = kept.get(start..).unwrap_or_default();
    Id::fold(&if kept.is_empty() { format!("x-{hash:08x}") } else { format!("{kept}-{hash:08x}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_named_in_chinese_stay_apart() {
        let (a, b) = (wire_id("会议室一"), wire_id("会议室二"));
        assert_ne!(a, b);
        assert_eq!(a, wire_id("会议室一"));
        assert!(Id::parse(wire_id(&"温".repeat(100)).as_str()).is_ok());
        assert!(wire_id("三楼/room-1").as_str().starts_with("room-1-"));
    }

    #[test]
    fn a_plain_name_is_its_own_id() {
        assert_eq!(wire_id("0x00158d0001").as_str(), "0x00158d0001");
        assert_eq!(wire_id("hall/north door").as_str(), "hall-north-door");
    }
}
