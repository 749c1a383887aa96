//! What dashboards get beside readings: figures, verdicts that stand, and marks of alerts.

use std::time::Duration;

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Format, Publisher, Row, messages_for};

use crate::{
    common::{
        mosquitto::Mosquitto,
        process::until,
        series_stub::{Seen, SeriesStub},
    },
    office::{Room, write_register},
    service::Service,
};

const PATIENCE: Duration = Duration::from_secs(150);
const HOUR_MS: i64 = 3_600_000;

/// Six hours of air and people of a crowded room, hours of the clock; the last one has just closed.
fn rows(end: Instant) -> Vec<Row> {
    let sensor = Id::parse("air-1").unwrap();
    let row = |minute: i64, quantity, value| Row {
        time: end.plus_ms((minute - 6 * 60) * 60_000),
        sensor: sensor.clone(),
        quantity,
        value,
    };
    (0..6 * 60 + 20)
        .flat_map(|minute| {
            let co2 =
                row(minute, Quantity::Co2, if minute < 300 { 1400.0 } else { 600.0 } + (minute % 2) as f64);
            [co2, row(minute, Quantity::Motion, 1.0)]
        })
        .collect()
}

/// Value of a field and time of a line.
fn point(line: &str, field: &str) -> Option<(f64, i64)> {
    let (_, rest) = line.split_once(&format!("{field}="))?;
    let value = rest.split([',', ' ', 'i']).next()?.parse().ok()?;
    Some((value, line.rsplit(' ').next()?.parse().ok()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_get_figures_standing_verdicts_and_marks_of_alerts() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &[Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]);
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let series = SeriesStub::start(Seen::default()).await;
    let more = format!("[influx]\nurl = \"{}\"\norg = \"o\"\nbucket = \"b\"\n", series.url());
    let mut service = Service::new(dir.path(), broker.port(), &more);
    service.start_connected().await;
    let now = Clock::System.now().plus_ms(-20 * 60_000);
    let end = Instant::from_millis(now.millis().div_euclid(HOUR_MS) * HOUR_MS);
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "charts");
    publisher.publish(messages_for(rows(end), Format::Zigbee2mqtt)).await.unwrap();

    let lines_of = |head: &str| -> Vec<String> {
        series.lines().into_iter().filter(|line| line.starts_with(head)).collect()
    };
    let hour = |hours: i64| end.plus_ms(-hours * HOUR_MS).millis();
    let figures =
        "measure,measure=co2_hour_mean,site=campus,building=hall,place=r-1,body=bureau,period=hour ";
    until("the hours' figures arrive", PATIENCE, async || {
        let points: Vec<_> = lines_of(figures).iter().filter_map(|line| point(line, "value")).collect();
        let has = |value: f64, at: i64| points.contains(&(value, at));
        (has(1400.5, hour(6)) && has(1400.5, hour(2)) && has(600.5, hour(1))).then_some(())
    })
    .await;
    until("the verdict of the register stands at full hours", PATIENCE, async || {
        let stands = "verdict,clause=cn-2674-2014/office-area,site=campus,building=hall,place=head,";
        let points: Vec<_> = lines_of(stands).iter().filter_map(|line| point(line, "state")).collect();
        let at_full_hours =
            points.iter().filter(|(state, at)| (0.5..1.5).contains(state) && at % HOUR_MS == 0).count();
        (at_full_hours >= 2).then_some(())
    })
    .await;
    until("the alert is marked when it fires and when it ends", PATIENCE, async || {
        let marks = lines_of("event,kind=alert,site=campus,building=hall,place=r-1 ");
        let has = |text: &str| marks.iter().any(|mark| mark.contains(text));
        (has("firing: gb-t-18883-2022/co2, 1400.5 ppm (at most 1000)")
            && has("resolved: gb-t-18883-2022/co2, 600.5 ppm (at most 1000)"))
        .then_some(())
    })
    .await;
    service.stop().await;
}
