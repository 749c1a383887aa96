//! What the real parser takes, and what a dashboard gets back.

use normwatch::series::{PlaceTags, line};

use crate::{
    common::influxd::Influxd,
    lines::{events, other_lines, verdicts},
    rig::{START, id, reading},
};

#[tokio::test]
async fn influxdb_takes_every_kind_of_line_and_answers_a_dashboard() {
    let Some(server) = Influxd::start().await else { return };
    let tags = PlaceTags { room: Some(id("r-201")), ..PlaceTags::default() };
    let mut lines = String::new();
    for value in [400.0, -0.0, 1e-7, 1e21, f64::MAX, f64::MIN_POSITIVE, 123_456_789.123_456_79, f64::NAN] {
        let reading = reading("s-1", 0, value);
        line::push_reading(&mut lines, &line::reading_head(&reading.series, &tags), &reading);
    }
    let lines: Vec<String> = lines.lines().map(str::to_owned).chain(other_lines()).collect();
    assert_eq!(lines.len(), 10, "seven readings (not a number is none) and three others");
    for line in &lines {
        assert_eq!(server.write(line).await, (204, String::new()), "{line}");
    }
    let many: String = (0..120)
        .map(|n| {
            let mut out = String::new();
            let reading = reading("s-1", n * 60, 400.0 + n as f64);
            line::push_reading(&mut out, &line::reading_head(&reading.series, &tags), &reading);
            out
        })
        .collect();
    assert_eq!(server.write(&many).await.0, 204);
    let answer = server
        .query("SELECT MEAN(value) FROM co2 WHERE flags = 0 AND room = 'r-201' AND time >= 1700000060000ms GROUP BY time(1h), room FILL(none)")
        .await;
    let series = &answer["series"][0];
    assert_eq!(series["tags"]["room"], "r-201");
    assert_eq!(series["values"].as_array().unwrap().len(), 3);
    let texts = server.query("SELECT title, \"text\" FROM event").await;
    assert_eq!(texts["series"][0]["values"][0][1], "CO2 \"high\" \\, 会议室");
    let fields = server.query("SHOW FIELD KEYS FROM co2").await;
    assert_eq!(fields["series"][0]["values"], serde_json::json!([["flags", "integer"], ["value", "float"]]));
}

#[tokio::test]
async fn a_verdict_comes_back_with_its_newest_revision_and_every_field_in_its_type() {
    let Some(server) = Influxd::start().await else { return };
    for line in verdicts() {
        assert_eq!(server.write(&line).await, (204, String::new()), "{line}");
    }
    let answer = server
        .query("SELECT state, evidence, revision, value, \"limit\", coverage FROM verdict WHERE place = 'r-201' GROUP BY clause, site, building, body")
        .await;
    let series = &answer["series"][0];
    assert_eq!(
        series["tags"],
        serde_json::json!({"clause": "gb-t-18883-2022/co2", "site": "hq", "building": "b-1", "body": "bureau"})
    );
    let rows = series["values"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "the revision takes the place of the first verdict: {rows:?}");
    assert_eq!(rows[0], serde_json::json!([START, 1, 1, 2, 1244.25, 1000, 0.95]));
    assert_eq!(rows[1], serde_json::json!([START + 3_600_000, 2, 1, 1, null, 1000, 0.25]));
    let fields = server.query("SHOW FIELD KEYS FROM verdict").await;
    let wanted = serde_json::json!([
        ["coverage", "float"],
        ["evidence", "integer"],
        ["limit", "float"],
        ["revision", "integer"],
        ["state", "integer"],
        ["value", "float"]
    ]);
    assert_eq!(fields["series"][0]["values"], wanted);
    let breaches = server.query("SELECT COUNT(state) FROM verdict WHERE state = 1").await;
    assert_eq!(breaches["series"][0]["values"][0][1], 1);
}

#[tokio::test]
async fn annotations_are_found_by_kind_with_title_and_text_once() {
    let Some(server) = Influxd::start().await else { return };
    for _ in 0..2 {
        for line in events() {
            assert_eq!(server.write(&line).await, (204, String::new()), "{line}");
        }
    }
    for (kind, title, text) in [
        ("limit", "Limits changed", "gb-t-18883-2022/co2 at most 900 ppm (before: at most 1000 ppm)"),
        ("meter", "Meter m-1: replaced", "m-1, old reading 99.5"),
        ("register", "Register changed", "places added: r-9"),
    ] {
        let query = format!("SELECT title, \"text\" FROM event WHERE kind = '{kind}' AND time >= {START}ms");
        let answer = server.query(&query).await;
        let rows = answer["series"][0]["values"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((rows[0][1].as_str(), rows[0][2].as_str()), (Some(title), Some(text)));
    }
}
