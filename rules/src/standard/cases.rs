//! A pack's own tests: values with the verdict that its author expects, in `<pack id>.test.toml`.

use model::Problem;

use super::{
    Attribute, Catalogue, Clause, RatingLevel, Resolved, builtin,
    judge::{judge, rating_of},
    resolve::Key,
    section::{Findings, Section, number},
    words::{Word, suggest},
};
use crate::Outcome;

/// One value of a test file and what is expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Clause id, `<pack id>/<clause>`.
    pub clause: String,
    /// The subject's attributes, in the order of [`Clause::key_attributes`].
    pub key: Key,
    /// The measured value in the unit of the limit.
    pub value: f64,
    /// What the author expects.
    pub expect: Outcome,
    /// The rating that the author expects, where the case says one.
    pub rating: Option<RatingLevel>,
}

/// What running a test file found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseReport {
    /// Every case of the file.
    pub cases: Vec<Case>,
    /// Cases that came out otherwise, and what could not be read.
    pub problems: Vec<Problem>,
}

impl Catalogue {
    /// Runs a test file: `pack = "<pack id>"`, then `[[case]]` tables with `clause`, attributes,
    /// `value` (a number or several) and `expect`. A clause with its full id needs no `pack`.
    #[must_use]
    pub fn run_cases(&self, file: &str, text: &str) -> CaseReport {
        let mut f = Findings::new(file, text);
        let root = f.parse();
        let root = Section::new(root.get_ref(), 0, "file");
        root.only(&mut f, &["pack", "case"]);
        let pack = root.text(&mut f, "pack").unwrap_or_default();
        let mut cases = Vec::new();
        for section in root.sections(&mut f, "case", "case") {
            self.run(&mut f, section, pack, &mut cases);
        }
        CaseReport { cases, problems: f.problems }
    }

    /// Runs the test files that come with the product.
    #[must_use]
    pub fn run_builtin_cases(&self) -> CaseReport {
        let mut all = CaseReport::default();
        for (file, text) in builtin::CASES {
            let report = self.run_cases(file, text);
            all.cases.extend(report.cases);
            all.problems.extend(report.problems);
        }
        all
    }

    fn run(&self, f: &mut Findings<'_>, s: Section<'_, '_>, pack: &str, cases: &mut Vec<Case>) {
        let Some(word) = s.needs_text(f, "clause") else { return };
        let s = s.named(word);
        let id = if word.contains('/') { word.to_owned() } else { format!("{pack}/{word}") };
        let Some(clause) = self.clause(&id) else {
            let known: Vec<&str> = self.ids().collect();
            return s.report(f, "clause", format!("no clause `{id}`"), suggest(&id, &known));
        };
        let attributes: Vec<&str> = clause.key_attributes().iter().map(|a| a.name()).collect();
        let known: Vec<&str> =
            ["clause", "value", "expect", "rating"].into_iter().chain(attributes).collect();
        s.only(f, &known);
        let expect: Option<Outcome> = s.needs_word(f, "expect");
        let rating: Option<RatingLevel> = s.word(f, "rating");
        let key = clause.key_attributes().iter().map(|a| cell(s, *a)).collect::<Key>();
        let Some(expect) = expect else { return };
        for value in values(f, s) {
            let case = Case { clause: clause.id.clone(), key: key.clone(), value, expect, rating };
            check(f, s, clause, &case);
            cases.push(case);
        }
    }
}

fn cell(s: Section<'_, '_>, attribute: Attribute) -> Option<String> {
    let value = s.get(attribute.name())?.get_ref();
    value.as_str().map(str::to_owned).or_else(|| number(value).map(|x| x.to_string()))
}

fn values(f: &mut Findings<'_>, s: Section<'_, '_>) -> Vec<f64> {
    let Some(value) = s.get("value").map(|v| v.get_ref()) else {
        s.report(f, "value", "missing", "add `value = ...`, a number or several");
        return Vec::new();
    };
    if value.as_array().is_none() {
        return s.number(f, "value").into_iter().collect();
    }
    let items = value.as_array().into_iter().flat_map(|items| items.iter());
    let numbers: Option<Vec<f64>> = items.map(|item| number(item.get_ref())).collect();
    if numbers.is_none() {
        s.report(f, "value", "not a list of numbers", "write [below, at, above]");
    }
    numbers.unwrap_or_default()
}

fn check(f: &mut Findings<'_>, s: Section<'_, '_>, clause: &Clause, case: &Case) {
    let value = case.value;
    let (found, rating) = match clause.bound_for_key(&case.key) {
        Resolved::Bound(bound) => {
            let rating = clause.rating_for_key(&case.key).map(|rating| rating_of(&rating, &bound, value));
            (judge(&bound, value).outcome, rating)
        }
        Resolved::MissingAttribute(_) | Resolved::NoRow => (Outcome::Insufficient, None),
    };
    if found != case.expect {
        let what = format!("{value} gives {}, not {}", name(found), name(case.expect));
        s.report(f, "expect", what, "correct the limit or the case");
    }
    if case.rating.is_some() && rating != case.rating {
        let words = [rating, case.rating].map(|r| r.map_or("no rating", name));
        let what = format!("{value} rates {}, not {}", words[0], words[1]);
        s.report(f, "rating", what, "correct the rating or the case");
    }
}

fn name<T: Word + PartialEq>(member: T) -> &'static str {
    T::words().into_iter().find(|(m, _)| *m == member).map_or("", |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let report = Catalogue::builtin().unwrap().run_cases("my.test.toml", text);
        report.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_wrong_expectation_is_told_with_its_line() {
        let text = "pack = \"gb-t-18883-2022\"\n[[case]]\nclause = \"co2\"\nvalue = [1000, 1001]\nexpect = \"compliant\"\n";
        assert_eq!(
            problems(text),
            ["my.test.toml:5: co2.expect: 1001 gives breach, not compliant: correct the limit or the case"]
        );
    }

    #[test]
    fn an_unknown_clause_or_key_names_the_nearest() {
        let text = "pack = \"gb-t-18883-2022\"\n[[case]]\nclause = \"c02\"\nvalue = 1\nexpect = \"breach\"\n";
        assert!(problems(text)[0].contains("`gb-t-18883-2022/co2`"), "{:?}", problems(text));
        let text = "pack = \"cn-2674-2014\"\n[[case]]\nclause = \"office-area\"\nlevle = \"city\"\nvalue = 1\nexpect = \"insufficient\"\n";
        assert!(problems(text)[0].contains("`level`"), "{:?}", problems(text));
    }
}
