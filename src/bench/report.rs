//! The result: figures in rows, rows in sections, as a table or as JSON.

use std::fmt;

use serde::Serialize;

/// One number.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what; `x` for a ratio.
    pub unit: &'static str,
}

/// One thing that was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What.
    pub name: String,
    /// Its figures.
    pub figures: Vec<Figure>,
}

/// Things that are compared with each other.
#[derive(Debug, Clone, Serialize)]
pub struct Section {
    /// What was measured.
    pub title: String,
    /// The figures.
    pub rows: Vec<Row>,
    /// How it was measured, and what bounds it.
    pub notes: Vec<String>,
}

/// A whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Release of the program.
    pub version: &'static str,
    /// Whether it was built for speed.
    pub is_release_build: bool,
    /// Threads that the machine runs at once.
    pub cores: usize,
    /// How many of them other programs (and an outside broker) kept busy meanwhile, where the system tells.
    pub others_busy: Option<f64>,
    /// The parts.
    pub sections: Vec<Section>,
}

impl Report {
    pub(super) fn new(sections: Vec<Section>, others_busy: Option<f64>) -> Self {
        Self {
            others_busy,
            version: env!("CARGO_PKG_VERSION"),
            is_release_build: !cfg!(debug_assertions),
            cores: crate::pipeline::cores(),
            sections,
        }
    }
}

impl Row {
    pub(super) fn new(name: impl Into<String>, figures: Vec<Figure>) -> Self {
        Self { name: name.into(), figures }
    }
}

impl Section {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, name: impl Into<String>, figures: Vec<Figure>) {
        self.rows.push(Row::new(name, figures));
    }

    /// Adds a remark.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

/// A figure.
pub(super) const fn figure(name: &'static str, value: f64, unit: &'static str) -> Figure {
    Figure { name, value, unit }
}

/// `part` as a multiple of `whole`.
pub(super) const fn ratio(name: &'static str, part: f64, whole: f64) -> Figure {
    figure(name, part / whole, "x")
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.value.abs() {
            size if size >= 100.0 => 0,
            size if size >= 10.0 => 1,
            _ => 2,
        };
        write!(f, "{} {:.digits$}", self.name, self.value)?;
        if self.unit == "x" { f.write_str("x") } else { write!(f, " {}", self.unit) }
    }
}

/// As it stands alone.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.figures.iter().try_for_each(|figure| write!(f, "  {figure}"))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let build = if self.is_release_build { "release" } else { "development" };
        writeln!(f, "normwatch {}, {build} build, {} cores", self.version, self.cores)?;
        if let Some(others) = self.others_busy.filter(|others| *others > 0.3) {
            writeln!(
                f,
                "Other programs kept {others:.1} cores busy meanwhile: expect noise, run it again alone."
            )?;
        }
        for section in &self.sections {
            writeln!(f, "\n{}", section.title)?;
            let width = section.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
            for row in &section.rows {
                let figures: Vec<String> =
                    row.figures.iter().map(|figure| format!("{:<26}", figure.to_string())).collect();
                let name = &row.name;
                let pad = width - name.chars().count();
                writeln!(f, "  {name}{:pad$}  {}", "", figures.join(" ").trim_end())?;
            }
            for note in &section.notes {
                writeln!(f, "  - {note}")?;
            }
        }
        write!(f, "\nRatios are of this run; times and rates are this machine's and promise nothing.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_lines_up_and_says_what_it_is() {
        let mut section = Section::new("pipeline");
        section.row("bare parse", vec![figure("takes", 123.4, "ns/reading")]);
        section.row("decode", vec![ratio("against it", 3.0, 2.0)]);
        section.note("one core");
        let text = Report::new(vec![section], Some(1.5)).to_string();
        assert!(text.contains("kept 1.5 cores busy"), "{text}");
        assert!(text.contains("  bare parse  takes 123 ns/reading\n"), "{text}");
        assert!(text.contains("  decode      against it 1.50x\n"), "{text}");
    }
}
