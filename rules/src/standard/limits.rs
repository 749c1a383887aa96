//! Reading the numbers of a clause: `limit`, `clear`, `band` and `rating`.

use model::register::Text;

use super::{
    Attribute, Band, Bound, Curve, Limit, LimitTable, Rating, Row,
    section::{Findings, Section, Value, number},
};

/// A row of a table as the file has it: key cells, number, where.
struct Cells {
    key: Vec<String>,
    number: f64,
    at: usize,
}

/// `limit = {...}` or `[clause.limit]`: fixed, a table (`by`) or a curve (`over`).
pub(super) fn limit(f: &mut Findings<'_>, clause: Section<'_, '_>) -> Option<Limit> {
    if clause.get("limit").is_none() {
        clause.report(f, "limit", "missing", "add `limit = { at_most = ..., unit = \"...\" }`");
    }
    let section = clause.section(f, "limit", clause.name)?;
    section.only(f, &["at_most", "at_least", "unit", "by", "over"]);
    let mut limit = Limit {
        unit: section.needs_text(f, "unit").unwrap_or_default().to_owned(),
        fixed: Bound::default(),
        table: None,
        curve: None,
    };
    if section.get("at_most").is_none() && section.get("at_least").is_none() {
        section.report(f, "limit", "has neither at_most nor at_least", "add the number of the document");
    }
    if section.get("over").is_some() {
        limit.curve = curve(f, section);
    } else if section.get("by").is_some() {
        limit.table = table(f, section);
    } else {
        limit.fixed = bound(f, section);
    }
    Some(limit)
}

/// `at_most` and `at_least` of a table.
pub(super) fn bound(f: &mut Findings<'_>, section: Section<'_, '_>) -> Bound {
    Bound { at_most: section.number(f, "at_most"), at_least: section.number(f, "at_least") }
}

fn curve(f: &mut Findings<'_>, section: Section<'_, '_>) -> Option<Curve> {
    let over: Attribute = section.word(f, "over")?;
    if !matches!(over, Attribute::AuthorisedHeadcount | Attribute::Capacity) {
        let remedy = "write `authorised_headcount` or `capacity`";
        section.report(f, "over", "no number of the register", remedy);
    }
    let mut at_most: Vec<(f64, f64)> = Vec::new();
    for item in array(f, section, "at_most")? {
        let cells: Option<Vec<f64>> =
            item.get_ref().as_array().and_then(|cells| cells.iter().map(|c| number(c.get_ref())).collect());
        match cells.as_deref() {
            Some([x, y]) if at_most.last().is_none_or(|(last, _)| last < x) => at_most.push((*x, *y)),
            Some([_, _]) => {
                section.report(f, "at_most", "points do not rise", "order them by their first number");
            }
            _ => section.report(f, "at_most", "a point is not two numbers", "write [number, cap]"),
        }
    }
    if at_most.len() < 2 {
        section.report(f, "at_most", "a curve needs two points", "write a fixed limit, or add a point");
    }
    Some(Curve { over, at_most })
}

fn table(f: &mut Findings<'_>, section: Section<'_, '_>) -> Option<LimitTable> {
    let by: Vec<Attribute> = section.words(f, "by");
    let rows = rows(f, section, &by);
    (!by.is_empty()).then_some(LimitTable { by, rows })
}

/// The rows of `at_most` and `at_least`, joined by key.
pub(super) fn rows(f: &mut Findings<'_>, section: Section<'_, '_>, by: &[Attribute]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for key in ["at_most", "at_least"] {
        let mut seen: Vec<Vec<String>> = Vec::new();
        for cells in cells(f, section, key, by) {
            if seen.contains(&cells.key) {
                let what = format!("key {} stands twice", cells.key.join(", "));
                f.report(cells.at, format!("{}.limit", section.name), what, "remove one of the rows");
            }
            seen.push(cells.key.clone());
            let row = row_of(&mut rows, cells.key);
            let side = if key == "at_most" { &mut row.bound.at_most } else { &mut row.bound.at_least };
            *side = Some(cells.number);
        }
    }
    rows
}

fn row_of(rows: &mut Vec<Row>, key: Vec<String>) -> &mut Row {
    let at = rows.iter().position(|row| row.key == key).unwrap_or_else(|| {
        rows.push(Row { key, bound: Bound::default(), rating: None });
        rows.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "the position was found, or pushed, just above")]
    &mut rows[at]
}

fn array<'a, 't>(f: &mut Findings<'_>, section: Section<'a, 't>, key: &str) -> Option<Vec<&'a Value<'t>>> {
    let array = section.get(key)?.get_ref().as_array();
    if array.is_none() {
        section.report(f, key, "is not a list of rows", "write [[key, ..., number], ...]");
    }
    array.map(|array| array.iter().collect())
}

