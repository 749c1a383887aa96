//! Draws curves, limit lines, gaps, marks and the occupancy band as SVG.

use jiff::tz::TimeZone;
use model::{Quantity, Span, Unit};
use plotters::{
    coord::{cartesian::Cartesian2d, types::RangedCoordf64},
    prelude::{
        ChartBuilder, ChartContext, Cross, DashedLineSeries, IntoDrawingArea, IntoFont, LineSeries, RGBColor,
        Rectangle, SVGBackend, Text, WHITE,
    },
    style::{Color, TextStyle},
};

use super::{
    axis::TimeAxis,
    curve::{Curve, is_stepped, stepped},
};
use crate::web::format;

/// Curves, told apart by lightness as well as by hue.
const COLOURS: [RGBColor; 6] = [
    RGBColor(22, 82, 140),
    RGBColor(196, 110, 10),
    RGBColor(46, 125, 80),
    RGBColor(120, 60, 140),
    RGBColor(90, 90, 90),
    RGBColor(170, 60, 90),
];
const LIMIT: RGBColor = RGBColor(179, 38, 30);
const MARK: RGBColor = RGBColor(150, 60, 0);
const GRID: RGBColor = RGBColor(228, 232, 236);
const AXIS: RGBColor = RGBColor(120, 130, 140);
const INK: RGBColor = RGBColor(60, 70, 80);
const UNOBSERVED: RGBColor = RGBColor(240, 240, 238);
const OCCUPIED: RGBColor = RGBColor(70, 130, 180);
const FREE: RGBColor = RGBColor(205, 222, 212);

/// A limit line with its label.
#[derive(Debug, Clone)]
pub(super) struct LimitLine {
    pub(super) value: f64,
    pub(super) label: String,
}

