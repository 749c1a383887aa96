//! Examples worked by hand from the formulas of the documents, through the clauses of the packs.

use std::sync::Arc;

use jiff::civil::Date;
use model::{
    DayKind, Instant, Period, PlaceKind, Quantity, Span, WorkingHours,
    register::{Body, BuildingClass, BuildingType, Carrier, ClimateZone, EndUse, History, Level, Meter},
};
use rules::{Catalogue, Fact, LiveClause, Measure, Outcome, RatingLevel, Verdict, judge};

use crate::world::{World, at, body, hourly_meter, id, place, reading, two};

fn with(mut world: World, catalogue: &Catalogue, clauses: &[&str]) -> World {
    for name in clauses {
        let clause = Arc::clone(catalogue.clause(name).unwrap());
        world.clauses.push(LiveClause { clause, in_force: Span::ALWAYS, is_enforced: true });
    }
    world
}

fn meter(world: &mut World, name: &str, carrier: Carrier, end_use: EndUse) {
    let parent = (carrier == Carrier::Electricity && end_use != EndUse::Total).then(|| id("power"));
    let meter = Meter { carrier, end_use, parent, ..hourly_meter(name, "b") };
    world.register.meters.insert(id(name), History::always(meter));
}

/// The verdicts of 2025 when each meter is read at the new year and at `last`.
fn until(world: &World, last: Instant, used: &[(&str, f64)]) -> Vec<Verdict> {
    let mut run = world.run();
    for (time, share) in [(at("2025-01-01 00:00"), 0.0), (last, 1.0)] {
        for (name, amount) in used {
            let quantity = match world.register.meters[&id(name)].last().unwrap().carrier {
                Carrier::Electricity => Quantity::EnergyImport,
                Carrier::Gas => Quantity::Gas,
                Carrier::Heat => Quantity::Heat,
                Carrier::Water => Quantity::Water,
            };
            run.send(name, quantity, time, amount * share);
        }
    }
    run.advance(at("2026-01-01 03:00"));
    run.verdicts().into_iter().cloned().collect()
}

fn year(world: &World, used: &[(&str, f64)]) -> Vec<Verdict> {
    until(world, at("2026-01-01 00:00"), used)
}

fn near(value: Option<f64>, expected: f64) {
    assert!((value.unwrap() - expected).abs() < 1e-4, "{value:?} is not {expected}");
}

/// A commercial office in hot summer and cold winter: 1200 m², 100 people, 120 000 kWh a year, open 12 hours on 250 days.
fn commercial(class: BuildingClass) -> World {
    let clause = "gb-t-51161-2016/commercial-office-hscw";
    let mut world = with(World::new(), &Catalogue::builtin().unwrap(), &[clause]);
    let mut house = place("b", PlaceKind::Building, None);
    house.floor_area_m2 = Some(1200.0);
    house.body = Some(id("firm"));
    house.building_type = Some(BuildingType::CommercialOffice);
    house.climate_zone = Some(ClimateZone::HotSummerColdWinter);
    house.building_class = Some(class);
    world.place(house);
    let firm = Body { energy_headcount: Some(100.0), ..body("firm") };
    world.register.bodies.insert(id("firm"), History::always(firm));
    let calendar = &mut world.register.calendar;
    let hours = WorkingHours {
        from: jiff::civil::time(8, 0, 0, 0),
        to: jiff::civil::time(20, 0, 0, 0),
        ..WorkingHours::default()
    };
    calendar.opening_hours = Some(hours);
    // 2025 has 261 weekdays; these eleven, of which none lies on a weekend, leave 250.
    for (month, day) in
        [(1, 1), (1, 28), (1, 29), (1, 30), (1, 31), (2, 3), (2, 4), (4, 4), (5, 1), (10, 1), (10, 2)]
    {
        calendar.exceptions.insert(Date::new(2025, month, day).unwrap(), DayKind::Holiday);
    }
    meter(&mut world, "power", Carrier::Electricity, EndUse::Total);
    world
}

