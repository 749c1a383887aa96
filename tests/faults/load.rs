//! Messages to be published, and the readings that they must come to.

use std::{collections::BTreeSet, time::Duration};

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Event, Format, Published, Publisher, Row, messages_for};

use crate::office::Room;

/// A reading: sensor, instant in ms, bits of the value.
pub(crate) type Point = (String, i64, u64);

/// A message a minute and sensor; the air of each room is bad for some hours, then good for some.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) rooms: Vec<Room>,
    pub(crate) events: Vec<Event>,
    /// What each message says, in their order.
    pub(crate) points: Vec<Point>,
}

const HOURS_MS: i64 = 3 * 3_600_000;

impl Load {
    /// The newest messages are of just now.
    pub(crate) fn of(sensors: usize, minutes: i64) -> Self {
        let end = Clock::System.now().millis() / 1000 * 1000;
        let rows = (0..minutes).flat_map(|minute| (0..sensors).map(move |n| (minute, n)));
        let rows = rows.map(|(minute, n)| {
            let ms = end - (minutes - minute) * 60_000 + n as i64 * 1000;
            let is_bad = (ms / HOURS_MS + n as i64) % 2 == 0;
            (n, ms, if is_bad { 1300.0 } else { 500.0 } + (minute % 97) as f64 / 4.0)
        });
        Self::from_rows(sensors, rows)
    }

    fn from_rows(sensors: usize, rows: impl Iterator<Item = (usize, i64, f64)>) -> Self {
        let name = |n: usize| format!("air-{n}");
        let (mut points, mut all) = (Vec::new(), Vec::new());
        for (n, ms, value) in rows {
            points.push((name(n), ms, value.to_bits()));
            let sensor = Id::parse(&name(n)).unwrap();
            all.push(Row { time: Instant::from_millis(ms), sensor, quantity: Quantity::Co2, value });
        }
        let rooms = (0..sensors).map(|n| Room { id: format!("r-{n}"), sensor: name(n) }).collect();
        let events: Vec<Event> = messages_for(all, Format::Senml).collect();
        assert_eq!(events.len(), points.len());
        Self { rooms, events, points }
    }

    pub(crate) fn count(&self) -> u64 {
        self.events.len() as u64
    }

    /// All readings.
    pub(crate) fn all(&self) -> BTreeSet<Point> {
        self.points.iter().cloned().collect()
    }

    /// Publishes the messages of a range evenly over some time.
    pub(crate) async fn publish(
        &self,
        port: u16,
        range: std::ops::Range<usize>,
        over: Duration,
    ) -> Published {
        let name = format!("load-{}", range.start);
        let publisher = Publisher { patience: Duration::from_secs(120), ..Publisher::new(url(port), name) };
        let events = self.events[range].to_vec();
        let (first, last) = (events[0].time, events[events.len() - 1].time);
        let speed = last.since(first).max(1) as f64 / 1000.0 / over.as_secs_f64().max(0.001);
        let began = tokio::time::Instant::now();
        let now = || first.plus_ms((began.elapsed().as_secs_f64() * 1000.0 * speed) as i64);
        publisher.play(events, now, speed).await.unwrap()
    }

    /// Publishes the messages of a range as fast as the broker takes them.
    pub(crate) async fn publish_at_once(&self, port: u16, range: std::ops::Range<usize>) {
        let count = range.len() as u64;
        let publisher = Publisher::new(url(port), format!("load-{}", range.start));
        assert_eq!(publisher.publish(self.events[range].to_vec()).await.unwrap().acked, count);
    }
}

pub(crate) fn url(port: u16) -> String {
    format!("mqtt://127.0.0.1:{port}")
}
