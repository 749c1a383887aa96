//! Ten misreadings of these documents that change results, each held off by a test.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::sync::Arc;

use model::{
    Period,
    register::{Carrier, EndUse},
};
use rules::{
    Attribute, Bound, Catalogue, Clause, Evidence, Gate, Measure, Outcome, Pack, RatingLevel, Resolved,
    judge, rating_of,
};

fn clauses() -> Vec<Arc<Clause>> {
    Catalogue::builtin().unwrap().packs().iter().flat_map(|pack| pack.clauses.clone()).collect()
}

fn clause(id: &str) -> Arc<Clause> {
    clauses().into_iter().find(|clause| clause.id == id).unwrap()
}

fn of_pack(pack: &str) -> Vec<Arc<Clause>> {
    clauses().into_iter().filter(|clause| clause.pack == pack).collect()
}

fn office_pack(caps: &[(&str, f64)]) -> String {
    let rows: Vec<String> =
        caps.iter().map(|(rank, cap)| format!("[\"county\", \"{rank}\", {cap}]")).collect();
    format!(
        r#"
[standard]
id = "offices-1"
document = "Offices"
layer = "agency"
binding = "recommended"
in_force = 2018-01-01
[[clause]]
id = "area"
citation = "a page that looks current"
provenance = "one_source"
severity = "info"
evidence = "firm"
applies_to = {{ kind = "room", use = ["single_office"] }}
measure = "private_office_area"
period = "register"
limit = {{ unit = "m2", by = ["level", "rank"], at_most = [{}] }}
"#,
        rows.join(", ")
    )
}

#[test]
fn t1_the_office_table_of_1999_does_not_load() {
    let old = [("county_head", 20.0), ("section_head", 9.0), ("below_section", 6.0)];
    let problems = Pack::load("old.toml", &office_pack(&old)).unwrap_err();
    assert!(problems[0].what.contains("1999"), "{problems:?}");
    let new = [("county_head", 30.0), ("section_head", 18.0), ("below_section", 9.0)];
    assert!(Pack::load("new.toml", &office_pack(&new)).is_ok());
}

#[test]
fn t2_an_office_is_judged_by_usable_area_per_post_from_the_register_alone() {
    let area = clause("cn-2674-2014/office-area");
    assert_eq!((area.measure, area.period), (Measure::PrivateOfficeArea, Period::Register));
    // A whole building's area keys nothing here: neither the table nor what it applies to.
    assert!(!area.key_attributes().contains(&Attribute::FloorArea));
    assert_eq!(area.applies_to.floor_area_at_least, None);
    assert!(area.title.zh.contains("使用面积") && area.note.contains("Usable"));
}

#[test]
fn t3_three_denominators_stay_three() {
    assert_eq!(
        clause("cn-2674-2014/service-area-city").key_attributes(),
        [Attribute::AuthorisedHeadcount],
        "service rooms go by authorised headcount"
    );
    for clause in of_pack("db37-t-2672-2019").iter().filter(|c| c.measure == Measure::EnergyPerPerson) {
        assert!(clause.key_attributes().is_empty(), "{}", clause.id);
        assert_eq!(clause.limit.unit, "kgce/(p.a)");
    }
    // Floor area per person belongs to the correction alone.
    assert!(
        of_pack("gb-t-51161-2016")
            .iter()
            .all(|c| c.correction.is_some_and(|x| x.area.to_bits() == 10f64.to_bits()))
    );
}

#[test]
fn t4_a_building_class_is_no_quota_zone() {
    for clause in clauses() {
        assert!(!clause.applies_to.quota_zone.iter().any(|zone| zone == "a" || zone == "b"), "{}", clause.id);
        let of_shandong = clause.pack.starts_with("db37");
        assert!(!of_shandong || clause.applies_to.building_class.is_empty(), "{}", clause.id);
        assert!(of_shandong || clause.applies_to.quota_zone.is_empty(), "{}", clause.id);
    }
    assert!(clause("gb-t-51161-2016/party-office").key_attributes().contains(&Attribute::BuildingClass));
}

