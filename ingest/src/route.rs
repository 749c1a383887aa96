//! Which format a topic speaks: filters in order, the first that matches wins.

use crate::{Format, Owned};

/// An MQTT topic filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

/// Why a route cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The filter breaks the rules of MQTT 5, section 4.7.
    #[error("`{0}` is not a topic filter: `+` and `#` stand alone in a level, `#` last")]
    BadFilter(String),
    /// No format has this name.
    #[error("`{0}` is not a format; known are {known}", known = names())]
    UnknownFormat(String),
    /// The device is none, and no beginning of one.
    #[error("`{0}` is not a device: write an id, or its beginning and `*`")]
    BadDevice(String),
}

fn names() -> String {
    Format::ALL.iter().map(|format| format.name()).collect::<Vec<_>>().join(", ")
}

impl Filter {
    /// Checks a filter.
    ///
    /// # Errors
    /// Returns [`RouteError::BadFilter`] when it is empty, holds a NUL, or misplaces a wildcard.
    pub fn parse(text: &str) -> Result<Self, RouteError> {
        let levels: Vec<&str> = text.split('/').collect();
        let is_sound = |(i, level): (usize, &&str)| match *level {
            "+" => true,
            "#" => i + 1 == levels.len(),
            level => !level.contains(['+', '#', '\0']),
        };
        let fits = !text.is_empty() && text.len() <= 65_535 && levels.iter().enumerate().all(is_sound);
        if fits { Ok(Self(text.to_owned())) } else { Err(RouteError::BadFilter(text.to_owned())) }
    }

    /// The filter as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a topic matches (wildcards at the first level do not match `$` topics).
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        if topic.starts_with('$') && self.0.starts_with(['+', '#']) {
            return false;
        }
        // Most filters differ from a topic in their first letter.
        let first = self.0.bytes().next();
        if !matches!(first, Some(b'+' | b'#' | b'/')) && first != topic.bytes().next() {
            return false;
        }
        let mut levels = topic.split('/');
        for wanted in self.0.split('/') {
            match (wanted, levels.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (wanted, Some(level)) if wanted == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }

    /// Whether every topic that `other` matches is matched by this filter too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let mut theirs = other.0.split('/');
        for ours in self.0.split('/') {
            match (ours, theirs.next()) {
                ("#", _) => return true,
                (_, None | Some("#")) => return false,
                ("+", Some(_)) => {}
                (ours, Some(level)) if ours == level => {}
                _ => return false,
            }
        }
        theirs.next().is_none()
    }

    /// Whether some topic is matched by both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (mut ours, mut theirs) = (self.0.split('/'), other.0.split('/'));
        loop {
            match (ours.next(), theirs.next()) {
                (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
                (None, _) | (_, None) => return false,
                (Some("+"), _) | (_, Some("+")) => {}
                (Some(a), Some(b)) if a == b => {}
                _ => return false,
            }
        }
    }

    /// The narrowest filter that covers both: levels that differ become `+`, lengths that differ end in `#`.
    fn join(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.0.split('/'), other.0.split('/'));
        let mut levels = Vec::new();
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => break,
                (Some(a), Some(b)) if a != "#" && b != "#" => levels.push(if a == b { a } else { "+" }),
                _ => {
                    levels.push("#");
                    break;
                }
            }
        }
        Self(levels.join("/"))
    }
}

/// Where a topic leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// To this format.
    Format(Format),
    /// To whatever the payload looks like.
    Auto,
}

/// A `[[route]]` entry as a user wrote it.
#[derive(Debug, Clone, Copy)]
pub struct RouteEntry<'r> {
    /// MQTT topic filter.
    pub filter: &'r str,
    /// Name of a format, or `auto` for whatever the payload looks like.
    pub format: &'r str,
    /// The devices that its messages may name, as [`Owned::parse`] takes them; empty for any.
    pub sensors: &'r [String],
}

impl<'r> From<(&'r str, &'r str)> for RouteEntry<'r> {
    fn from((filter, format): (&'r str, &'r str)) -> Self {
        Self { filter, format, sensors: &[] }
    }
}

