//! Readings of the past from files: stored once whatever happens, judged as they lie, told in one digest.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use model::{Flags, Id, Instant, Quantity, Series, Span};
use normwatch::{
    clock::Clock,
    history::{self, History},
    spool::{Fate, Item, Message, Options, Refusal, Spool, SpoolReader},
};
use rusqlite::Connection;

use crate::{
    common::process::{free_port, until},
    office::{Room, write_register},
    service::{Service, assert_balanced, program},
};

const PATIENCE: Duration = Duration::from_secs(90);
const DAY_MS: i64 = 86_400_000;
const STEP_MS: i64 = 4 * 60_000;
const SENSORS: [&str; 2] = ["past-1", "past-2"];

/// Some days of two crowded rooms, the last of them nine days ago.
fn rows(days: i64) -> Vec<(Instant, &'static str, Quantity, f64)> {
    let end = Clock::System.now().millis().div_euclid(DAY_MS) * DAY_MS - 9 * DAY_MS;
    let mut rows = Vec::new();
    for step in 0..days * DAY_MS / STEP_MS {
        let time = Instant::from_millis(end - days * DAY_MS + step * STEP_MS);
        let is_busy = (9..17).contains(&(time.millis().rem_euclid(DAY_MS) / 3_600_000));
        for sensor in SENSORS {
            rows.push((
                time,
                sensor,
                Quantity::Co2,
                if is_busy { 1400.0 } else { 500.0 } + (step % 50) as f64,
            ));
            rows.push((time, sensor, Quantity::Motion, f64::from(u8::from(is_busy))));
        }
    }
    rows
}

