//! Conditions: named bounds on other figures, and how they join (`only_if = "a and (b or not c)"`).

use super::{Bound, Gate, Measure};

/// A named bound on a figure of the same place, window and period (`[clause.condition.NAME]`).
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Its name in the expression.
    pub name: String,
    /// The figure.
    pub measure: Measure,
    /// What must hold for time to count in the figure.
    pub gate: Option<Gate>,
    /// True while the figure keeps it.
    pub bound: Bound,
    /// Least coverage of the figure for it to be known, 0 to 1.
    pub min_coverage: f64,
}

/// A clause is judged only while an expression over its conditions is true.
#[derive(Debug, Clone, PartialEq)]
pub struct OnlyIf {
    /// The expression as the pack has it.
    pub text: String,
    /// What it says.
    pub expr: Expr,
    /// The conditions, in the order of their names.
    pub conditions: Vec<Condition>,
}

/// An expression over named conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A condition, by name.
    Named(String),
    /// The opposite.
    Not(Box<Self>),
    /// Both.
    And(Box<Self>, Box<Self>),
    /// At least one.
    Or(Box<Self>, Box<Self>),
}

/// Deepest nesting that is read; a clause that needs more is beyond anybody's understanding.
const DEEPEST: usize = 32;

impl Expr {
    /// Reads `a and (b or not c)`: `not` binds closest, then `and`, then `or`.
    ///
    /// # Errors
    /// Says what stands where something else is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = Words { words: split(text), at: 0, depth: 0 };
        let expr = words.any()?;
        match words.next() {
            None => Ok(expr),
            Some(word) => Err(format!("`{word}` after the end of the expression")),
        }
    }

    /// Its truth by the three-valued logic of Kleene, `None` being unknown: what is known decides where
    /// it can, whatever the rest may be.
    #[must_use]
    pub fn holds(&self, known: &impl Fn(&str) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Named(name) => known(name),
            Self::Not(inner) => inner.holds(known).map(|holds| !holds),
            Self::And(a, b) => match (a.holds(known), b.holds(known)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.holds(known), b.holds(known)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }

    /// The names in it, in the order in which they stand, each once.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Named(name) if found.contains(&name.as_str()) => {}
            Self::Named(name) => found.push(name),
            Self::Not(inner) => inner.collect(found),
            Self::And(a, b) | Self::Or(a, b) => {
                a.collect(found);
                b.collect(found);
            }
        }
    }
}

/// Words and brackets.
fn split(text: &str) -> Vec<String> {
    text.replace('(', " ( ").replace(')', " ) ").split_whitespace().map(str::to_owned).collect()
}

/// Whether a word can name a condition.
pub(super) fn is_name(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    !word.is_empty() && word.chars().all(fits) && !["and", "or", "not"].contains(&word)
}

struct Words {
    words: Vec<String>,
    at: usize,
    depth: usize,
}

impl Words {
    fn next(&mut self) -> Option<String> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word
    }

    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(is_next);
        is_next
    }

    fn any(&mut self) -> Result<Expr, String> {
        let mut expr = self.all()?;
        while self.take("or") {
            expr = Expr::Or(Box::new(expr), Box::new(self.all()?));
        }
        Ok(expr)
    }

    fn all(&mut self) -> Result<Expr, String> {
        let mut expr = self.one()?;
        while self.take("and") {
            expr = Expr::And(Box::new(expr), Box::new(self.one()?));
        }
        Ok(expr)
    }

    fn one(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("nested too deeply".to_owned());
        }
        let expr = if self.take("not") {
            Expr::Not(Box::new(self.one()?))
        } else if self.take("(") {
            let expr = self.any()?;
            if !self.take(")") {
                return Err("a bracket is not closed".to_owned());
            }
            expr
        } else {
            match self.next() {
                Some(word) if is_name(&word) => Expr::Named(word),
                Some(word) => return Err(format!("`{word}` where a condition is expected")),
                None => return Err("ends where a condition is expected".to_owned()),
            }
        };
        self.depth -= 1;
        Ok(expr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, known: &[(&str, bool)]) -> Option<bool> {
        let of = |name: &str| known.iter().find(|(n, _)| *n == name).map(|(_, holds)| *holds);
        Expr::parse(text).unwrap().holds(&of)
    }

    #[test]
    fn not_binds_closest_then_and_then_or() {
        let named = |name: &str| Box::new(Expr::Named(name.to_owned()));
        assert_eq!(
            Expr::parse("a or not b and c"),
            Ok(Expr::Or(named("a"), Box::new(Expr::And(Box::new(Expr::Not(named("b"))), named("c")))))
        );
        assert_eq!(
            Expr::parse("(a or not b)and c"),
            Ok(Expr::And(Box::new(Expr::Or(named("a"), Box::new(Expr::Not(named("b"))))), named("c")))
        );
    }

    #[test]
    fn what_is_known_decides_where_it_can() {
        for (text, a, expected) in [
            ("a and b", true, None),
            ("a and b", false, Some(false)),
            ("a or b", true, Some(true)),
            ("a or b", false, None),
            ("not a", true, Some(false)),
            ("not b", true, None),
            ("not (a and b)", false, Some(true)),
            ("b or not b", true, None),
        ] {
            assert_eq!(holds(text, &[("a", a)]), expected, "{text} with a {a}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, what) in [
            ("", "ends where a condition is expected"),
            ("a and", "ends where a condition is expected"),
            ("a b", "`b` after the end of the expression"),
            ("(a or b", "a bracket is not closed"),
            ("a or b)", "`)` after the end of the expression"),
            ("and a", "`and` where a condition is expected"),
            ("A", "`A` where a condition is expected"),
            (&"not ".repeat(40), "nested too deeply"),
        ] {
            assert_eq!(Expr::parse(text), Err(what.to_owned()), "{text}");
        }
    }

    #[test]
    fn nesting_has_a_limit_and_length_has_none() {
        let nested = |deep: usize| Expr::parse(&format!("{}a", "not ".repeat(deep - 1)));
        assert!(nested(DEEPEST).is_ok());
        assert_eq!(nested(DEEPEST + 1), Err("nested too deeply".to_owned()));
        assert!(Expr::parse(&vec!["(not a)"; 5 * DEEPEST].join(" and ")).is_ok());
    }

    #[test]
    fn names_stand_once_in_the_order_of_the_text() {
        assert_eq!(Expr::parse("b or (a and not b) or c").unwrap().names(), ["b", "a", "c"]);
    }
}