/// A route as it is tried.
#[derive(Debug, Clone)]
struct Route {
    filter: Filter,
    target: Target,
    /// `None` when messages may name any device.
    owned: Option<Owned>,
}

impl Route {
    fn read(entry: &RouteEntry<'_>) -> Result<Self, Vec<RouteError>> {
        let target = match entry.format {
            "auto" => Some(Target::Auto),
            name => Format::parse(name).map(Target::Format),
        };
        let owned = Owned::parse(entry.sensors.iter().map(String::as_str));
        match (Filter::parse(entry.filter), target, owned) {
            (Ok(filter), Some(target), Ok(owned)) => {
                Ok(Self { filter, target, owned: (!entry.sensors.is_empty()).then_some(owned) })
            }
            (filter, target, owned) => {
                let mut errors: Vec<RouteError> = filter.err().into_iter().collect();
                errors.extend(target.is_none().then(|| RouteError::UnknownFormat(entry.format.to_owned())));
                errors.extend(owned.err().map(RouteError::BadDevice));
                Err(errors)
            }
        }
    }
}

/// Routes in the order in which they are tried.
#[derive(Debug, Clone)]
pub struct Routes(Vec<Route>);

/// Topic grammars that are fixed by a specification or a product's default.
pub(crate) const DEFAULTS: &[(&str, Format)] = &[
    ("normwatch/v1/+", Format::Senml),
    ("application/+/device/+/event/+", Format::ChirpstackV4),
    ("v3/+/devices/#", Format::TtsV3),
    ("zigbee2mqtt/#", Format::Zigbee2mqtt),
    ("shellies/#", Format::ShellyGen1),
    ("spBv1.0/#", Format::SparkplugB),
    ("tele/+/+", Format::Tasmota),
    ("stat/+/+", Format::Tasmota),
    ("homeassistant/+/+/config", Format::HaDiscovery),
    ("homeassistant/+/+/+/config", Format::HaDiscovery),
    ("homeassistant/+/+/+", Format::HaStatestream),
    ("+/events/rpc", Format::ShellyGen2),
    ("+/status/+", Format::ShellyGen2),
    ("+/sensor/+/state", Format::Esphome),
    ("+/binary_sensor/+/state", Format::Esphome),
];

fn is_default(filter: &Filter) -> bool {
    DEFAULTS.iter().any(|(default, _)| *default == filter.0)
}

impl Routes {
    /// The routes of topics whose grammar is fixed.
    #[must_use]
    pub fn defaults() -> Self {
        let route = |(filter, format): &(&str, Format)| Route {
            filter: Filter((*filter).to_owned()),
            target: Target::Format(*format),
            owned: None,
        };
        Self(DEFAULTS.iter().map(route).collect())
    }

    /// The user's `[[route]]` entries (or pairs of filter and format name) before the defaults.
    ///
    /// # Errors
    /// Returns every [`RouteError`], not only the first.
    pub fn with<'r, R: Into<RouteEntry<'r>>>(
        routes: impl IntoIterator<Item = R>,
    ) -> Result<Self, Vec<RouteError>> {
        let mut found = Vec::new();
        let mut errors = Vec::new();
        for entry in routes {
            match Route::read(&entry.into()) {
                Ok(route) => found.push(route),
                Err(more) => errors.extend(more),
            }
        }
        found.extend(Self::defaults().0);
        if errors.is_empty() { Ok(Self(found)) } else { Err(errors) }
    }

    fn of(&self, topic: &str) -> Option<&Route> {
        self.0.iter().find(|route| route.filter.matches(topic))
    }

    /// Where the first route that matches leads.
    pub(crate) fn target(&self, topic: &str) -> Option<Target> {
        self.of(topic).map(|route| route.target)
    }

    /// The devices that a message on a topic may name; `None` for any.
    pub(crate) fn owned(&self, topic: &str) -> Option<&Owned> {
        // Most services name no devices: the topic need not be matched once more.
        if self.0.iter().all(|route| route.owned.is_none()) {
            return None;
        }
        self.of(topic)?.owned.as_ref()
    }

