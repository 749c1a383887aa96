//! The loader as its users meet it: files in, a register or its problems out.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::columns;
use crate::{
    Id, Instant, Problem,
    register::{Level, Rank, Register},
};

type Files = BTreeMap<String, Vec<u8>>;

fn files(pairs: &[(&str, &str)]) -> Files {
    let base = [
        ("register.toml", "id = \"t\"\ntime_zone = \"Asia/Shanghai\"\n"),
        ("places.csv", "place,kind,parent\ns,site,\nb,building,s\nr,room,b\n"),
        ("bodies.csv", "body,name,parent,level\ntop,Top,,county\nlow,Low,top,\n"),
    ];
    base.iter().chain(pairs).map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

fn problems(pairs: &[(&str, &str)]) -> Vec<Problem> {
    Register::load(&files(pairs)).err().unwrap_or_default()
}

/// Loads and expects exactly these problems, each as `file:line:key` and a part of its text.
fn expect(pairs: &[(&str, &str)], expected: &[(&str, &str)]) {
    let found = problems(pairs);
    let places: Vec<String> = found.iter().map(|p| format!("{}:{}:{}", p.file, p.line, p.key)).collect();
    let wanted: Vec<&str> = expected.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, wanted, "{found:#?}");
    for (problem, (_, part)) in found.iter().zip(expected) {
        assert!(problem.to_string().contains(part), "{problem} does not say {part}");
    }
}