fn csv(rows: &[(Instant, &'static str, Quantity, f64)]) -> String {
    let mut text = "time,sensor,quantity,value\n".to_owned();
    for (time, sensor, quantity, value) in rows {
        text.push_str(&format!("{time},{sensor},{quantity},{value}\n"));
    }
    text
}

fn backfill(dir: &Path, files: &[&str]) -> Output {
    program().current_dir(dir).args(["backfill", "-c", "normwatch.toml"]).args(files).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// How many messages a run says that it stored, and how many were there already.
fn counts(output: &Output) -> (u64, u64) {
    let text = said(output);
    let line = text
        .lines()
        .find(|line| line.contains("messages were there already"))
        .unwrap_or_else(|| panic!("{text}"));
    let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    (numbers[1], numbers[2])
}

fn office(dir: &Path) -> Service {
    office_with(dir, "")
}

fn office_with(dir: &Path, settings: &str) -> Service {
    let rooms = SENSORS.map(|sensor| Room { id: format!("r-{sensor}"), sensor: sensor.to_owned() });
    write_register(dir, "UTC", &rooms);
    let more = format!(
        "[smtp]\nurl = \"file:mail\"\nfrom = \"normwatch@example.org\"\n\n[alerts]\ngroup_wait = \"1s\"\n\n{settings}"
    );
    Service::new(dir, free_port(), &more)
}

/// Subjects of the mails to the reader of English.
fn subjects(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo: Vec<PathBuf> = vec![dir.join("mail")];
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().map(Result::unwrap) {
            if entry.path().is_dir() {
                todo.push(entry.path());
            } else if entry.path().extension().is_some_and(|end| end == "eml") {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                if text.contains("hall@example.org") {
                    let line = text.lines().find_map(|line| line.strip_prefix("Subject: "));
                    found.push(line.unwrap_or_default().to_owned());
                }
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_broken_off_by_a_kill_is_repeated_and_every_reading_is_there_once_judged_and_told_together()
 {
    let dir = tempfile::tempdir().unwrap();
    let mut service = office(dir.path());
    let rows = rows(20);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(csv(&rows).as_bytes()).unwrap();
    std::fs::write(dir.path().join("past.csv.gz"), gzip.finish().unwrap()).unwrap();

    let spool = dir.path().join("data/spool.sqlite");
    let mut first = program()
        .current_dir(dir.path())
        .args(["backfill", "-c", "normwatch.toml", "past.csv.gz"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("something is stored", PATIENCE, async || {
        let newest = SpoolReader::open(&spool).ok()?.newest().ok()?;
        (newest.sequence > 0 || first.try_wait().unwrap().is_some()).then_some(())
    })
    .await;
    first.kill().ok();
    first.wait().unwrap();
    let second = backfill(dir.path(), &["past.csv.gz"]);
    assert!(second.status.success(), "{}", said(&second));
    let (stored, there) = counts(&second);
    println!("after the kill: {there} messages were stored, {stored} were not");
    let third = backfill(dir.path(), &["past.csv.gz"]);
    assert_eq!((third.status.code(), counts(&third)), (Some(0), (0, stored + there)), "{}", said(&third));

    service.start().await;
    let refused = backfill(dir.path(), &["past.csv.gz"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("another normwatch runs"), "{}", said(&refused));
    let ledger = service.ledger("stored", stored + there, PATIENCE).await;
    assert_balanced(&ledger);
    assert_eq!((ledger["stored"], ledger["quarantined"]), (stored + there, 0), "{ledger:?}");
    let told = until("a digest is written", PATIENCE, async || {
        let told = subjects(dir.path());
        told.iter().any(|subject| subject.starts_with("[Digest] Findings of the past")).then_some(told)
    })
    .await;
    let is_together = |subject: &String| subject.starts_with("[Digest]") || subject.starts_with("[Baseline]");
    assert!(told.iter().all(is_together), "{told:?}");
    let verdicts = service.list("/verdicts/history?place=r-past-1").await;
    let breaches = verdicts.iter().filter(|verdict| verdict["verdict"] == "breach").count();
    assert!(breaches >= 20 * 7, "{breaches} of {}", verdicts.len());
    service.stop().await;

    let history = History::open(&service.data().join("history.sqlite"), history::Options::default()).unwrap();
    for sensor in SENSORS {
        for quantity in [Quantity::Co2, Quantity::Motion] {
            let series = Series { sensor: Id::parse(sensor).unwrap(), quantity, channel: None };
            let kept = history.readings(&series, Span::ALWAYS).unwrap();
            let wanted: Vec<(Instant, f64)> = rows
                .iter()
                .filter(|row| row.1 == sensor && row.2 == quantity)
                .map(|row| (row.0, row.3))
                .collect();
            assert_eq!(kept.iter().map(|r| (r.time, r.value)).collect::<Vec<_>>(), wanted);
            assert!(kept.iter().all(|reading| reading.flags.has(Flags::BACKFILL)));
        }
    }
}

#[test]
fn rows_that_cannot_be_used_are_named_by_file_and_line_and_the_rest_of_each_form_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    drop(office(dir.path()));
    let at = |minutes: i64| Clock::System.now().plus_ms(-9 * DAY_MS + minutes * 60_000);
    std::fs::write(
        dir.path().join("a.csv"),
        format!(
            "time,sensor,quantity,value\n{},past-1,co2,600\n{},past-1,co2,many\n{},nobody,co2,600\n\
             2060-01-01T00:00:00Z,past-1,co2,600\n1999-01-01T00:00:00Z,past-1,co2,600\n",
            at(0),
            at(1),
            at(2)
        ),
    )
    .unwrap();
    let json =
        format!("{{\"time\":\"{}\",\"sensor\":\"past-1\",\"quantity\":\"co2\",\"value\":601}}\n", at(3));
    std::fs::write(dir.path().join("b.jsonl"), json).unwrap();
    // A spreadsheet: the time as a date cell of the site's own time, and as text.
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(["Time", "sensor", "quantity", "value"]) {
        sheet.write_string(0, column, name).unwrap();
    }
    let when = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let stamp = rust_xlsxwriter::ExcelDateTime::parse_from_str("2026-03-04T05:06:07").unwrap();
    sheet.write_datetime_with_format(1, 0, &stamp, &when).unwrap();
    sheet.write_string(2, 0, "2026-03-04T08:06:08+02:00").unwrap();
    sheet.write_string(3, 0, "yesterday").unwrap();
    for row in 1..=3 {
        sheet.write_string(row, 1, "past-2").unwrap().write_string(row, 2, "co2").unwrap();
        sheet.write_number(row, 3, 700.5).unwrap();
    }
    book.save(dir.path().join("c.xlsx")).unwrap();

    let done = backfill(dir.path(), &["a.csv", "b.jsonl", "c.xlsx"]);
    let text = said(&done);
    assert_eq!(done.status.code(), Some(1), "{text}");
    for wanted in [
        "a.csv:3: value: `many`",
        "a.csv:4: sensor: `nobody` is not in the register",
        "a.csv:5: time: 2060-01-01T00:00:00Z is ahead of now",
        "a.csv:6: time: ",
        "c.xlsx:4: time: ",
        "4 readings used, 5 bad rows",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    let spool = SpoolReader::open(&dir.path().join("data/spool.sqlite")).unwrap();
    let entries = spool.read_from(normwatch::spool::Position::new(1), 99).unwrap();
    let mut times = Vec::new();
    for (_, entry) in entries {
        if let normwatch::spool::Kind::Readings(readings) = entry.kind {
            times.extend(readings.into_iter().map(|reading| (reading.time.to_string(), reading.value)));
        }
    }
    assert_eq!(times.len(), 4, "{times:?}");
    for time in ["2026-03-04T05:06:07Z", "2026-03-04T06:06:08Z"] {
        assert!(times.contains(&(time.to_owned(), 700.5)), "{time} in {times:?}");
    }
}

/// Exit code and words of a command that has to end by itself.
pub(crate) async fn ended(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let said = dir.join("said");
    let mut child = program()
        .current_dir(dir)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();
    let end = tokio::time::Instant::now() + PATIENCE;
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code().unwrap();
        }
        if tokio::time::Instant::now() > end {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{arguments:?} does not end: {}", std::fs::read_to_string(&said).unwrap());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    (code, std::fs::read_to_string(&said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_of_a_stopped_service_ends_the_command_with_the_remedy_and_it_can_be_repeated() {
    let dir = tempfile::tempdir().unwrap();
    drop(office_with(dir.path(), "[spool]\nmax_bytes = 9000000\nquarantine_bytes = 500000\n"));
    let path = dir.path().join("data/spool.sqlite");
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let spool = Spool::open(&path, Options::default()).unwrap();
    let refusal = Refusal {
        topic: "normwatch/v1/past-1".to_owned(),
        payload: br#"[{"n":"co2","u":"ppm","v":640}]"#.to_vec(),
        kind: "unit".to_owned(),
        reason: "as an earlier release found".to_owned(),
        field: None,
        speaker: None,
        is_retained: false,
    };
    let arrival = Clock::System.now();
    let message =
        Message { arrival, key: None, delivery: None, fate: Fate::Quarantined(refusal), replays: None };
    spool.append(vec![Item::Message(message)]).await.unwrap();
    spool.close().await;
    std::fs::write(dir.path().join("past.csv"), csv(&rows(1))).unwrap();
    let backfill = ["backfill", "-c", "normwatch.toml", "past.csv"];
    let replay = ["quarantine", "replay", "--all", "-c", "normwatch.toml"];

    // As much as not yet judged readings would take.
    let stuffing = Connection::open(&path).unwrap();
    let fill = "CREATE TABLE stuffing (bytes BLOB); INSERT INTO stuffing VALUES (zeroblob(10000000))";
    stuffing.execute_batch(fill).unwrap();
    for arguments in [&backfill[..], &replay[..]] {
        let (code, said) = ended(dir.path(), arguments).await;
        assert_eq!(code, 1, "{said}");
        for wanted in ["max_bytes = 9000000", "Start the service", "run the same command again"] {
            assert!(said.contains(wanted), "{wanted} in {said}");
        }
    }
    stuffing.execute_batch("DROP TABLE stuffing").unwrap();
    drop(stuffing);
    for arguments in [&backfill[..], &replay[..]] {
        let (code, said) = ended(dir.path(), arguments).await;
        assert_eq!(code, 0, "{said}");
    }
    let there = ended(dir.path(), &backfill).await;
    assert!(there.1.contains("0 readings stored in 0 messages"), "{}", there.1);
}
