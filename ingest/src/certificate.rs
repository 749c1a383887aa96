//! From when to when a certificate holds, read out of its DER: the one thing that the TLS library does not tell.

use model::{Instant, Span};

/// A tagged value, and what lies behind it.
struct Element<'d> {
    tag: u8,
    content: &'d [u8],
    rest: &'d [u8],
}

/// The first element of some DER; `None` where there is none, or a length that DER does not allow here.
fn element(der: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some(Element { tag: *tag, content, rest })
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The validity of an X.509 certificate (RFC 5280, section 4.1); `None` when the bytes are none.
pub(crate) fn validity(der: &[u8]) -> Option<Span> {
    let certificate = element(der).filter(|found| found.tag == SEQUENCE)?;
    let body = element(certificate.content).filter(|found| found.tag == SEQUENCE)?;
    let mut rest = body.content;
    if element(rest)?.tag == VERSION {
        rest = element(rest)?.rest;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        rest = element(rest)?.rest;
    }
    let span = element(rest).filter(|found| found.tag == SEQUENCE)?;
    let from = element(span.content)?;
    let to = element(from.rest)?;
    let (from, to) = (time(&from)?, time(&to)?);
    // One that ends before it begins holds at no time.
    Some(Span::new(from.min(to), to))
}

/// A time as certificates write it: always with seconds, always UTC.
fn time(found: &Element<'_>) -> Option<Instant> {
    let text = std::str::from_utf8(found.content).ok()?;
    let digits = text.strip_suffix('Z').filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (century, rest) = match found.tag {
        // Two digits of the year: 1950 to 2049.
        UTC_TIME if digits.len() == 12 => (if digits.get(..2)? < "50" { "20" } else { "19" }, digits),
        GENERALIZED_TIME if digits.len() == 14 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2);
    let date = format!("{century}{}-{}-{}", part(0)?, part(2)?, part(4)?);
    Instant::parse(&format!("{date}T{}:{}:{}Z", part(6)?, part(8)?, part(10)?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element with a short length.
    fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn certificate(from: &[u8], to: &[u8]) -> Vec<u8> {
        let head =
            [tagged(VERSION, &[2, 1, 2]), tagged(2, &[7]), tagged(SEQUENCE, &[]), tagged(SEQUENCE, &[])];
        let span = tagged(SEQUENCE, &[from, to].concat());
        tagged(SEQUENCE, &tagged(SEQUENCE, &[head.concat(), span].concat()))
    }

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        let der =
            certificate(&tagged(UTC_TIME, b"991231235959Z"), &tagged(GENERALIZED_TIME, b"20500102030405Z"));
        let held = validity(&der).unwrap();
        let at = |text: &str| Instant::parse(text).unwrap();
        assert_eq!((held.from, held.to), (at("1999-12-31T23:59:59Z"), at("2050-01-02T03:04:05Z")));
    }

    #[test]
    fn anything_cut_short_or_odd_is_no_certificate() {
        let der = certificate(&tagged(UTC_TIME, b"260101000000Z"), &tagged(UTC_TIME, b"270101000000Z"));
        assert!(validity(&der).is_some());
        for end in 0..der.len() {
            assert!(validity(&der[..end]).is_none(), "{end}");
        }
        for time in [&b"2601010000Z"[..], b"26010100000aZ", b"260101000000+", b"261301000000Z"] {
            let other = tagged(UTC_TIME, b"270101000000Z");
            assert!(validity(&certificate(&tagged(UTC_TIME, time), &other)).is_none());
        }
        assert!(validity(b"\x30\x84\xff\xff\xff\xff").is_none());
    }
}
