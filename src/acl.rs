//! The broker's list of rights, from the register and the routes: a vendor publishes for its own devices only.
//!
//! A broker knows who publishes, and we do not: MQTT tells a subscriber no names. So the broker binds names to
//! topics with this list, and the intake binds topics to devices with the routes' `sensors`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use ingest::{Filter, Owned};
use model::Register;

use crate::{config::Config, devices};

/// Our own name at the broker, where the configuration gives none.
const OURSELVES: &str = "normwatch";

/// What one name may do.
#[derive(Debug, Default)]
struct Rights {
    write: BTreeSet<String>,
    read: BTreeSet<String>,
}

impl Rights {
    /// The topics of a device that speaks the native contract.
    fn device(&mut self, sensor: &str) {
        self.write.insert(format!("normwatch/v1/{sensor}"));
        self.read.insert(format!("normwatch/v1/{sensor}/diagnostics"));
    }
}

/// The list of rights as mosquitto 2 reads it (`acl_file`).
///
/// Every `user` of a route may publish on the route's filter and, under the native contract, for the devices of the
/// register that the route owns. Every other sensor logs in under its own id. Whoever is not named may nothing.
/// Filters that reach into the native contract give no right of their own: they would open it to all devices.
///
/// # Errors
/// Returns the problems of the configured routes.
pub fn mosquitto(config: &Config, register: &Register) -> Result<String, Vec<model::Problem>> {
    let ours = devices::decoder(&config.routes, None)?.subscriptions();
    let mut rights: BTreeMap<&str, Rights> = BTreeMap::new();
    let mut others: BTreeSet<&str> =
        register.sensors.keys().chain(register.meters.keys()).map(model::Id::as_str).collect();
    let all = others.clone();
    let native = Filter::parse("normwatch/#").ok();
    for route in &config.routes {
        let Some(user) = route.user.as_deref() else { continue };
        let rights = rights.entry(user).or_default();
        let filter = Filter::parse(&route.filter).ok();
        let is_apart = native.as_ref().zip(filter.as_ref()).is_some_and(|(a, b)| !a.overlaps(b));
        if is_apart {
            rights.write.insert(route.filter.clone());
        }
        let owned = Owned::parse(route.sensors.iter().map(String::as_str)).unwrap_or_default();
        for sensor in all.iter().copied().filter(|sensor| owned.has(sensor)) {
            rights.device(sensor);
            others.remove(sensor);
        }
    }
    for sensor in others {
        rights.entry(sensor).or_default().device(sensor);
    }
    let own = Rights {
        write: ["normwatch/v1/+/diagnostics", "spBv1.0/+/NCMD/+"].map(str::to_owned).into(),
        read: ours.into_iter().collect(),
    };
    Ok(text(config.mqtt.username.as_deref().unwrap_or(OURSELVES), &own, &rights))
}

fn text(us: &str, own: &Rights, rights: &BTreeMap<&str, Rights>) -> String {
    let mut out = String::from(
        "# Written by `normwatch register acl`. Change the register or the routes, then write it again and have\n\
         # mosquitto read it (SIGHUP). Names are those of the password file; who is not named here may nothing.\n",
    );
    for (user, rights) in
        std::iter::once((us, own)).chain(rights.iter().map(|(user, rights)| (*user, rights)))
    {
        let reads = rights.read.iter().map(|topic| ("read", topic));
        let writes = rights.write.iter().map(|topic| ("write", topic));
        // Writing to a text cannot fail.
        let _written = writeln!(out, "\nuser {user}").is_ok();
        for (access, topic) in writes.chain(reads) {
            let _written = writeln!(out, "topic {access} {topic}").is_ok();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{
        Id,
        register::{History, Sensor},
    };

    use super::*;
    use crate::config::Route;

    #[test]
    fn a_vendor_gets_its_filter_and_its_devices_and_every_other_sensor_itself() {
        let mut config = Config::load(None, &BTreeMap::new()).unwrap();
        let route = |filter: &str, sensors: &[&str]| Route {
            filter: filter.to_owned(),
            format: "senml".to_owned(),
            sensors: sensors.iter().map(|text| (*text).to_owned()).collect(),
            user: Some("vendor-a".to_owned()),
        };
        config.routes = vec![route("vendor-a/#", &["a-*"]), route("normwatch/v1/+", &["x-1"])];
        let mut register = Register::empty(Id::fold("office"));
        for id in ["a-1", "a-2", "x-1", "lobby"].map(Id::fold) {
            let sensor = Sensor::new(id.clone(), Id::fold("r"));
            register.sensors.insert(id, History::always(sensor));
        }
        let acl = mosquitto(&config, &register).unwrap();
        let block = |user: &str| -> Vec<String> {
            let from = acl.split(&format!("user {user}\n")).nth(1).unwrap_or_else(|| panic!("{user}: {acl}"));
            from.lines().take_while(|line| !line.is_empty()).map(str::to_owned).collect()
        };
        assert_eq!(
            block("vendor-a"),
            [
                "topic write normwatch/v1/a-1",
                "topic write normwatch/v1/a-2",
                "topic write normwatch/v1/x-1",
                "topic write vendor-a/#",
                "topic read normwatch/v1/a-1/diagnostics",
                "topic read normwatch/v1/a-2/diagnostics",
                "topic read normwatch/v1/x-1/diagnostics",
            ]
        );
        assert_eq!(
            block("lobby"),
            ["topic write normwatch/v1/lobby", "topic read normwatch/v1/lobby/diagnostics"]
        );
        let ours = block("normwatch");
        assert!(ours.contains(&"topic read vendor-a/#".to_owned()), "{ours:?}");
        assert!(ours.contains(&"topic write normwatch/v1/+/diagnostics".to_owned()), "{ours:?}");
        assert!(!acl.contains("topic write normwatch/v1/+\n"), "{acl}");
    }
}