fn bytes(files: BTreeMap<String, String>) -> Files {
    files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

#[test]
fn the_template_loads_and_shows_every_column() {
    let template = Register::template();
    for table in columns::FIXED.into_iter().chain([&columns::CALENDAR]) {
        let header = template[table.file].lines().next().unwrap();
        let names: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
        assert_eq!(header, names.join(","), "{}", table.file);
    }
    let register = Register::load(&bytes(template)).unwrap();
    assert_eq!(register.places.len(), 5);
    assert_eq!(register.calendar.exceptions.len(), 39, "an example year");
    assert_eq!(register.calendar.heating, Some(((11, 15), (3, 15))));
}

#[test]
fn what_is_exported_loads_to_the_same_register() {
    let mut files = Register::template();
    files.insert("gas.profile.toml".to_owned(), "sensors = [\"boiler-*\"]\n".to_owned());
    let first = Register::load(&bytes(files)).unwrap();
    assert!(!first.day_names.is_empty());
    let exported = first.export();
    let second = Register::load(&bytes(exported.clone())).unwrap();
    assert_eq!(exported, second.export());
    assert_eq!(first.places, second.places);
    assert_eq!(first.sensors, second.sensors);
    assert_eq!(first.meters, second.meters);
    assert_eq!(first.meter_events, second.meter_events);
    assert_eq!(first.recipients, second.recipients);
    assert_eq!(first.waivers, second.waivers);
    assert_eq!(first.calendar, second.calendar);
    assert_eq!(first.name, second.name);
    assert_eq!(first.day_names, second.day_names);
    assert_eq!(first.profiles, second.profiles);
}

#[test]
fn a_whole_register_may_be_chinese_gb18030_with_semicolons() {
    let text = "场所编号;类型;上级场所;使用面积(㎡);起\ns;site;;;\nr;room;s;12.5;2026/3/1\n";
    let mut files = files(&[]);
    files.insert("places.csv".to_owned(), encoding_rs::GB18030.encode(text).0.into_owned());
    let register = Register::load(&files).unwrap();
    assert!(register.place(&id("r"), at("2026-02-28T23:59:59+08:00")).is_none());
    let room = register.place(&id("r"), at("2026-03-01T00:00:00+08:00")).unwrap();
    assert_eq!(room.usable_area_m2, Some(12.5));
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let register = Register::load(&files(&[
        ("sensors.csv", "sensor,place,interval_s\na,r,\nb,r,60\n"),
        (
            "meters.csv",
            "sensor,place,carrier,end_use\ne,b,electricity,\nl,b,electricity,lighting\nw,b,water,\n",
        ),
        ("recipients.csv", "recipient,mail\nx,x@example.org\n"),
    ]))
    .unwrap();
    let sensor = |name: &str| register.sensors[&id(name)].last().unwrap();
    assert_eq!(
        (sensor("a").interval_s, sensor("a").max_gap_s, sensor("a").hold_off_s),
        (300.0, 900.0, 900.0)
    );
    assert_eq!((sensor("b").interval_s, sensor("b").max_gap_s), (60.0, 180.0));
    let gap = |name: &str| register.meters[&id(name)].last().unwrap().zero_is_gap;
    assert_eq!((gap("e"), gap("l"), gap("w")), (true, false, false));
    assert_eq!(register.recipients[&id("x")].last().unwrap().language.name(), "zh-CN");
}

#[test]
fn history_follows_the_dates_of_the_rows() {
    let places = "place,kind,parent,usable_area_m2,from,to\nb,building,,,,\n\
                  r,room,b,10,,2026-03-01\nr,room,b,20,2026-03-01,\n";
    let register = Register::load(&files(&[("places.csv", places)])).unwrap();
    let area = |when: &str| register.place(&id("r"), at(when)).unwrap().usable_area_m2;
    assert_eq!(area("2026-02-28T23:59:59+08:00"), Some(10.0));
    assert_eq!(area("2026-03-01T00:00:00+08:00"), Some(20.0));
}

#[test]
fn rows_of_one_id_that_overlap_name_both_lines() {
    let places = "place,kind,from,to\nb,building,,2026-03-02\nb,building,2026-03-01,\n";
    expect(&[("places.csv", places)], &[("places.csv:3:place", "line 2")]);
}

#[test]
fn every_problem_of_every_file_is_reported_at_once() {
    expect(
        &[
            ("register.toml", "id = \"t\"\ntime_zone = \"Asia/Shanghei\"\ntimezone = \"x\"\n"),
            ("places.csv", "place,kind,usable_aera\nb,bilding,1\nr 1,room,2\n"),
            ("sensors.csv", "sensor,place,interval_s\na,b,0\nc,nowhere,5min\n"),
        ],
        &[
            ("places.csv:1:usable_aera", "usable_area_m2"),
            ("places.csv:2:kind", "did you mean `building`"),
            ("places.csv:3:place", "no id"),
            ("register.toml:2:time_zone", "Asia/Shanghei"),
            ("register.toml:3:timezone", "time_zone"),
            ("sensors.csv:2:interval_s", "out of range"),
            ("sensors.csv:3:interval_s", "no number"),
            ("sensors.csv:3:place", "there is no `nowhere`"),
        ],
    );
}

#[test]
fn a_reference_must_hold_at_the_same_time() {
    let places = "place,kind,parent,from,to\nb,building,,2026-01-01,\nr,room,b,2024-01-01,2025-01-01\n";
    expect(&[("places.csv", places)], &[("places.csv:3:parent", "between the dates")]);
}

#[test]
fn a_tree_that_bites_its_tail_is_reported_once_and_only_when_the_dates_meet() {
    let cycle = "place,kind,parent\na,room,b\nb,room,c\nc,room,a\nd,room,a\n";
    expect(&[("places.csv", cycle)], &[("places.csv:2:parent", "a, b, c")]);
    let turned = "place,kind,parent,from,to\na,room,b,,2026-01-01\na,room,,2026-01-01,\n\
                  b,room,,,2026-01-01\nb,room,a,2026-01-01,\n";
    expect(&[("places.csv", turned)], &[]);
    expect(&[("bodies.csv", "body,name,parent\nx,X,x\n")], &[("bodies.csv:2:parent", "x lie")]);
}

#[test]
fn a_room_cannot_hold_a_floor() {
    let places = "place,kind,parent\nr,room,\nf,floor,r\n";
    expect(&[("places.csv", places)], &[("places.csv:3:parent", "cannot lie in the room")]);
}

#[test]
fn a_rank_must_exist_at_the_level_of_its_body() {
    let posts = "post,rank,body,room\np,minister,low,r\nq,section_head,low,r\nv,section_head,low,\n";
    expect(&[("posts.csv", posts)], &[("posts.csv:2:rank", "county")]);
    let register =
        Register::load(&files(&[("posts.csv", "post,rank,body,room\nq,section_head,low,r\n")])).unwrap();
    assert!(register.posts[&id("q")].last().unwrap().rank.fits(Level::County));
    assert!(!Rank::Minister.fits(Level::County));
}

#[test]
fn a_post_sits_in_a_room_and_a_deputy_is_somebody_else() {
    expect(
        &[
            ("posts.csv", "post,rank,body,room\np,section_head,low,b\n"),
            ("recipients.csv", "recipient,mail,deputy\nx,x@example.org,x\ny,y at example,z\n"),
        ],
        &[
            ("posts.csv:2:room", "is a building"),
            ("recipients.csv:2:deputy", "own deputy"),
            ("recipients.csv:3:deputy", "did you mean"),
            ("recipients.csv:3:mail", "no mail address"),
        ],
    );
}

#[test]
fn a_waiver_names_a_clause_and_either_a_place_or_a_body() {
    let waivers = "clause,place,body,reason,approver,from,to\n*,r,,works,head,2026-01-01,2026-02-01\n\
                   co2,r,,works,head,,\np/c,r,low,works,head,,\np/c,,,works,head,,\np/c,,none,,head,,\n";
    expect(
        &[("waivers.csv", waivers)],
        &[
            ("waivers.csv:3:clause", "no clause id"),
            ("waivers.csv:4:place", "either"),
            ("waivers.csv:5:place", "either"),
            ("waivers.csv:6:body", "there is no `none`"),
            ("waivers.csv:6:reason", "empty"),
        ],
    );
}

#[test]
fn a_new_multiplier_must_be_written_and_its_meter_known() {
    let events =
        "sensor,time,kind,multiplier\ne,2026-03-01T10:00:00+08:00,multiplier,\nx,2026-03-01,reset,\n";
    expect(
        &[("meters.csv", "sensor,place,carrier\ne,b,electricity\n"), ("meter_events.csv", events)],
        &[("meter_events.csv:2:multiplier", "empty"), ("meter_events.csv:3:sensor", "there is no `x`")],
    );
}

#[test]
fn the_calendar_and_the_hours_are_checked() {
    let toml = "id = \"t\"\ntime_zone = \"UTC\"\ncalendar = \"days.csv\"\n[working_hours]\ndays = [\"mon\", \"noday\"]\n\
                from = \"18:00\"\nto = \"09:00\"\n[seasons]\ncooling = [\"13-01\", \"10-15\"]\n";
    expect(
        &[
            ("register.toml", toml),
            ("days.csv", "date,kind\n2026-10-01,holiday\n2026-10-01,workday\nsoon,rest\n"),
        ],
        &[
            ("days.csv:3:date", "line 2"),
            ("days.csv:4:date", "no date"),
            ("days.csv:4:kind", "holiday"),
            ("register.toml:5:working_hours.days", "noday"),
            ("register.toml:7:working_hours.to", "later"),
            ("register.toml:9:seasons.cooling", "month and day"),
        ],
    );
}

#[test]
fn missing_and_misnamed_files_are_told_apart() {
    let found = Register::load(&Files::new()).err().unwrap_or_default();
    assert_eq!(found.iter().map(|p| p.file.as_str()).collect::<Vec<_>>(), ["places.csv", "register.toml"]);
    expect(&[("sensor.csv", "sensor,place\n")], &[("sensor.csv:0:register", "sensors.csv")]);
    expect(&[("notes.csv", "anything\n")], &[]);
}

#[test]
fn broken_toml_is_one_problem_with_its_line() {
    expect(&[("register.toml", "id = \"t\"\ntime_zone = Asia\n")], &[("register.toml:2:toml", "")]);
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(
        toml in proptest::collection::vec(any::<u8>(), 0..200),
        sheets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 9),
    ) {
        let mut files = Files::from([("register.toml".to_owned(), toml)]);
        let names = columns::FIXED.into_iter().chain([&columns::CALENDAR]).map(|table| table.file.to_owned());
        files.extend(names.zip(sheets));
        prop_assert!(Register::load(&files).is_err());
    }

    #[test]
    fn a_valid_header_with_hostile_cells_never_panics(
        lines in proptest::collection::vec("[-a-z0-9,;\"'/:.*T+ \r\n一二]{0,40}", 0..8),
        which in 0..8_usize,
    ) {
        let table = columns::FIXED[which];
        let header: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
        let text = format!("{}\n{}", header.join(","), lines.join("\n"));
        let loaded = Register::load(&files(&[(table.file, &text)]));
        for problem in loaded.err().unwrap_or_default() {
            prop_assert!(problem.line > 0 && !problem.key.is_empty() && !problem.remedy.is_empty(), "{problem}");
        }
    }
}
