//! The engine as series grow: cost of a reading, and memory.

use super::{
    Options, office,
    report::{Section, figure, ratio},
    scale::{Sensors, engine, judge, register},
    system::{memory, number},
};

/// Packs with checks of every hour.
pub(super) const PACKS: [&str; 3] = ["gb-t-18883-2022", "jgj-t-67-2019", "cn-42-2007"];

pub(super) fn measure(options: &Options) -> anyhow::Result<Section> {
    let mut section = Section::new("Engine as series grow: per reading, every hour judged");
    let sizes: &[(usize, u32)] = match (options.is_large, options.is_quick) {
        (true, _) => &[(1_000, 288), (10_000, 72), (100_000, 18), (1_000_000, 13)],
        (false, false) => &[(1_000, 288), (10_000, 72), (100_000, 13)],
        (false, true) => &[(1_000, 72), (10_000, 18)],
    };
    let catalogue = office::catalogue(&[])?;
    let mut first = 0.0;
    for (series, steps) in sizes {
        let register = register(*series, &PACKS)?;
        let sensors = Sensors::of(&register);
        let before = memory();
        let mut engine = engine(&register, &catalogue.live(&register));
        let (ns, verdicts) = judge(&mut engine, &sensors, 0..*steps);
        let after = memory();
        if first <= 0.0 {
            first = ns;
        }
        let mut figures = vec![
            figure("takes", ns, "ns/reading"),
            ratio("of 1,000 series", ns, first),
            figure("verdicts", number(verdicts), ""),
        ];
        if let (Some(before), Some(after)) = (before, after) {
            let held = number(after.saturating_sub(before)) / number(*series as u64);
            figures.push(figure("memory", held, "bytes/series"));
        }
        section.row(format!("{series} series, {} h", steps / 6), figures);
    }
    section.note("four series a room, a reading every 10 min; memory is what the process grew by, with the readings of the hours shown, which a busier or longer run has more of");
    Ok(section)
}