#[test]
fn gb_t_51161_corrects_for_hours_and_density() {
    // E_o = 120000 / 1200 = 100; T = 250 x 12 = 3000, g1 = 0.3 + 0.7 x 2500 / 3000 = 0.883333;
    // S = 12, g2 = 0.7 + 0.3 x 12 / 10 = 1.06; E_oc = 100 x 0.883333 x 1.06 = 93.6333.
    for (class, outcome, limit, rating) in [
        (BuildingClass::A, Outcome::Breach, 85.0, RatingLevel::AboveConstraint),
        (BuildingClass::B, Outcome::Compliant, 110.0, RatingLevel::Constraint),
    ] {
        let verdict = year(&commercial(class), &[("power", 120_000.0)]).remove(0);
        near(verdict.value, 93.633_333);
        assert_eq!((verdict.outcome, verdict.limit, verdict.rating), (outcome, Some(limit), Some(rating)));
        assert_eq!(verdict.why["hours_of_use"], Fact::Number(3000.0));
        assert_eq!(verdict.why["uncorrected"], Fact::Number(100.0));
    }
}

#[test]
fn measure_corrects_as_the_document_does_without_any_clause() {
    let mut world = commercial(BuildingClass::B);
    meter(&mut world, "heater", Carrier::Electricity, EndUse::Heating);
    let register = Arc::new(world.register.clone());
    let readings = |name: &'static str, amount: f64| {
        let times = [(at("2025-01-01 00:00"), 0.0), (at("2026-01-01 00:00"), amount)];
        times.map(|(time, value)| reading(name, Quantity::EnergyImport, time, value))
    };
    let all = [readings("power", 120_000.0), readings("heater", 12_000.0)].concat();
    let rows = rules::measure(&register, Measure::EuiCorrected, Period::Year, None, None, all).unwrap();
    assert_eq!(rows[0].place, id("b"));
    // 90 x 0.883333 x 1.06: heating stays out here too.
    near(rows[0].value, 84.27);
    assert!((rows[0].coverage - 1.0).abs() < 1e-9);
}

#[test]
fn gb_t_51161_at_standard_hours_and_density_corrects_nothing() {
    let mut world = commercial(BuildingClass::A);
    let hours = world.register.calendar.opening_hours.as_mut().unwrap();
    hours.to = jiff::civil::time(18, 0, 0, 0);
    let firm = Body { energy_headcount: Some(120.0), ..body("firm") };
    world.register.bodies.insert(id("firm"), History::always(firm));
    // 250 x 10 = 2500 h and 1200 / 120 = 10 m²: both factors are 1; 85 x 1200 = 102000 is just allowed.
    for (used, outcome) in [(102_000.0, Outcome::Compliant), (102_001.0, Outcome::Breach)] {
        let verdict = year(&world, &[("power", used)]).remove(0);
        near(verdict.value, used / 1200.0);
        assert_eq!(verdict.outcome, outcome, "{used}");
    }
}

#[test]
fn gb_t_51161_leaves_heating_out_before_it_corrects() {
    let mut world = commercial(BuildingClass::B);
    meter(&mut world, "heater", Carrier::Electricity, EndUse::Heating);
    let verdict = year(&world, &[("power", 120_000.0), ("heater", 12_000.0)]).remove(0);
    // 90 x 0.883333 x 1.06
    near(verdict.value, 84.27);
}

