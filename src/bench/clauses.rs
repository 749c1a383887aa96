//! The engine as clauses grow: those that apply to a place cost, the others must not.

use std::fmt::Write;

use super::{
    Options, office,
    progress::Progress,
    report::{Row, Section, figure, ratio},
    scale::{Sensors, engine, judge, register},
    system::number,
};

const SERIES: usize = 1_000;
const PACK: &str = "bench-1";

pub(super) fn measure(options: &Options, progress: &mut Progress<'_>) -> anyhow::Result<Section> {
    let mut section = Section::new("Engine as clauses grow: per reading, 1,000 series, every hour judged");
    let steps = if options.is_quick { 18 } else { 36 };
    let mut first = 0.0;
    for (applying, others) in [(10, 0), (10, 90), (10, 990), (100, 0), (1_000, 0)] {
        progress.step(format_args!("{} clauses, {applying} of them for these rooms", applying + others));
        let catalogue = office::catalogue(&[(format!("{PACK}.toml"), pack(applying, others)?)])?;
        let register = register(SERIES, &[PACK])?;
        let mut engine = engine(&register, &catalogue.live(&register));
        let judged = judge(&mut engine, &Sensors::of(&register), 0..steps, progress);
        if first <= 0.0 {
            first = judged.ns;
        }
        let figures = vec![
            figure("takes", judged.ns, "ns/reading"),
            ratio("of 10 clauses", judged.ns, first),
            figure("verdicts", number(judged.verdicts), ""),
            figure(
                "each of them",
                judged.ns * number(judged.readings) / number(judged.verdicts.max(1)),
                "ns",
            ),
        ];
        let name = format!("{} clauses, {applying} of them for these rooms", applying + others);
        progress.row(&mut section, Row::new(name, figures));
    }
    Ok(section)
}

/// A pack whose first clauses apply to offices and whose others to canteens, of which there are none.
fn pack(applying: usize, others: usize) -> Result<String, std::fmt::Error> {
    const MEASURES: [(&str, &str); 3] =
        [("co2_hour_mean", "ppm"), ("temperature_hour_mean", "Cel"), ("humidity_hour_mean", "%RH")];
    let mut text = format!(
        "[standard]\nid = \"{PACK}\"\ndocument = \"bench 1\"\ntitle = {{ zh = \"测\", en = \"bench\" }}\n\
         layer = \"agency\"\nbinding = \"recommended\"\nin_force = 2005-01-01\n"
    );
    for number in 0..applying + others {
        let (measure, unit) = MEASURES.get(number % MEASURES.len()).copied().unwrap_or_default();
        let room_use = if number < applying { "office" } else { "canteen" };
        write!(
            text,
            "\n[[clause]]\nid = \"c{number}\"\ncitation = \"none\"\nprovenance = \"policy\"\nseverity = \"info\"\n\
             evidence = \"firm\"\napplies_to = {{ kind = \"room\", use = [\"{room_use}\"] }}\n\
             measure = \"{measure}\"\nperiod = \"hour\"\nmin_coverage = 0.5\nfor = \"0s\"\n\
             limit = {{ at_most = {}, unit = \"{unit}\" }}\n",
            900 + number
        )?;
    }
    Ok(text)
}