    /// Filters that cover every route and no topic twice, so that the broker delivers nothing twice.
    ///
    /// Filters that overlap without one covering the other are joined into a wider one. Defaults that begin with `+`
    /// (formats whose prefix is a user's choice) need a route of the user's to be subscribed.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<String> {
        let mut cover: Vec<Filter> = Vec::new();
        // A default that leaves the first level open would widen the cover to everything on the broker.
        let filters = self.0.iter().map(|route| &route.filter);
        let wanted = filters.filter(|filter| filter.0.starts_with(|c| c != '+') || !is_default(filter));
        for filter in wanted {
            let mut wider = filter.clone();
            while let Some(at) = cover.iter().position(|other| other.overlaps(&wider)) {
                let other = cover.swap_remove(at);
                wider = if other.covers(&wider) {
                    other
                } else if wider.covers(&other) {
                    wider
                } else {
                    wider.join(&other)
                };
            }
            cover.push(wider);
        }
        let mut filters: Vec<String> = cover.into_iter().map(|filter| filter.0).collect();
        filters.sort();
        filters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Filter {
        Filter::parse(text).unwrap()
    }

    #[test]
    fn a_misplaced_wildcard_is_refused() {
        for bad in ["", "a/#/b", "a/b#", "a+/b", "#/a"] {
            assert!(Filter::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_hash_matches_its_parent_level_and_dollar_topics_only_by_name() {
        assert!(filter("a/#").matches("a") && filter("a/#").matches("a/b/c"));
        assert!(!filter("#").matches("$SYS/uptime"));
        assert!(!filter("a/+").matches("a/b/c"));
    }

    #[test]
    fn the_first_route_wins_and_the_users_come_first() {
        let routes = Routes::with([("zigbee2mqtt/plant/#", "senml")]).unwrap();
        assert_eq!(routes.target("zigbee2mqtt/plant/x"), Some(Target::Format(Format::Senml)));
        assert_eq!(routes.target("zigbee2mqtt/office"), Some(Target::Format(Format::Zigbee2mqtt)));
        assert_eq!(routes.target("owntracks/a/b"), None);
    }

    #[test]
    fn every_bad_route_is_named() {
        let errors = Routes::with([("a/#/b", "senml"), ("a", "morse")]).unwrap_err();
        assert_eq!(errors.len(), 2);
        assert!(errors.iter().any(|e| e.to_string().contains("morse")));
    }

    #[test]
    fn a_route_owns_the_devices_that_it_lists_and_others_own_any() {
        let sensors = ["a-*".to_owned()];
        let entry = RouteEntry { filter: "vendor-a/#", format: "senml", sensors: &sensors };
        let routes = Routes::with([entry]).unwrap();
        assert!(routes.owned("vendor-a/x").is_some_and(|owned| owned.has("a-1") && !owned.has("b-1")));
        assert!(routes.owned("normwatch/v1/b-1").is_none());
        let bad = ["a*b".to_owned()];
        let errors = Routes::with([RouteEntry { sensors: &bad, ..entry }]).unwrap_err();
        assert_eq!(errors, [RouteError::BadDevice("a*b".to_owned())]);
    }

    #[test]
    fn the_defaults_do_not_ask_for_everything() {
        let filters = Routes::defaults().subscriptions();
        assert!(filters.iter().all(|filter| !filter.starts_with(['+', '#'])), "{filters:?}");
        assert!(filters.contains(&"normwatch/v1/+".to_owned()), "{filters:?}");
    }

    #[test]
    fn no_topic_is_matched_by_two_subscriptions() {
        let routes =
            Routes::with([("zigbee2mqtt/+", "auto"), ("+/x/y", "auto"), ("site/x/#", "auto")]).unwrap();
        let cover: Vec<Filter> = routes.subscriptions().iter().map(|s| filter(s)).collect();
        for (i, a) in cover.iter().enumerate() {
            assert!(cover.iter().skip(i + 1).all(|b| !a.overlaps(b)), "{cover:?}");
        }
        let filters = routes.0.iter().map(|route| &route.filter);
        for wanted in filters.filter(|filter| !is_default(filter) || !filter.0.starts_with('+')) {
            assert!(cover.iter().any(|c| c.covers(wanted)), "{wanted:?} in {cover:?}");
        }
    }
}
