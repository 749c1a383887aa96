//! Which format a topic speaks: filters in order, the first that matches wins.

use crate::Format;

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

/// Routes in the order in which they are tried.
#[derive(Debug, Clone)]
pub struct Routes(Vec<(Filter, Target)>);

/// Topic grammars that are fixed by a specification or a product's default.
const DEFAULTS: &[(&str, Format)] = &[
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
        let routes =
            DEFAULTS.iter().map(|(filter, format)| (Filter((*filter).to_owned()), Target::Format(*format)));
        Self(routes.collect())
    }

    /// The user's `[[route]]` entries, filter and format name each, before the defaults.
    ///
    /// The format `auto` means: whatever the payload looks like.
    ///
    /// # Errors
    /// Returns every [`RouteError`], not only the first.
    pub fn with<'r>(routes: impl IntoIterator<Item = (&'r str, &'r str)>) -> Result<Self, Vec<RouteError>> {
        let mut found = Vec::new();
        let mut errors = Vec::new();
        for (filter, format) in routes {
            let target = match format {
                "auto" => Some(Target::Auto),
                name => Format::parse(name).map(Target::Format),
            };
            match (Filter::parse(filter), target) {
                (Ok(filter), Some(target)) => found.push((filter, target)),
                (filter, target) => {
                    errors.extend(filter.err());
                    errors.extend(target.is_none().then(|| RouteError::UnknownFormat(format.to_owned())));
                }
            }
        }
        found.extend(Self::defaults().0);
        if errors.is_empty() { Ok(Self(found)) } else { Err(errors) }
    }

    /// Where the first route that matches leads.
    pub(crate) fn target(&self, topic: &str) -> Option<Target> {
        self.0.iter().find(|(filter, _)| filter.matches(topic)).map(|(_, target)| *target)
    }

    /// Filters that cover every route and no topic twice, so that the broker delivers nothing twice.
    ///
    /// Filters that overlap without one covering the other are joined into a wider one. Defaults that begin with `+`
    /// (formats whose prefix is a user's choice) need a route of the user's to be subscribed.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<String> {
        let mut cover: Vec<Filter> = Vec::new();
        // A default that leaves the first level open would widen the cover to everything on the broker.
        let wanted =
            self.0.iter().filter(|(filter, _)| filter.0.starts_with(|c| c != '+') || !is_default(filter));
        for (filter, _) in wanted {
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
        for (wanted, _) in
            routes.0.iter().filter(|(filter, _)| !is_default(filter) || !filter.0.starts_with('+'))
        {
            assert!(cover.iter().any(|c| c.covers(wanted)), "{wanted:?} in {cover:?}");
        }
    }
}
