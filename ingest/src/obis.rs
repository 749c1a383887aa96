//! Codes of a meter's registers (OBIS, IEC 62056-61) as names of what they measure.

/// The name of what a code measures: `1-0:1.8.0*255`, `01-00:01.08.00*ff`, `1.8.0`, `0100010800FF`.
///
/// Of electricity alone, and only registers that have a quantity of ours.
pub(crate) fn name(text: &str) -> Option<String> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let [what, how, tariff] = in_hex(text).or_else(|| in_points(text))?;
    let (kind, phase) = match what {
        1 | 21 | 41 | 61 => ("import", what / 20),
        2 | 22 | 42 | 62 => ("export", what / 20),
        3 | 4 | 9 => (if what == 3 { "reactive" } else { "other" }, 0),
        13 | 33 | 53 | 73 => ("factor", what / 20),
        14 => ("frequency", 0),
        16 | 36 | 56 | 76 => ("net", what / 20),
        31 | 51 | 71 => ("current", (what - 11) / 20),
        32 | 52 | 72 => ("voltage", (what - 12) / 20),
        _ => return None,
    };
    let plain = match (kind, how, what) {
        ("import", 8, _) => "obis_import",
        ("export", 8, _) => "obis_export",
        ("import" | "net", 7, _) => "active_power",
        ("export", 7, _) => "negative_active_power",
        ("reactive", 7, _) => "reactive_power",
        ("other", 7, 4) => "negative_reactive_power",
        ("other", 7, 9) => "apparent_power",
        ("factor", 7, _) => "power_factor",
        ("frequency", 7, _) => "frequency",
        ("current", 7, _) => "current",
        ("voltage", 7, _) => "voltage",
        _ => return None,
    };
    let phase = if phase == 0 { String::new() } else { format!("_l{phase}") };
    let tariff = if how == 8 && tariff > 0 { format!("_t{tariff}") } else { String::new() };
    Some(format!("{plain}{phase}{tariff}"))
}

/// Six bytes, the first of which says electricity.
fn in_hex(text: &str) -> Option<[u16; 3]> {
    if text.len() != 12 || !text.starts_with("01") || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u16::from_str_radix(text.get(at..at + 2)?, 16).ok();
    Some([byte(4)?, byte(6)?, byte(8)?])
}

fn in_points(text: &str) -> Option<[u16; 3]> {
    let code = match text.split_once(':') {
        Some((medium, code)) => Some(code).filter(|_| medium.trim_start_matches('0').starts_with("1-"))?,
        None => text,
    };
    // `*ff` at the end says that all of it is in hexadecimal: 10 is sixteen.
    let base = if code.ends_with("*ff") || code.ends_with("*FF") { 16 } else { 10 };
    let code = code.split(['*', '/', '&']).next().unwrap_or(code);
    let mut parts = code.split('.').map(|part| u16::from_str_radix(part, base).ok());
    let found = [parts.next()??, parts.next()??, parts.next()??];
    // `1.8.0.255` says the same once more.
    parts.next().is_none_or(|last| last == Some(255)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_what_in_which_phase_and_tariff() {
        let cases = [
            ("1-0:1.8.0*255", "obis_import"),
            ("1.8.1", "obis_import_t1"),
            ("2.8.0", "obis_export"),
            ("0100010800FF", "obis_import"),
            ("1-0:16.7.0", "active_power"),
            ("21.7.0", "active_power_l1"),
            ("76.7.0", "active_power_l3"),
            ("32.7.0", "voltage_l1"),
            ("01001F0700FF", "current_l1"),
            ("71.7.0", "current_l3"),
            ("53.7.0", "power_factor_l2"),
            ("14.7.0", "frequency"),
            ("01-00:01.08.00*ff", "obis_import"),
            ("01-00:10.07.00*ff", "active_power"),
        ];
        for (code, wanted) in cases {
            assert_eq!(name(code).as_deref(), Some(wanted), "{code}");
        }
        for other in
            ["7-0:3.0.0", "1.2", "192.168.1.200", "2.10.4", "1.8.0.1", "0.0.0", "1.6.0", "temperature"]
        {
            assert_eq!(name(other), None, "{other}");
        }
    }
}
