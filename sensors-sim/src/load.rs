//! Load mode: many alike messages at a steady rate, to measure a broker or a service.

use model::{Id, Instant, Quantity};
use sensors_sim::{Event, Format, Row, messages_for};

/// What to send.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) count: u64,
    pub(crate) series: u64,
    /// Messages a second; 0 for as fast as the broker takes them.
    pub(crate) rate: f64,
    pub(crate) format: Format,
    /// Time of the first message; without it `SenML` carries no time and stands for its arrival.
    pub(crate) at: Option<Instant>,
}

impl Load {
    /// The messages; `time` counts from the epoch, or from `at`, by the rate.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event> + use<> {
        let Self { count, series, rate, format, at } = self.clone();
        (0..count).filter_map(move |number| {
            let millis = if rate > 0.0 { millis(number, rate) } else { i64::try_from(number).unwrap_or(0) };
            let time = at.unwrap_or(Instant::from_millis(0)).plus_ms(millis);
            let id = format!("load-{:07}", number % series.max(1));
            let value = 20.0 + f64::from(u32::try_from(number % 997).unwrap_or(0)) / 100.0;
            if at.is_none() && format == Format::Senml {
                let payload = format!(r#"[{{"n":"temperature","u":"Cel","v":{value}}}]"#).into_bytes();
                return Some(Event {
                    time,
                    topic: format!("normwatch/v1/{id}"),
                    payload,
                    qos: 1,
                    retain: false,
                });
            }
            let row = Row { time, sensor: Id::fold(&id), quantity: Quantity::Temperature, value };
            messages_for([row], format).next()
        })
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts of a load run")]
fn millis(number: u64, rate: f64) -> i64 {
    (number as f64 / rate * 1000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_spreads_over_the_series_at_the_rate() {
        let load = Load { count: 10, series: 4, rate: 100.0, format: Format::Senml, at: None };
        let events: Vec<Event> = load.events().collect();
        assert_eq!(events.len(), 10);
        assert_eq!(events[4].topic, events[0].topic);
        assert_eq!(events[9].time.millis(), 90);
        assert!(!String::from_utf8_lossy(&events[0].payload).contains("bt"));
    }

    #[test]
    fn with_a_time_every_format_can_be_loaded() {
        let at = Some(Instant::from_millis(1_000));
        for format in [Format::Senml, Format::ChirpstackV4, Format::TtsV3, Format::Zigbee2mqtt] {
            let load = Load { count: 3, series: 3, rate: 0.0, format, at };
            assert_eq!(load.events().count(), 3);
        }
    }
}
