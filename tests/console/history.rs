//! A made-up history: a busy working day, a silent sensor, one reading without sense.

use model::{Flags, Instant, Quantity, Series, Span};
use normwatch::web::ChartSource;

use crate::office;

/// A day of air that rises with people; the sensor was silent from four to two hours ago.
pub(crate) struct DayOfAir;

impl ChartSource for DayOfAir {
    fn points(&self, series: &Series, span: Span, max: usize) -> Result<Vec<(Instant, f64)>, String> {
        let step = (span.millis() / i64::try_from(max).unwrap()).max(300_000);
        let mut points = Vec::new();
        let mut at = span.from;
        while at < span.to.min(office::now()) {
            let minutes = office::now().since(at) / 60_000;
            if !(120..240).contains(&minutes) {
                points.push((at, value(series.quantity, at)));
            }
            at = at.plus_ms(step);
        }
        Ok(points)
    }

    fn flagged(&self, series: &Series, _: Span, _: usize) -> Result<Vec<(Instant, f64, Flags)>, String> {
        let odd = (series.quantity == Quantity::Co2).then_some((
            office::now().plus_ms(-500 * 60_000),
            65_535.0,
            Flags::SENTINEL,
        ));
        Ok(odd.into_iter().collect())
    }
}

fn value(quantity: Quantity, at: Instant) -> f64 {
    let hour = (at.millis().rem_euclid(86_400_000) as f64 / 3_600_000.0 + 8.0) % 24.0;
    let busy = if (9.0..12.0).contains(&hour) || (13.5..18.0).contains(&hour) { 1.0 } else { 0.0 };
    let wave = (at.millis() as f64 / 1_700_000.0).sin();
    match quantity {
        Quantity::Co2 => 480.0 + busy * (560.0 + 220.0 * wave) + 30.0 * wave,
        Quantity::Temperature => 21.0 + 1.6 * busy + 0.4 * wave,
        Quantity::PeopleCount => (busy * (9.0 + 4.0 * wave)).round(),
        Quantity::Power => 14_000.0 + 24_000.0 * busy + 2_500.0 * wave,
        Quantity::Occupied => busy,
        _ => 80.0,
    }
}
