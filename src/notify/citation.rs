//! Where in a document a clause stands, in the reader's language.
//!
//! Packs write citations in plain English parts (`table 2, meeting room`), since the numbering is the
//! document's own. Chinese readers get each part that has a Chinese wording; the rest stays as written.

use model::register::Language;

use super::words::{Words, slug};

/// A citation for a reader of this language.
pub(crate) fn cited(text: &str, language: Language) -> String {
    citation(text, Words(language))
}

/// A citation in words of the reader.
pub(super) fn citation(text: &str, words: Words) -> String {
    if words.0 == Language::En {
        return text.to_owned();
    }
    let join = words.word("list-join");
    let sentences =
        text.split("; ").map(|s| s.split(", ").map(|p| part(p, words)).collect::<Vec<_>>().join(&join));
    sentences.collect::<Vec<_>>().join("；")
}

fn part(text: &str, words: Words) -> String {
    // A remark in brackets follows the part that it explains.
    if let Some((before, remark)) = text.strip_suffix(')').and_then(|t| t.split_once(" (")) {
        return format!("{}（{}）", part(before, words), part(remark, words));
    }
    let known = words.find(&format!("cite-{}", slug(text)), &[]);
    known.or_else(|| numbered(text, words)).unwrap_or_else(|| text.to_owned())
}

/// `table 2`, `art. 29`: a word for the kind and a number.
fn numbered(text: &str, words: Words) -> Option<String> {
    let (kind, number) = text.split_once(' ')?;
    let is_number =
        !number.contains(' ') && number.chars().any(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    is_number.then(|| words.find(&format!("numbered-{}", slug(kind)), &[("n", number)]))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_reads_chinese_part_by_part_and_english_as_written() {
        let zh = |text: &str| citation(text, Words(Language::Zh));
        assert_eq!(zh("table 1"), "表 1");
        assert_eq!(zh("meeting room, 0.75 m above the floor"), "会议室、0.75 m 水平面");
        assert_eq!(zh("heating season, category IV"), "供暖季、IV 级");
        assert_eq!(zh("sec. 2302"), "第 2302 节");
        assert_eq!(zh("practice value of energy managers; own threshold"), "能源管理经验值；自定阈值");
        assert_eq!(zh("art. 29 (own threshold)"), "第 29 条（自定阈值）");
        assert_eq!(zh("4.2.1"), "4.2.1");
        assert_eq!(zh("some new wording"), "some new wording");
        assert_eq!(citation("table 1", Words(Language::En)), "table 1");
    }
}
