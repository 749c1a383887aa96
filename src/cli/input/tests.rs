//! Input files as users have them.

use std::{io::Write, path::PathBuf};

use super::{super::terminal::tests::terminal, *};

fn register() -> Register {
    let files = [
        ("register.toml", "id = \"t\"\ntime_zone = \"Asia/Shanghai\"\n"),
        ("places.csv", "place,kind\nr,room\n"),
        (
            "sensors.csv",
            "sensor,place,scale,offset,from,to\na,r,,,2026-01-01,\nb,r,2,1,2026-01-01,2026-03-01\nb,r,,,2026-03-01,\n",
        ),
        ("meters.csv", "sensor,place,carrier\nm,r,electricity\n"),
    ];
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect();
    Register::load(&files).unwrap()
}

/// When the files arrive.
fn now() -> Instant {
    Instant::parse("2026-04-02T00:00:00Z").unwrap()
}

/// Reads files of these bytes; the readings as `sensor/channel quantity milliseconds-past-noon=value`, the input,
/// and what people were told.
fn read(files: &[&[u8]]) -> (Vec<String>, Input, String) {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..files.len()).map(|n| dir.path().join(format!("{n}.csv"))).collect();
    for (path, bytes) in paths.iter().zip(files) {
        std::fs::write(path, bytes).unwrap();
    }
    let (mut terminal, _, err) = terminal();
    let input = Input::read(&paths, &register(), Strictness::at(now()), &mut terminal).unwrap();
    let noon = Instant::parse("2026-04-01T12:00:00+08:00").unwrap();
    let shown = |r: Reading| {
        let channel = r.series.channel.map_or(String::new(), |channel| format!("/{channel}"));
        format!("{}{channel} {} {}={}", r.series.sensor, r.series.quantity, r.time.since(noon), r.value)
    };
    (input.readings().map(shown).collect(), input, err.text())
}

#[test]
fn rows_come_out_in_time_order_and_the_last_of_equals_wins() {
    let (rows, input, _) = read(&[
        b"time,sensor,quantity,value\n2026-04-01T12:00:02+08:00,a,co2,700\n2026-04-01T12:00:01+08:00,a,co2,600\n\
          2026-04-01T12:00:02+08:00,a,temperature,21\n2026-04-01T04:00:02Z,a,co2,701\n",
        b"time,sensor,quantity,value\n2026-04-01T12:00:01+08:00,a,co2,601\n",
    ]);
    assert_eq!(rows, ["a co2 1000=601", "a co2 2000=701", "a temperature 2000=21"]);
    assert_eq!(input.rejected(), Rejected { bad: 0, unknown: 0, replaced: 2 });
}

#[test]
fn csv_and_json_plain_and_gzip_read_alike() {
    let csv = "\u{feff}Value,unit,channel,quantity,sensor,time\r\n\r\n1.5,kW,L1,power,m,2026-04-01 12:00:00.0019+08:00\r\n";
    let json = "{\"time\":\"2026-04-01T12:00:00.001+08:00\",\"sensor\":\"m\",\"quantity\":\"power\",\"value\":1.5,\
                \"unit\":\"kW\",\"channel\":\"L1\",\"other\":[1]}\n";
    let quoted = "time,sensor,quantity,value,unit,channel\n\"2026-04-01T12:00:00.001+08:00\",\"m\",power,\"1.5\",kW,L1\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(csv.as_bytes()).unwrap();
    for bytes in [csv.as_bytes(), json.as_bytes(), quoted.as_bytes(), &gzip.finish().unwrap()] {
        assert_eq!(read(&[bytes]).0, ["m/L1 power 1=1500"]);
    }
}

#[test]
fn bad_rows_are_named_by_file_and_line_and_the_rest_is_used() {
    let (rows, input, err) = read(&[b"time,sensor,quantity,value,unit\n2026-04-01T12:00:00,a,co2,700,\n\
        2026-04-01T12:00:00+08:00,a,c02,700,\n2026-04-01T12:00:00+08:00,a b,co2,700,\n2026-04-01T12:00:00+08:00,a,co2,high,\n\
        2026-04-01T12:00:00+08:00,a,co2,NaN,\n2026-04-01T12:00:00+08:00,a,co2,700,kW\n2026-04-01T12:00:00+08:00\n\
        2026-04-01T12:00:00+08:00,a,co2,700,\n"]);
    assert_eq!(rows, ["a co2 0=700"]);
    assert_eq!(input.rejected().bad, 7);
    for (line, what) in [
        (2, "time: "),
        (3, "quantity: unknown `c02`, did you mean `co2`?"),
        (4, "sensor: "),
        (5, "value: `high`"),
        (6, "value: "),
        (7, "unit: "),
        (8, "value: "),
    ] {
        assert!(err.contains(&format!("0.csv:{line}: {what}")), "{line}: {err}");
    }
    assert!(!input.is_failure(false) && input.is_failure(true));
}

#[test]
fn times_before_2005_and_before_the_binding_are_rejected() {
    let (rows, input, err) = read(&[b"time,sensor,quantity,value\n1970-01-01T00:00:05Z,m,energy_import,1\n\
        2025-12-31T23:59:59+08:00,a,co2,700\n2026-01-01T00:00:00+08:00,a,co2,700\n"]);
    assert_eq!(rows.len(), 1);
    assert_eq!(input.rejected().bad, 2);
    assert!(err.contains("before 2005") && err.contains("before `a` was bound"), "{err}");
}

#[test]
fn a_sensor_outside_the_register_is_counted_and_named_but_not_bad() {
    let (rows, input, err) =
        read(&[b"time,sensor,quantity,value\n2026-04-01T12:00:00+08:00,stranger,co2,700\n"]);
    assert!(rows.is_empty());
    assert_eq!(input.rejected(), Rejected { bad: 0, unknown: 1, replaced: 0 });
    assert!(err.contains("stranger") && input.is_failure(false), "{err}");
}

#[test]
fn scale_and_offset_hold_between_the_dates_of_their_binding() {
    let (rows, ..) = read(&[b"time,sensor,quantity,value\n2026-02-28T23:59:59+08:00,b,temperature,10\n\
        2026-03-01T00:00:00+08:00,b,temperature,10\n"]);
    assert!(rows[0].ends_with("=21") && rows[1].ends_with("=10"), "{rows:?}");
}

#[test]
fn a_file_without_the_header_is_an_error_that_names_the_column() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.csv");
    std::fs::write(&path, "time,sensor,value\n").unwrap();
    let error =
        Input::read(&[path], &register(), Strictness::at(now()), &mut terminal().0).unwrap_err().to_string();
    assert!(error.contains("x.csv:1: quantity:"), "{error}");
    assert!(
        Input::read(&[dir.path().join("absent")], &register(), Strictness::at(now()), &mut terminal().0)
            .is_err()
    );
}

#[test]
fn a_row_of_the_future_is_rejected_and_counted() {
    let (rows, input, said) = read(&[b"time,sensor,quantity,value\n2026-04-02T00:04:59Z,a,co2,700\n\
        2026-04-02T00:05:00Z,a,co2,701\n2036-04-01T00:00:00Z,a,co2,702\n"]);
    assert_eq!((rows.len(), input.rejected().bad), (1, 2), "{said}");
    assert!(said.contains("0.csv:3: time: 2026-04-02T00:05:00Z is ahead of now"), "{said}");
}