/// All that one picture shows.
#[derive(Debug, Clone)]
pub(super) struct Drawing {
    pub(super) quantity: Quantity,
    pub(super) span: Span,
    pub(super) zone: TimeZone,
    pub(super) curves: Vec<Curve>,
    pub(super) limits: Vec<LimitLine>,
    /// Spans in ms and whether somebody was there.
    pub(super) band: Vec<(i64, i64, bool)>,
    pub(super) is_narrow: bool,
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<TimeAxis, RangedCoordf64>>;

/// The picture as SVG text.
///
/// # Errors
/// Returns what the drawing library says.
pub(super) fn svg(drawing: &Drawing) -> Result<String, String> {
    let mut text = String::new();
    let size = if drawing.is_narrow { (360, 230) } else { (940, 250) };
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        area.fill(&WHITE).map_err(said)?;
        let (low, high) = y_range(drawing);
        let axis = TimeAxis { span: drawing.span, zone: drawing.zone.clone() };
        let mut chart = ChartBuilder::on(&area)
            .margin_top(12)
            .margin_right(14)
            .margin_bottom(4)
            .x_label_area_size(26)
            .y_label_area_size(56)
            .build_cartesian_2d(axis, low..high)
            .map_err(said)?;
        shade_gaps(&mut chart, drawing, low, high)?;
        mesh(&mut chart, drawing)?;
        draw_band(&mut chart, drawing, low, high)?;
        draw_curves(&mut chart, drawing)?;
        draw_limits(&mut chart, drawing, (low, high))?;
        draw_marks(&mut chart, drawing, low, high)?;
        legend(&mut chart, drawing, (low, high))?;
        area.present().map_err(said)?;
    }
    Ok(text)
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

fn y_range(drawing: &Drawing) -> (f64, f64) {
    if drawing.quantity.unit() == Unit::One && drawing.quantity != Quantity::PowerFactor {
        return (-0.1, 1.15);
    }
    let points = drawing.curves.iter().flat_map(|c| c.runs.iter().flatten()).map(|(_, value)| *value);
    let values = points.chain(drawing.limits.iter().map(|limit| limit.value));
    let (mut low, mut high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return (0.0, 1.0);
    }
    // Amounts are read from zero, levels from their own range.
    if matches!(drawing.quantity.unit(), Unit::Count | Unit::Watt | Unit::Lux | Unit::Percent) {
        low = low.min(0.0);
    }
    if high - low < 1e-9 {
        // A level that does not move gets a range of its own; an amount stays above zero.
        (low, high) = if low.abs() < 1e-9 { (0.0, 1.0) } else { (low - 1.0, high + 1.0) };
    }
    let room = (high - low) * 0.08;
    // The band needs a strip of its own below the curve.
    let below = if drawing.band.is_empty() { room } else { room * 2.0 };
    // Ids of several curves stand above them.
    let above = if drawing.curves.len() > 1 {
        room * f64::from(u8::try_from(drawing.curves.len()).unwrap_or(u8::MAX))
    } else {
        0.0
    };
    (low - below, high + room * 1.4 + above)
}

/// Time in which a lone curve was not observed is grey.
fn shade_gaps(chart: &mut Chart<'_, '_>, drawing: &Drawing, low: f64, high: f64) -> Result<(), String> {
    let [curve] = drawing.curves.as_slice() else { return Ok(()) };
    let (from, to) = (drawing.span.from.millis(), drawing.span.to.millis());
    let mut at = from;
    let mut gaps = Vec::new();
    for run in &curve.runs {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        if first.0 - at > curve.carry_ms || (at > from && first.0 > at) {
            gaps.push((at, first.0));
        }
        at = last.0;
    }
    if to - at > curve.carry_ms {
        gaps.push((at, to));
    }
    let boxes = gaps.into_iter().map(|(a, b)| Rectangle::new([(a, low), (b, high)], UNOBSERVED.filled()));
    chart.draw_series(boxes).map_err(said)?;
    Ok(())
}

fn mesh(chart: &mut Chart<'_, '_>, drawing: &Drawing) -> Result<(), String> {
    let unit = drawing.quantity.unit().name();
    let is_state = drawing.quantity.unit() == Unit::One;
    let is_whole = is_state || drawing.quantity.unit() == Unit::Count;
    let y_label = move |value: &f64| {
        if is_whole && (value.fract().abs() > 1e-9 || *value < 0.0) {
            return String::new();
        }
        let text = format::value(*value, if is_state { "" } else { unit });
        text.split(' ').next().unwrap_or_default().trim_end_matches('%').to_owned()
    };
    let (columns, rows) = if drawing.is_narrow { (5, 5) } else { (12, 6) };
    let rows = if is_state { 2 } else { rows };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(columns)
        .y_labels(rows)
        .y_label_formatter(&y_label)
        .label_style(font(14))
        .bold_line_style(GRID)
        .light_line_style(GRID.mix(0.0))
        .axis_style(AXIS)
        .draw()
        .map_err(said)
}

fn draw_band(chart: &mut Chart<'_, '_>, drawing: &Drawing, low: f64, high: f64) -> Result<(), String> {
    let top = low + (high - low) * 0.045;
    let (from, to) = (drawing.span.from.millis(), drawing.span.to.millis());
    let boxes = drawing.band.iter().map(|(a, b, is_occupied)| {
        let colour = if *is_occupied { OCCUPIED } else { FREE };
        Rectangle::new([((*a).max(from), low), ((*b).min(to), top)], colour.filled())
    });
    chart.draw_series(boxes).map_err(said)?;
    Ok(())
}

fn draw_curves(chart: &mut Chart<'_, '_>, drawing: &Drawing) -> Result<(), String> {
    let is_stepped = is_stepped(drawing.quantity);
    for (curve, colour) in drawing.curves.iter().zip(COLOURS) {
        for run in &curve.runs {
            let mut points = if is_stepped { stepped(run) } else { run.clone() };
            // A lone point is drawn as long as it stands, else nobody would see it.
            if let [(at, value)] = points.as_slice() {
                let (at, value) = (*at, *value);
                points.push(((at + curve.carry_ms / 2).min(curve.end_ms), value));
            }
            chart.draw_series(LineSeries::new(points, colour.stroke_width(2))).map_err(said)?;
        }
    }
    Ok(())
}

fn draw_limits(chart: &mut Chart<'_, '_>, drawing: &Drawing, (low, high): (f64, f64)) -> Result<(), String> {
    let (from, to) = (drawing.span.from.millis(), drawing.span.to.millis());
    let lift = (high - low) * 0.075;
    let inset = drawing.span.millis() / 100;
    for limit in &drawing.limits {
        let line = [(from, limit.value), (to, limit.value)];
        chart.draw_series(DashedLineSeries::new(line, 8, 5, LIMIT.stroke_width(2))).map_err(said)?;
        let style = font(14).color(&LIMIT);
        let label = Text::new(limit.label.clone(), (from + inset, limit.value + lift), style);
        chart.draw_series([label]).map_err(said)?;
    }
    Ok(())
}

/// Flagged readings as crosses; one outside the picture sits on its edge.
fn draw_marks(chart: &mut Chart<'_, '_>, drawing: &Drawing, low: f64, high: f64) -> Result<(), String> {
    let room = (high - low) * 0.03;
    for curve in &drawing.curves {
        let cross = |(at, value): &(i64, f64)| {
            Cross::new((*at, value.clamp(low + room, high - room)), 4, MARK.stroke_width(2))
        };
        chart.draw_series(curve.marks.iter().map(cross)).map_err(said)?;
    }
    Ok(())
}

/// Sensor ids in the colours of their curves, where there are several.
fn legend(chart: &mut Chart<'_, '_>, drawing: &Drawing, (low, high): (f64, f64)) -> Result<(), String> {
    if drawing.curves.len() < 2 {
        return Ok(());
    }
    let step = (high - low) * 0.08;
    let left = drawing.span.from.plus_ms(drawing.span.millis() * 70 / 100).millis();
    let mut top = high;
    for (curve, colour) in drawing.curves.iter().zip(COLOURS) {
        chart
            .draw_series([Text::new(curve.id.clone(), (left, top), font(13).color(&colour))])
            .map_err(said)?;
        top -= step;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::Instant;

    use super::*;

    fn drawing() -> Drawing {
        let span = Span::new(Instant::from_millis(0), Instant::from_millis(86_400_000));
        let run = |from: i64| (0..10).map(|i| (from + i * 300_000, 600.0)).collect();
        let curve = Curve {
            id: "<a>".to_owned(),
            runs: vec![run(0), run(40_000_000)],
            marks: vec![(5_000_000, 65_535.0)],
            carry_ms: 900_000,
            hold_ms: None,
            end_ms: 86_400_000,
        };
        Drawing {
            quantity: Quantity::Co2,
            span,
            zone: TimeZone::UTC,
            curves: vec![curve],
            limits: vec![LimitLine { value: 1000.0, label: "≤ 1000 ppm".to_owned() }],
            band: vec![(0, 1_000_000, true), (1_000_000, 2_000_000, false)],
            is_narrow: false,
        }
    }

    #[test]
    fn a_chart_shows_its_limit_its_gap_and_its_band() {
        let text = svg(&drawing()).unwrap();
        assert!(text.starts_with("<svg") && text.contains("≤ 1000 ppm"));
        assert!(text.contains("#F0F0EE"), "no shade for the gap");
        assert!(text.contains("#4682B4") && text.contains("#CDDED4"), "no band");
        assert_eq!(text.matches("stroke=\"#16528C\"").count(), 2, "two runs, two lines");
    }

    #[test]
    fn an_id_cannot_break_out_of_the_picture() {
        let mut several = drawing();
        several.curves.push(several.curves[0].clone());
        let text = svg(&several).unwrap();
        assert!(!text.contains("<a>") && text.contains("&lt;a&gt;"));
    }

    #[test]
    fn a_chart_without_points_is_still_a_picture() {
        let mut empty = drawing();
        empty.curves[0].runs.clear();
        empty.limits.clear();
        empty.band.clear();
        assert!(svg(&empty).unwrap().contains("</svg>"));
    }
}
