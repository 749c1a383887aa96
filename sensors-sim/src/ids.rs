//! Ids of devices and messages, drawn from a stream.

use crate::noise::Stream;

/// An EUI-64 of a stream, lower-case hex, with the bit set that marks an address as locally given.
pub(crate) fn eui(stream: Stream) -> String {
    let bits = stream.of(40).bits(0) & 0x00ff_ffff_ffff_ffff;
    format!("02{bits:014x}")
}

/// A UUID of a stream and a count (version 4 in form).
pub(crate) fn uuid(stream: Stream, serial: i64) -> String {
    let (high, low) = (stream.of(41).bits(serial), stream.of(42).bits(serial));
    let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0x0fff);
    let (d, e) = (0x8000 | ((low >> 48) & 0x3fff), low & 0xffff_ffff_ffff);
    format!("{a:08x}-{b:04x}-4{c:03x}-{d:04x}-{e:012x}")
}
