//! The engine as series grow: cost of a reading, and memory.

use super::{
    Options, office,
    progress::Progress,
    report::{Figure, Row, Section, figure, ratio},
    scale::{self, Sensors, engine, judge, register},
    system::{memory, number, timed},
};

/// Packs with checks of every hour.
pub(super) const PACKS: [&str; 3] = ["gb-t-18883-2022", "jgj-t-67-2019", "cn-42-2007"];

pub(super) fn measure(options: &Options, progress: &mut Progress<'_>) -> anyhow::Result<Section> {
    let mut section = Section::new("Engine as series grow: per reading, every hour judged");
    let sizes: &[(usize, u32)] = match (options.is_large, options.is_quick) {
        (true, _) => &[(1_000, 288), (10_000, 72), (100_000, 18), (1_000_000, 13)],
        (false, false) => &[(1_000, 288), (10_000, 72), (100_000, 13)],
        (false, true) => &[(1_000, 72), (10_000, 18)],
    };
    let catalogue = office::catalogue(&[])?;
    let empty = memory();
    let mut first = 0.0;
    for (series, steps) in sizes {
        if let Err(short) = scale::room_for(*series) {
            section.note(short);
            continue;
        }
        progress.step(format_args!("Engine with {series} series"));
        let register = register(*series, &PACKS)?;
        let sensors = Sensors::of(&register);
        let held = memory();
        let (build, mut engine) = timed(|| engine(&register, &catalogue.live(&register)));
        let judged = judge(&mut engine, &sensors, 0..*steps, progress);
        if first <= 0.0 {
            first = judged.ns;
        }
        let mut figures = vec![
            figure("takes", judged.ns, "ns/reading"),
            ratio("of 1,000 series", judged.ns, first),
            figure("verdicts", number(judged.verdicts), ""),
        ];
        figures.extend(grown("register", *series, empty, held));
        figures.extend(grown("engine", *series, held, memory()));
        figures.push(figure("set up in", build, "s"));
        progress.row(&mut section, Row::new(format!("{series} series, {} h", judged.steps / 6), figures));
    }
    section.note("four series a room, a reading every 10 min; memory is what the process grew by, with the readings of the hours shown, which a busier or longer run has more of");
    section.note("small sizes find room that earlier ones left: only the largest tells the memory a series");
    Ok(section)
}

/// What the process grew by, where the system tells it.
fn grown(name: &'static str, series: usize, before: Option<u64>, after: Option<u64>) -> Option<Figure> {
    let bytes = after?.saturating_sub(before?);
    Some(figure(name, number(bytes) / number(series as u64), "bytes/series"))
}
