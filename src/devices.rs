//! The decoder of a site: the operator's routes and the device profiles that the register names.

use std::{collections::BTreeMap, sync::Arc};

use ingest::{Decoder, Profile, Profiles, Routes};
use model::{Problem, Register};

use crate::config::Route;

/// A decoder with the operator's routes before the built-in ones, and the register's profiles.
///
/// # Errors
/// Returns routes that are none and profiles that there are not.
pub fn decoder(routes: &[Route], register: Option<&Register>) -> Result<Decoder, Vec<Problem>> {
    let mut problems = Vec::new();
    let routes = Routes::with(routes.iter().map(Route::entry)).unwrap_or_else(|errors| {
        let problem = |error: ingest::RouteError| {
            Problem::new("configuration", 0, "route", error.to_string(), "mend the route")
        };
        problems.extend(errors.into_iter().map(problem));
        Routes::defaults()
    });
    let mut decoder = Decoder::new(routes);
    match register.map_or(Ok(Profiles::default()), profiles) {
        Ok(profiles) => decoder.set_profiles(profiles),
        Err(found) => problems.extend(found),
    }
    if problems.is_empty() { Ok(decoder) } else { Err(problems) }
}

/// The profile of each sensor that names one, and those of the register that say whose they are; each is read once.
///
/// # Errors
/// Returns a problem for each profile that is wrong, and for each sensor whose profile there is not.
pub fn profiles(register: &Register) -> Result<Profiles, Vec<Problem>> {
    let mut problems = Vec::new();
    let own = own(register, &mut problems);
    let mut known: BTreeMap<&str, Option<Arc<Profile>>> =
        own.iter().map(|(name, profile)| (*name, Some(Arc::clone(profile)))).collect();
    let mut profiles = Profiles { claiming: own.values().map(Arc::clone).collect(), ..Profiles::default() };
    for (sensor, history) in &register.sensors {
        let Some(name) = history.last().and_then(|row| row.profile.as_deref()) else { continue };
        if let Some(profile) = known.entry(name).or_insert_with(|| Profile::builtin(name).map(Arc::new)) {
            profiles.named.insert(sensor.clone(), Arc::clone(profile));
        } else if !register.profiles.contains_key(name) {
            let own = own.keys().map(ToString::to_string);
            let names: Vec<String> = own.chain(Profile::builtin_names().map(str::to_owned)).collect();
            let what = format!("sensor `{sensor}` has the unknown profile `{name}`");
            let remedy =
                format!("leave it blank, write `{name}.profile.toml`, or one of: {}", names.join(", "));
            problems.push(Problem::new("sensors.csv", 0, "profile", what, remedy));
        }
    }
    if problems.is_empty() { Ok(profiles) } else { Err(problems) }
}

/// The operator's own profiles, which go before those compiled in.
fn own<'r>(register: &'r Register, problems: &mut Vec<Problem>) -> BTreeMap<&'r str, Arc<Profile>> {
    let mut own = BTreeMap::new();
    for (name, text) in &register.profiles {
        match Profile::parse(text) {
            Ok(profile) => drop(own.insert(name.as_str(), Arc::new(profile))),
            Err(error) => {
                let file = format!("{name}.profile.toml");
                let remedy = "the keys of a profile are listed in docs/vendors.md";
                problems.push(Problem::new(file, error.line, "profile", error.what, remedy));
            }
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use model::Id;

    use super::*;

    fn register(profile: &str) -> Register {
        let mut register = Register::empty(Id::fold("t"));
        let id = Id::fold("s");
        let sensor = model::register::Sensor::new(id.clone(), Id::fold("r"));
        let sensor = model::register::Sensor { profile: Some(profile.to_owned()), ..sensor };
        register.sensors.insert(id, model::register::History::always(sensor));
        register
    }

    #[test]
    fn a_profile_that_there_is_not_names_its_sensor_and_those_that_there_are() {
        let problems = decoder(&[], Some(&register("batery-volts"))).err().unwrap();
        assert!(problems[0].to_string().contains("battery-volts"), "{problems:?}");
        assert!(decoder(&[], Some(&register("battery-volts"))).is_ok());
    }

    #[test]
    fn a_profile_of_the_register_is_read_and_a_slip_in_it_is_told() {
        let with = |text: &str| {
            let mut register = register("gas-10l");
            register.profiles.insert("gas-10l".to_owned(), text.to_owned());
            register
        };
        let fine = "[[name]]\nquantity = \"gas\"\nunit = \"m3\"\nscale = 0.01\nnames = [\"pulses\"]\n";
        assert_eq!(profiles(&with(fine)).unwrap().named.len(), 1);
        let problems = profiles(&with("[[name]]\nquantity = \"gaz\"\n")).unwrap_err();
        assert!(
            problems.len() == 1 && problems[0].to_string().contains("gas-10l.profile.toml:2"),
            "{problems:?}"
        );
    }
}
