//! Workbooks as people make them.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::*;

/// Writes a workbook and reads it as a register: the register, or what is wrong with it in words.
fn load(build: impl Fn(&mut Workbook)) -> Result<Register, Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("office.xlsx");
    let mut book = Workbook::new();
    build(&mut book);
    book.save(&path).unwrap();
    let book = Book::read(&path).unwrap();
    let found = Register::load(&book.files);
    let shown = |problem: Problem| book.place(Path::new("office.xlsx"), problem).to_string();
    let mut problems: Vec<String> = book.problems.iter().cloned().map(shown).collect();
    match found {
        Ok(register) if problems.is_empty() => Ok(register),
        Ok(_) => Err(problems),
        Err(more) => {
            problems.extend(more.into_iter().map(shown));
            Err(problems)
        }
    }
}

fn settings(book: &mut Workbook) {
    let sheet = book.add_worksheet().set_name("设置").unwrap();
    for (row, (key, value)) in (0..).zip([
        ("key", "value"),
        ("id", "o"),
        ("time_zone", "Asia/Shanghai"),
        ("packs", "gb-t-18883-2022, jgj-t-67-2019"),
    ]) {
        sheet.write_string(row, 0, key).unwrap().write_string(row, 1, value).unwrap();
    }
}

#[test]
fn titles_merged_headers_empty_rows_serial_dates_and_numbers_as_text_are_understood() {
    let register = load(|book| {
        settings(book);
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let sheet = book.add_worksheet().set_name("场所").unwrap();
        let plain = Format::new();
        sheet.merge_range(0, 0, 0, 6, "办公用房台账", &plain).unwrap();
        // A header of two rows: single columns merged downwards, the areas under a common title.
        for (column, name) in [(0, "place"), (1, "类型"), (2, "parent"), (5, "from"), (6, "to")] {
            sheet.merge_range(1, column, 2, column, name, &plain).unwrap();
        }
        sheet.merge_range(1, 3, 1, 4, "面积", &plain).unwrap();
        sheet.write_string(2, 3, "使用面积（㎡）").unwrap().write_string(2, 4, "floor_area_m2").unwrap();
        sheet.write_string(3, 0, "b").unwrap().write_string(3, 1, "building").unwrap();
        // Row 5 is empty; an id that is a number; an area as text; dates as a serial, as a date and as text.
        sheet.write_number(5, 0, 301).unwrap().write_string(5, 1, "room").unwrap();
        sheet
            .write_string(5, 2, "b")
            .unwrap()
            .write_string(5, 3, "24.5")
            .unwrap()
            .write_number(5, 4, 30.25)
            .unwrap();
        sheet.write_number(5, 5, 46023).unwrap();
        let end = ExcelDateTime::from_ymd(2026, 3, 1).unwrap();
        sheet.write_datetime_with_format(5, 6, &end, &day).unwrap();
        sheet
            .write_string(6, 0, "302")
            .unwrap()
            .write_string(6, 1, "room")
            .unwrap()
            .write_string(6, 2, "b")
            .unwrap();
        sheet.write_string(6, 5, "2026-02-01").unwrap();
    });
    let register = register.unwrap();
    assert_eq!(register.packs, ["gb-t-18883-2022", "jgj-t-67-2019"]);
    let text = &register.export()["places.csv"];
    let row = |id: &str| text.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{text}"));
    assert!(row("301,").contains("30.25,24.5,") && row("301,").ends_with("2026-01-01,2026-03-01"), "{text}");
    assert!(row("302,").ends_with("2026-02-01,"), "{text}");
}

#[test]
fn every_problem_names_its_sheet_and_row() {
    let problems = load(|book| {
        settings(book);
        let sheet = book.add_worksheet().set_name("places").unwrap();
        for (column, name) in (0..).zip(["place", "kind", "usable_area_m2"]) {
            sheet.write_string(0, column, name).unwrap();
        }
        sheet.write_string(2, 0, "r").unwrap().write_string(2, 1, "rom").unwrap();
        sheet
            .write_string(3, 0, "s")
            .unwrap()
            .write_string(3, 1, "room")
            .unwrap()
            .write_string(3, 2, "many")
            .unwrap();
        sheet.write_formula(4, 2, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    });
    let problems = problems.unwrap_err();
    for (row, key) in [(3, "kind"), (4, "usable_area_m2")] {
        let wanted = format!("office.xlsx[places]:{row}: {key}: ");
        assert!(problems.iter().any(|problem| problem.starts_with(&wanted)), "{wanted} in {problems:#?}");
    }
}

#[test]
fn columns_are_called_as_the_sheet_calls_them() {
    assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
}

#[test]
fn the_template_comes_back_from_a_workbook_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.xlsx");
    let template = Register::template().into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    let register = Register::load(&template).unwrap();
    write(&path, &register.export()).unwrap();
    let book = Book::read(&path).unwrap();
    assert_eq!((book.problems.len(), book.unknown.len()), (0, 0));
    let again = Register::load(&book.files).unwrap();
    assert_eq!(again.export(), register.export());
}