#[test]
fn t5_electricity_counts_at_its_equivalent_value_in_shandong() {
    let coal: Vec<_> =
        of_pack("db37-t-2672-2019").into_iter().filter(|c| c.limit.unit.starts_with("kgce")).collect();
    assert_eq!(coal.len(), 13);
    for clause in &coal {
        for (carrier, factor) in
            [(Carrier::Electricity, 0.31), (Carrier::Heat, 34.12), (Carrier::Gas, 1.2143)]
        {
            let found = clause.energy.factors.get(&carrier);
            assert!(found.is_none_or(|x| x.to_bits() == f64::to_bits(factor)), "{} {carrier}", clause.id);
        }
        assert!(!clause.energy.factors.contains_key(&Carrier::Water), "water is no coal: {}", clause.id);
        assert!(!clause.energy.factors.is_empty(), "{}", clause.id);
    }
}

#[test]
fn t6_heating_pumps_stay_in_unless_an_overlay_takes_them_out() {
    let id = "db37-t-2672-2019/electricity-city-a";
    assert_eq!(clause(id).energy.without, [EndUse::Heating]);
    let text = format!(
        "[[override]]\nclause = \"{id}\"\ncitation = \"audit practice\"\nwithout = [\"heating\", \"heating_pump\"]\n"
    );
    let catalogue = Catalogue::load(&[], Some(("o.toml", &text))).unwrap();
    let moved = catalogue.clause(id).unwrap();
    assert_eq!(moved.energy.without, [EndUse::Heating, EndUse::HeatingPump]);
    assert_eq!(moved.moved_by.as_deref(), Some("audit practice"), "which was used is recorded");
}

#[test]
fn t7_the_co2_of_2002_is_a_days_mean_and_that_of_2022_an_hours() {
    let (old, new) = (clause("gb-t-18883-2002/co2"), clause("gb-t-18883-2022/co2"));
    assert_eq!((old.measure, old.period), (Measure::Co2DayMean, Period::Day));
    assert_eq!((new.measure, new.period), (Measure::Co2HourMean, Period::Hour));
    assert_eq!(old.limit.fixed, new.limit.fixed);
}

#[test]
fn t8_air_temperature_only_hints_at_a_set_point_and_only_while_the_plant_runs() {
    for (id, gate) in [("cn-42-2007/cooling", Gate::Cooling), ("cn-42-2007/heating", Gate::Heating)] {
        let clause = clause(id);
        assert_eq!((clause.evidence, clause.gate), (Evidence::Suspicion, Some(gate)));
    }
}

#[test]
fn t9_equality_complies_with_every_number_of_every_pack() {
    let mut numbers = 0;
    for clause in clauses() {
        let table = clause.limit.table.iter().flat_map(|t| t.rows.iter().map(|row| row.bound));
        let curve = clause.limit.curve.iter().flat_map(|c| c.at_most.iter().map(|(x, _)| c.bound(*x)));
        for bound in table.chain(curve).chain([clause.limit.fixed]) {
            let Bound { at_most, at_least } = bound;
            for value in at_most.into_iter().chain(at_least) {
                assert_eq!(judge(&bound, value).outcome, Outcome::Compliant, "{} {value}", clause.id);
                numbers += 1;
            }
            let step = |x: f64| x.abs() * 0.001;
            let beyond = at_most.map(|x| x + step(x)).into_iter().chain(at_least.map(|x| x - step(x)));
            for value in beyond {
                assert_eq!(judge(&bound, value).outcome, Outcome::Breach, "{} {value}", clause.id);
            }
        }
    }
    assert_eq!(numbers, Catalogue::builtin().unwrap().counts().limits);
}

#[test]
fn t10_only_the_constraint_is_a_breach() {
    let rated: Vec<_> = clauses().into_iter().filter(|clause| clause.rating.is_some()).collect();
    assert!(rated.len() >= 18);
    for clause in rated {
        let Resolved::Bound(bound) = clause.bound_for_key(&[]) else { continue };
        let (rating, constraint) = (clause.rating.unwrap(), bound.at_most.unwrap());
        let level = |value: f64| (judge(&bound, value).outcome, rating_of(&rating, &bound, value));
        assert_eq!(level(rating.guide), (Outcome::Compliant, RatingLevel::Guide), "{}", clause.id);
        if let Some(baseline) = rating.baseline {
            assert_eq!(level(baseline), (Outcome::Compliant, RatingLevel::Baseline), "{}", clause.id);
        }
        assert_eq!(level(constraint), (Outcome::Compliant, RatingLevel::Constraint), "{}", clause.id);
        let above = level(constraint * 1.001);
        assert_eq!(above, (Outcome::Breach, RatingLevel::AboveConstraint), "{}", clause.id);
    }
}