/// The rows of a table, each key cell checked against the words of its attribute.
fn cells(f: &mut Findings<'_>, section: Section<'_, '_>, key: &str, by: &[Attribute]) -> Vec<Cells> {
    let mut found = Vec::new();
    for item in array(f, section, key).unwrap_or_default() {
        let at = item.span().start;
        let row = item.get_ref().as_array().and_then(|row| split(row));
        let Some((words, number)) = row.filter(|(words, _)| words.len() == by.len()) else {
            let what = format!("a row is not {} and a number", plural(by.len()));
            f.report(at, format!("{}.{key}", section.name), what, "write [word, ..., number]");
            continue;
        };
        for (word, attribute) in words.iter().zip(by) {
            if let Some(remedy) = attribute.objection(word) {
                let what = format!("`{word}` is no word of {}", attribute.name());
                f.report(at, format!("{}.{key}", section.name), what, remedy);
            }
        }
        found.push(Cells { key: words, number, at });
    }
    found
}

fn plural(words: usize) -> String {
    if words == 1 { "one word".to_owned() } else { format!("{words} words") }
}

fn split(row: &[Value<'_>]) -> Option<(Vec<String>, f64)> {
    let (last, words) = row.split_last()?;
    let words: Option<Vec<String>> = words.iter().map(|w| w.get_ref().as_str().map(str::to_owned)).collect();
    Some((words?, number(last.get_ref())?))
}

/// `clear = { at_most, at_least }`.
pub(super) fn clear(f: &mut Findings<'_>, clause: Section<'_, '_>) -> Option<Bound> {
    sides(f, clause, "clear")
}

/// `within = { at_most, at_least }`: the band of a share of time outside it.
pub(super) fn within(f: &mut Findings<'_>, clause: Section<'_, '_>) -> Option<Bound> {
    sides(f, clause, "within")
}

fn sides(f: &mut Findings<'_>, clause: Section<'_, '_>, key: &str) -> Option<Bound> {
    let section = clause.section(f, key, clause.name)?;
    section.only(f, &["at_most", "at_least"]);
    Some(bound(f, section))
}

/// `band = { at_most = [low, high], at_least = [low, high] }`.
pub(super) fn band(f: &mut Findings<'_>, clause: Section<'_, '_>) -> Option<Band> {
    let section = clause.section(f, "band", clause.name)?;
    section.only(f, &["at_most", "at_least"]);
    let mut pair = |key: &str| {
        let items = section.get(key)?.get_ref().as_array();
        let numbers: Option<Vec<f64>> =
            items.and_then(|items| items.iter().map(|i| number(i.get_ref())).collect());
        match numbers.as_deref() {
            Some([low, high]) if low <= high => Some((*low, *high)),
            _ => {
                section.report(f, "band", format!("{key} is not a pair"), "write [lowest, highest]");
                None
            }
        }
    };
    Some(Band { at_most: pair("at_most"), at_least: pair("at_least") })
}

/// `rating = { baseline, guide }`: the fixed one, or set on the rows of the limit's table.
pub(super) fn rating(f: &mut Findings<'_>, clause: Section<'_, '_>, limit: &mut Limit) -> Option<Rating> {
    let section = clause.section(f, "rating", clause.name)?;
    section.only(f, &["baseline", "guide"]);
    if section.get("guide").is_none() {
        section.report(f, "rating", "has no guide value", "add `guide = ...`");
    }
    if let Some(table) = limit.table.as_mut() {
        table_rating(f, section, table);
        return None;
    }
    let baseline = section.number(f, "baseline");
    Some(Rating { baseline, guide: section.number(f, "guide")? })
}

fn table_rating(f: &mut Findings<'_>, section: Section<'_, '_>, table: &mut LimitTable) {
    let mut baselines = cells(f, section, "baseline", &table.by);
    for guide in cells(f, section, "guide", &table.by) {
        let baseline =
            baselines.iter().position(|b| b.key == guide.key).map(|i| baselines.swap_remove(i).number);
        match table.rows.iter_mut().find(|row| row.key == guide.key) {
            Some(row) => row.rating = Some(Rating { baseline, guide: guide.number }),
            None => orphan(f, section, &guide),
        }
    }
    for baseline in &baselines {
        orphan(f, section, baseline);
    }
}

fn orphan(f: &mut Findings<'_>, section: Section<'_, '_>, cells: &Cells) {
    let what = format!("{} has no limit and guide", cells.key.join(", "));
    f.report(cells.at, format!("{}.rating", section.name), what, "rate only rows of the limit");
}

/// `title`, `remedy`: `{ zh, en }`, or one text for both.
pub(super) fn text(f: &mut Findings<'_>, section: Section<'_, '_>, key: &str) -> Option<Text> {
    let value = section.get(key)?;
    if let Some(text) = value.get_ref().as_str() {
        return Some(Text { zh: text.to_owned(), en: text.to_owned() });
    }
    let inner = section.section(f, key, section.name)?;
    inner.only(f, &["zh", "en"]);
    let zh = inner.text(f, "zh").map(str::to_owned);
    let en = inner.text(f, "en").map(str::to_owned);
    if zh.is_none() && en.is_none() {
        section.report(f, key, "has no text", "write { zh = \"...\", en = \"...\" }");
    }
    let one = zh.clone().or_else(|| en.clone()).unwrap_or_default();
    Some(Text { zh: zh.unwrap_or_else(|| one.clone()), en: en.unwrap_or(one) })
}
