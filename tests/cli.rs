//! The program as its users call it: arguments and files in, stdout, stderr and an exit code out.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test helpers outside #[test] functions"
)]

use std::{
    fmt::Write as _,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

/// What a call of the program left behind.
struct Done {
    code: i32,
    out: String,
    err: String,
}

/// Calls the program in a directory, with an environment without variables of ours.
fn call(dir: &Path, args: &[&str], input: &[u8]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_normwatch"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("NORMWATCH__"))
    {
        command.env_remove(name);
    }
    command.current_dir(dir).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The program may end without reading everything: a broken pipe is no failure of the test.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Done {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A directory with the example register under `office` and two working days of its meeting room in `day.csv`.
fn office() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(call(dir.path(), &["register", "init", "office"], b"").code, 0);
    let mut csv = "time,sensor,quantity,value\n".to_owned();
    for five_minutes in 0..2 * 288 {
        let (day, minute) = (2 + five_minutes / 288, five_minutes % 288 * 5);
        let hour = minute / 60;
        let busy = u8::from((9..17).contains(&hour));
        let time = format!("2026-03-0{day}T{hour:02}:{:02}:00+08:00", minute % 60);
        writeln!(csv, "{time},air-302,occupied,{busy}").unwrap();
        writeln!(csv, "{time},air-302,co2,{}", 450 + u32::from(busy) * 850).unwrap();
    }
    std::fs::write(dir.path().join("day.csv"), csv).unwrap();
    dir
}

#[test]
fn wrong_usage_exits_2_and_writes_nothing_for_machines() {
    let dir = office();
    for args in [
        &["frobnicate"][..],
        &["measure", "--register", "office", "--measure", "utilisation", "day.csv"],
        &["measure", "--register", "office", "--measure", "utilization", "--period", "day", "day.csv"],
        &["measure", "--register", "office", "--measure", "eui", "--period", "hour", "day.csv"],
        &["measure", "--register", "office", "--measure", "room_area", "--period", "day", "day.csv"],
        &[
            "measure",
            "--register",
            "office",
            "--measure",
            "temperature_outside",
            "--period",
            "day",
            "day.csv",
        ],
        &["replay", "--register", "office", "--compare", "day.csv"],
        &["replay", "--register", "office", "--from", "2026-03-02", "--to", "2026-03-01", "day.csv"],
        &["assess", "--register", "office", "--on", "someday"],
        &["packs", "show", "nothing"],
        &["decode", "--format", "nothing"],
    ] {
        let done = call(dir.path(), args, b"");
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{args:?}: {}", done.err);
        assert!(!done.err.is_empty(), "{args:?}");
    }
}

#[test]
fn check_is_silent_when_all_is_well_and_names_every_problem_otherwise() {
    let dir = office();
    std::fs::write(dir.path().join("normwatch.toml"), "register = \"office\"\n").unwrap();
    let done = call(dir.path(), &["check"], b"");
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{}", done.err);

    let settings = dir.path().join("office/register.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, text.replace("gb-t-18883-2022", "gb-t-18883-2032")).unwrap();
    std::fs::write(dir.path().join("overlay.toml"), "[[override]]\nclause = \"no/such\"\n").unwrap();
    std::fs::write(dir.path().join("normwatch.toml"), "register = \"office\"\noverlay = \"overlay.toml\"\n")
        .unwrap();
    let done = call(dir.path(), &["check", "-c", "normwatch.toml"], b"");
    assert_eq!(done.code, 1);
    assert!(done.out.lines().any(|line| line.starts_with("overlay.toml:")), "{}", done.out);

    std::fs::write(dir.path().join("normwatch.toml"), "register = \"office\"\n").unwrap();
    let done = call(dir.path(), &["check"], b"");
    assert_eq!(done.code, 1);
    let wanted = |line: &str| line.starts_with("office/register.toml:") && line.contains("gb-t-18883-2032");
    assert!(done.out.lines().any(wanted), "{}", done.out);
}

#[test]
fn decode_answers_every_line_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let input = concat!(
        r#"{"topic":"normwatch/v1/air-1","payload":"[{\"n\":\"co2\",\"u\":\"ppm\",\"v\":612,\"t\":1767225600}]"}"#,
        "\n",
        "no json\n",
        r#"{"topic":"somewhere/else","payload":"hello"}"#,
    );
    let done = call(dir.path(), &["decode"], input.as_bytes());
    assert_eq!(done.code, 0);
    let lines: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{}", done.out);
    assert_eq!(lines[0]["readings"][0]["value"], 612.0);
    assert!(lines[1]["error"]["kind"].is_string());
    assert_eq!(lines[2]["ignored"], "no_route");
}

#[test]
fn a_profile_in_the_register_reads_a_device_of_the_operators_own() {
    let dir = office();
    let register = dir.path().join("office");
    let profile = concat!(
        "sensors = [\"air-30*\"]\n",
        "[[name]]\nquantity = \"gas\"\nunit = \"m3\"\nscale = 0.01\nsentinels = [65535]\n",
        "names = [\"port1.pulses\"]\n",
    );
    std::fs::write(register.join("gas-10-litres.profile.toml"), profile).unwrap();
    let input = r#"{"topic":"site/air-302/up","payload":"{\"port1\":{\"pulses\":1250}}"}"#;
    let done = call(dir.path(), &["decode", "--register", "office"], input.as_bytes());
    assert_eq!(done.code, 0, "{}", done.err);
    let line: Value = serde_json::from_str(done.out.trim()).unwrap();
    assert_eq!(line["readings"][0]["quantity"], "gas", "{line}");
    assert_eq!(line["readings"][0]["value"], 12.5);
    std::fs::write(register.join("gas-10-litres.profile.toml"), profile.replace("quantity", "quantitty"))
        .unwrap();
    let done = call(dir.path(), &["decode", "--register", "office"], input.as_bytes());
    assert_eq!(done.code, 1);
    assert!(format!("{}{}", done.out, done.err).contains("gas-10-litres.profile.toml:3"), "{}", done.err);
}

#[test]
fn strict_decoding_tells_what_the_contract_lacks_and_fails() {
    let dir = tempfile::tempdir().unwrap();
    let sound = r#"{"topic":"normwatch/v1/air-1","payload":"[{\"n\":\"co2\",\"u\":\"ppm\",\"v\":612,\"t\":1767225600}]"}"#;
    let done = call(dir.path(), &["decode", "--strict"], sound.as_bytes());
    assert_eq!((done.code, done.err.starts_with("1 of 1 messages")), (0, true), "{}", done.err);
    let input = concat!(
        r#"{"topic":"normwatch/v1/air-1","payload":"[{\"n\":\"temp\",\"u\":\"C\",\"v\":21}]","retained":true}"#,
        "\n",
        r#"{"topic":"normwatch/v1/door-1","payload":"[{\"n\":\"people_in\",\"v\":2,\"t\":1767225600}]"}"#,
    );
    let done = call(dir.path(), &["decode", "--strict"], input.as_bytes());
    assert_eq!(done.code, 1);
    assert!(done.err.starts_with("0 of 2 messages"), "{}", done.err);
    let kinds = |line: &str| -> Vec<String> {
        let line: Value = serde_json::from_str(line).unwrap();
        line["findings"].as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap().to_owned()).collect()
    };
    let kinds: Vec<_> = done.out.lines().map(kinds).collect();
    assert_eq!(kinds[0], ["retained", "no_reading", "unknown_name", "no_time"]);
    assert_eq!(kinds[1], ["no_total"]);
}

#[test]
fn measure_writes_one_row_a_place_and_period_with_the_sites_offset() {
    let dir = office();
    let args = ["measure", "--register", "office", "--measure", "utilisation", "--period", "day", "-"];
    let input = std::fs::read(dir.path().join("day.csv")).unwrap();
    let done = call(dir.path(), &args, &input);
    assert_eq!(done.code, 0, "{}", done.err);
    let mut lines = done.out.lines();
    assert_eq!(lines.next(), Some("place,measure,from,to,value,unit,coverage"));
    // People are there eight of the nine working hours; presence is a state and needs no hold-off.
    let wanted = "a-302,utilisation,2026-03-02T00:00:00+08:00,2026-03-03T00:00:00+08:00,0.888889,1,1";
    assert_eq!(lines.next(), Some(wanted));
}

#[test]
fn bad_rows_are_told_and_fail_only_where_none_are_allowed() {
    let dir = office();
    let mut csv = std::fs::read_to_string(dir.path().join("day.csv")).unwrap();
    csv.push_str("2026-03-02T10:00:00+08:00,air-302,co2,many\n");
    std::fs::write(dir.path().join("bad.csv"), csv).unwrap();
    let args = ["measure", "--register", "office", "--measure", "utilisation", "--period", "all", "bad.csv"];
    let done = call(dir.path(), &args, b"");
    assert_eq!(done.code, 0);
    assert!(done.err.contains("bad.csv:1154: value: `many`"), "{}", done.err);
    assert_eq!(call(dir.path(), &[&args[..], &["--strict"]].concat(), b"").code, 1);
}

#[test]
fn replay_judges_and_a_draft_overlay_shows_whom_it_frees() {
    let dir = office();
    let done = call(dir.path(), &["replay", "--register", "office", "day.csv"], b"");
    assert_eq!(done.code, 0, "{}", done.err);
    let verdicts: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_breach = |v: &&Value| v["clause"] == "gb-t-18883-2022/co2" && v["verdict"] == "breach";
    assert_eq!(verdicts.iter().filter(is_breach).count(), 16, "eight hours on two days");

    let later = call(dir.path(), &["replay", "--register", "office", "--from", "2026-03-03", "day.csv"], b"");
    let later: Vec<Value> = later.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(later.iter().filter(is_breach).count(), 8);

    let draft = "[[override]]\nclause = \"gb-t-18883-2022/co2\"\ncitation = \"draft\"\nat_most = 1400\n";
    std::fs::write(dir.path().join("draft.toml"), draft).unwrap();
    let args = ["replay", "--register", "office", "--overlay", "draft.toml", "--compare", "day.csv"];
    let done = call(dir.path(), &args, b"");
    assert_eq!(done.code, 0, "{} {}", done.out, done.err);
    let changes: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let co2 = changes.iter().find(|change| change["clause"] == "gb-t-18883-2022/co2").unwrap();
    assert_eq!((&co2["change"], &co2["place"]), (&Value::from("freed"), &Value::from("a-302")));
    assert_eq!((co2["windows_before"].as_u64(), co2["windows_after"].as_u64()), (Some(16), Some(0)));
}

#[test]
fn assess_judges_the_register_alone() {
    let dir = office();
    let done = call(dir.path(), &["assess", "--register", "office", "--on", "2026-07-01"], b"");
    assert_eq!(done.code, 0, "{}", done.err);
    let area = |line: &str| {
        let verdict: Value = serde_json::from_str(line).unwrap();
        verdict["clause"] == "cn-2674-2014/office-area"
            && verdict["place"] == "a-301"
            && verdict["value"] == 11.5
    };
    assert!(done.out.lines().any(area), "{}", done.out);
}

#[test]
fn the_example_of_a_device_profile_reads_what_the_page_says_before_anybody_registers_the_device() {
    let page = include_str!("../docs/vendors.md");
    let section =
        page.split("\n## ").find(|part| part.starts_with("A device that nobody could read")).unwrap();
    let block = |language: &str| {
        let rest = section.split_once(&format!("```{language}\n")).unwrap().1;
        rest.split_once("\n```").unwrap().0
    };
    let dir = office();
    let name = block("toml").lines().next().unwrap().trim_start_matches("# ");
    std::fs::write(dir.path().join("office").join(name), block("toml")).unwrap();
    let message = block("sh").split('\'').nth(1).unwrap();
    let done = call(dir.path(), &["decode", "--register", "office"], format!("{message}\n").as_bytes());
    assert_eq!((done.code, done.out.trim()), (0, block("json")), "{}", done.err);
}

#[test]
fn what_is_wrong_with_a_register_does_not_stand_among_figures_and_verdicts() {
    let dir = office();
    std::fs::write(dir.path().join("office/places.csv"), "place,kind\na,rom\n").unwrap();
    for args in [
        &["measure", "--register", "office", "--measure", "utilisation", "--period", "day", "day.csv"][..],
        &["assess", "--register", "office"],
        &["replay", "--register", "office", "day.csv"],
        &["decode", "--register", "office"],
    ] {
        let done = call(dir.path(), args, b"");
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{args:?}");
        assert!(done.err.contains("office/places.csv:2: kind: "), "{args:?}: {}", done.err);
    }
}

#[test]
fn the_help_of_the_quarantine_names_a_reason_that_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let help = call(dir.path(), &["quarantine", "--help"], b"").out;
    let reason = help.split_once("--reason ").unwrap().1.split_whitespace().next().unwrap();
    assert!(ingest::ErrorKind::ALL.iter().any(|kind| kind.name() == reason), "{reason}");
}

#[test]
fn a_user_is_held_to_places_that_there_are() {
    let dir = office();
    std::fs::write(dir.path().join("normwatch.toml"), "register = \"office\"\ndata_dir = \"data\"\n")
        .unwrap();
    let add = |name: &str, held: &[&str]| {
        call(dir.path(), &[&["user", "add", name, "--role", "viewer"], held].concat(), b"a long password\n")
    };
    let refused = add("desk", &["--place", "block-aa"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("no place `block-aa`; did you mean `block-a`?"), "{}", refused.err);
    assert_eq!(add("desk", &["--body", "nobody"]).code, 1);
    assert_eq!(add("desk", &["--place", "block-a"]).code, 0);
    std::fs::remove_dir_all(dir.path().join("office")).unwrap();
    assert_eq!(add("other", &["--place", "anywhere"]).code, 0, "nothing is known without a register");
}
