//! The decoder of a site: the operator's routes and the device profiles that the register names.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use ingest::{Decoder, Profile, Routes};
use model::{Id, Problem, Register};

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
    match register.map_or(Ok(HashMap::new()), profiles) {
        Ok(profiles) => decoder.set_profiles(profiles),
        Err(found) => problems.extend(found),
    }
    if problems.is_empty() { Ok(decoder) } else { Err(problems) }
}

/// The profile of each sensor that names one; each profile is read once.
///
/// # Errors
/// Returns a problem for each sensor whose profile there is not.
pub fn profiles(register: &Register) -> Result<HashMap<Id, Arc<Profile>>, Vec<Problem>> {
    let mut known: BTreeMap<&str, Option<Arc<Profile>>> = BTreeMap::new();
    let mut profiles = HashMap::new();
    let mut problems = Vec::new();
    for (sensor, history) in &register.sensors {
        let Some(name) = history.last().and_then(|row| row.profile.as_deref()) else { continue };
        if let Some(profile) = known.entry(name).or_insert_with(|| Profile::builtin(name).map(Arc::new)) {
            profiles.insert(sensor.clone(), Arc::clone(profile));
        } else {
            let names: Vec<&str> = Profile::builtin_names().collect();
            let what = format!("sensor `{sensor}` has the unknown profile `{name}`");
            let remedy = format!("leave it blank, or one of: {}", names.join(", "));
            problems.push(Problem::new("sensors.csv", 0, "profile", what, remedy));
        }
    }
    if problems.is_empty() { Ok(profiles) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
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
}