/// A city organ of Shandong in zone B: 2000 m², 1800 heated.
fn organ(clauses: &[&str], overlay: Option<&str>) -> World {
    let overlay = overlay.map(|text| ("local.toml", text));
    let catalogue = Catalogue::load(&[], overlay).unwrap();
    let names: Vec<String> = clauses.iter().map(|name| format!("db37-t-2672-2019/{name}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = with(World::new(), &catalogue, &names);
    let mut house = place("b", PlaceKind::Building, None);
    house.floor_area_m2 = Some(2000.0);
    house.heated_area_m2 = Some(1800.0);
    house.body = Some(id("organ"));
    world.place(house);
    world.register.bodies.insert(id("organ"), History::always(staffed(100.0)));
    meter(&mut world, "power", Carrier::Electricity, EndUse::Total);
    world
}

fn staffed(people: f64) -> Body {
    Body {
        level: Some(Level::City),
        quota_zone: Some("db37-b".to_owned()),
        energy_headcount: Some(people),
        ..body("organ")
    }
}

#[test]
fn db37_per_person_weights_a_headcount_that_changes_in_july() {
    let mut world = organ(&["energy-per-person-city-b"], None);
    let history = two(staffed(100.0), at("2025-07-01 00:00"), staffed(150.0));
    world.register.bodies.insert(id("organ"), history);
    meter(&mut world, "boiler", Carrier::Gas, EndUse::Heating);
    meter(&mut world, "network", Carrier::Heat, EndUse::Heating);
    // 300000 x 0.31 + 10000 x 1.2143 + 500 x 34.12 = 93000 + 12143 + 17060 = 122203 kgce;
    // (181 x 100 + 184 x 150) / 365 = 125.205479 people; 976.0196 kgce a person.
    let verdict = year(&world, &[("power", 300_000.0), ("boiler", 10_000.0), ("network", 500.0)]).remove(0);
    near(verdict.value, 976.019_584);
    assert_eq!((verdict.outcome, verdict.rating), (Outcome::Compliant, Some(RatingLevel::Baseline)));
    assert_eq!(verdict.limit, Some(1557.1));
}

#[test]
fn db37_part_of_a_year_is_scaled_and_is_a_verdict_only_from_nine_tenths_on() {
    let world = organ(&["energy-per-person-city-b"], None);
    // 450000 kWh in 330 of 365 days: 497727.27 kWh a year, 1542.95 kgce a person, 0.904 of the year known.
    let verdict = until(&world, at("2025-11-27 00:00"), &[("power", 450_000.0)]).remove(0);
    near(verdict.value, 1_542.954_545);
    near(Some(verdict.coverage), 330.0 / 365.0);
    assert_eq!(verdict.outcome, Outcome::Compliant);
    // The same use in 300 days would be 547500 a year, 1697.25 a person, but 0.82 is too little to say so.
    let verdict = until(&world, at("2025-10-28 00:00"), &[("power", 450_000.0)]).remove(0);
    near(verdict.value, 1697.25);
    assert_eq!(verdict.outcome, Outcome::Insufficient);
}

#[test]
fn db37_non_heating_leaves_heating_and_metered_spaces_out_with_their_area() {
    let mut world = organ(&["non-heating-city-b", "heating-district"], None);
    let mut house = world.register.places[&id("b")].last().unwrap().clone();
    house.excluded_area_m2 = Some(100.0);
    world.place(house);
    meter(&mut world, "network", Carrier::Heat, EndUse::Heating);
    // 150000 x 0.31 / 2000 = 23.25: above 22.3. District heat does not count here.
    let heat = ("network", 670.0);
    let verdicts = year(&world, &[("power", 150_000.0), heat]);
    near(verdicts[0].value, 23.25);
    assert_eq!(verdicts[0].outcome, Outcome::Breach);
    // 670 x 34.12 / 1800 = 12.7002: just above 12.7.
    near(verdicts[1].value, 12.700_222);
    assert_eq!(verdicts[1].outcome, Outcome::Breach);
    // With the data centre metered: (150000 - 20000) x 0.31 / (2000 - 100) = 21.210526.
    meter(&mut world, "servers", Carrier::Electricity, EndUse::DataCentre);
    let verdicts = year(&world, &[("power", 150_000.0), heat, ("servers", 20_000.0)]);
    near(verdicts[0].value, 21.210_526);
    assert_eq!(verdicts[0].rating, Some(RatingLevel::Constraint));
}

#[test]
fn db37_heating_pumps_stay_in_by_the_definition_and_out_by_the_audits_practice() {
    let practice = "[[override]]\nclause = \"db37-t-2672-2019/electricity-city-b\"\ncitation = \"practice of the audits\"\nwithout = [\"heating\", \"heating_pump\"]\n";
    // (175000 - 12000) / 2000 = 81.5; less the pumps (163000 - 14000) / 2000 = 74.5. The constraint is 80.
    for (overlay, value, outcome) in
        [(None, 81.5, Outcome::Breach), (Some(practice), 74.5, Outcome::Compliant)]
    {
        let mut world = organ(&["electricity-city-b"], overlay);
        meter(&mut world, "heater", Carrier::Electricity, EndUse::Heating);
        meter(&mut world, "pump", Carrier::Electricity, EndUse::HeatingPump);
        let used = [("power", 175_000.0), ("heater", 12_000.0), ("pump", 14_000.0)];
        let verdict = year(&world, &used).remove(0);
        near(verdict.value, value);
        assert_eq!(verdict.outcome, outcome);
        let mut taken_out = vec![Fact::from("heater")];
        taken_out.extend(overlay.map(|_| Fact::from("pump")));
        assert_eq!(
            verdict.why["subtracted_electricity"],
            Fact::List(taken_out),
            "which was used is recorded"
        );
    }
}

#[test]
fn db37_water_per_person_is_compared_with_the_general_value() {
    let mut world = organ(&[], None);
    let catalogue = Catalogue::builtin().unwrap();
    world = with(world, &catalogue, &["db37-t-4452-2021/water"]);
    meter(&mut world, "tap", Carrier::Water, EndUse::Total);
    for (used, outcome, rating) in [
        (1000.0, Outcome::Compliant, RatingLevel::Guide),
        (2500.0, Outcome::Compliant, RatingLevel::Constraint),
        (2501.0, Outcome::Breach, RatingLevel::AboveConstraint),
    ] {
        let verdict = year(&world, &[("tap", used)]).remove(0);
        assert_eq!(
            (verdict.value, verdict.outcome, verdict.rating),
            (Some(used / 100.0), outcome, Some(rating))
        );
    }
}

#[test]
fn use_it_takes_weekdays_with_their_holidays_over_one_person_for_150_square_feet() {
    let mut world = World::new();
    let mut house = place("b", PlaceKind::Building, None);
    // 13935 m² are for 1000 people.
    house.usable_area_m2 = Some(13_935.0);
    world.place(house);
    world.register.calendar.exceptions.insert(Date::constant(2026, 3, 4), DayKind::Holiday);
    let clause = Arc::clone(Catalogue::builtin().unwrap().clause("us-use-it-2025/utilisation").unwrap());
    // 750 people on four weekdays and none on the holiday are 600; a crowded weekend counts for nothing.
    for (people, value, outcome) in [(750.0, 0.6, Outcome::Compliant), (749.0, 0.5992, Outcome::Breach)] {
        let mut readings = Vec::new();
        for step in 0..7 * 288_i64 {
            let time = at("03-02 00:00").plus_ms(step * 300_000);
            let day = step / 288;
            let present = match day {
                2 => 0.0,
                5 | 6 => 5000.0,
                _ => people,
            };
            readings.push(reading("s1", Quantity::PeopleCount, time, present));
        }
        let register = Arc::new(world.register.clone());
        let rows =
            rules::measure(&register, Measure::SpaceUtilisation, Period::Week, None, None, readings).unwrap();
        let row = rows.iter().find(|row| row.place == id("b")).unwrap();
        near(row.value, value);
        assert_eq!(judge(&clause.limit.fixed, row.value.unwrap()).outcome, outcome);
    }
}
