//! Escapes and fields of line protocol.

use model::{Id, Instant};

/// Appends a tag of an id, whose characters need no escape.
pub(super) fn push_id(out: &mut String, name: &str, id: Option<&Id>) {
    if let Some(id) = id {
        out.push(',');
        out.push_str(name);
        out.push('=');
        out.push_str(id.as_str());
    }
}

/// Appends a tag; an empty value is no tag, since the server refuses it.
pub(super) fn push_tag(out: &mut String, name: &str, value: &str) {
    // A backslash at the end would escape what follows, and a line end would cut the line.
    let value = value.trim_end_matches('\\');
    if value.is_empty() {
        return;
    }
    out.push(',');
    out.push_str(name);
    out.push('=');
    for c in value.chars() {
        match c {
            ',' | '=' | ' ' => out.extend(['\\', c]),
            '\n' | '\r' => out.push_str("\\ "),
            _ => out.push(c),
        }
    }
}

/// The fields of a line, the first behind a blank and the others behind commas.
pub(super) struct Fields {
    out: String,
    before: char,
}

impl Fields {
    pub(super) fn new(out: String) -> Self {
        Self { out, before: ' ' }
    }

    fn name(&mut self, name: &str) {
        self.out.push(self.before);
        self.before = ',';
        self.out.push_str(name);
        self.out.push('=');
    }

    pub(super) fn integer(&mut self, name: &str, value: i64) {
        self.name(name);
        self.out.push_str(itoa::Buffer::new().format(value));
        self.out.push('i');
    }

    pub(super) fn float(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.name(name);
            self.out.push_str(zmij::Buffer::new().format_finite(value));
        }
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.out.push('"');
        for c in value.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                // Servers allow a line end inside quotes, but what splits by lines does not.
                '\n' | '\r' => self.out.push(' '),
                _ => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    pub(super) fn end(mut self, at: Instant) -> String {
        self.out.push(' ');
        self.out.push_str(itoa::Buffer::new().format(at.millis()));
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_escaped_and_an_empty_one_left_out() {
        let mut out = String::new();
        push_tag(&mut out, "clause", "a b,c=d\\");
        push_tag(&mut out, "empty", "");
        assert_eq!(out, r",clause=a\ b\,c\=d");
    }

    #[test]
    fn a_field_that_is_not_finite_is_left_out() {
        let mut fields = Fields::new("m".to_owned());
        fields.float("value", Some(f64::NAN));
        fields.float("limit", None);
        fields.integer("state", 2);
        assert_eq!(fields.end(Instant::from_millis(5)), "m state=2i 5");
    }
}
