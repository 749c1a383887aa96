//! Editions of one document: the older ends where the newer begins.

use std::sync::Arc;

use model::Problem;

use super::{Pack, layers, origin::Origins};

/// Ends every superseded pack and reports editions of one document that overlap.
pub(super) fn close(packs: &mut [Arc<Pack>], origins: &Origins, problems: &mut Vec<Problem>) {
    let newer: Vec<Arc<Pack>> = packs.iter().filter(|p| p.supersedes.is_some()).map(Arc::clone).collect();
    let mut report = |pack: &Pack, key: &str, what: String, remedy: &str| {
        problems.push(origins.of_standard(&pack.id, key, what, remedy));
    };
    for new in &newer {
        let old = packs.iter_mut().find(|old| Some(&old.id) == new.supersedes.as_ref());
        // An edition that is not among the packs needs no end.
        let Some(old) = old else { continue };
        if new.in_force <= old.in_force {
            let what = format!("not after {}, which it supersedes", old.id);
            report(new, "in_force", what, "check both dates");
        }
        let end = old.until.map_or(new.in_force, |until| until.min(new.in_force));
        Arc::make_mut(old).until = Some(end);
    }
    for (i, a) in packs.iter().enumerate() {
        for b in packs.iter().skip(i + 1) {
            if family(&a.document) == family(&b.document) && layers::are_together(a, b) {
                let what = format!("{} and {} are editions of one document and overlap", a.id, b.id);
                report(b, "in_force", what, "add `supersedes` to the newer one");
            }
        }
    }
}

/// A designation without its year: `GB/T 18883-2022` and `GB/T 18883-2002` are one family.
pub(crate) fn family(document: &str) -> &str {
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    document.rsplit_once('-').filter(|(_, year)| is_year(year)).map_or(document, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_a_designation_without_its_year() {
        assert_eq!(family("GB/T 18883-2022"), "GB/T 18883");
        assert_eq!(family("Order 531"), "Order 531");
        assert_eq!(family("EN 16798-1"), "EN 16798-1");
    }
}
