//! Roles of users and scopes of tokens.

use serde::Serialize;

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Look at places, alerts, standards.
    Read,
    /// Acknowledge, silence, claim.
    Act,
    /// Send readings over HTTP.
    Readings,
}

/// What a user is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks and acts on findings.
    Facilities,
    /// Looks, and asks why; never acts.
    Auditor,
    /// Everything, readings included.
    Admin,
}

impl Role {
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Viewer, "viewer"),
        (Self::Facilities, "facilities"),
        (Self::Auditor, "auditor"),
        (Self::Admin, "admin"),
    ];

    /// Its name in files and the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(role, _)| *role == self).map_or("", |(_, name)| name)
    }

    /// The role of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(role, _)| *role)
    }

    /// Whether the role has a right.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        match right {
            Right::Read => true,
            Right::Act => matches!(self, Self::Facilities | Self::Admin),
            Right::Readings => matches!(self, Self::Admin),
        }
    }
}

/// What a token may be used for; never more than the role of the user that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// Read the API.
    Read,
    /// Acknowledge, silence, claim.
    Act,
    /// Send readings.
    Readings,
}

impl TokenScope {
    const NAMES: [(Self, &'static str, Right); 3] = [
        (Self::Read, "read", Right::Read),
        (Self::Act, "act", Right::Act),
        (Self::Readings, "readings", Right::Readings),
    ];

    /// Its name in files and the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(scope, ..)| *scope == self).map_or("", |(_, name, _)| name)
    }

    /// The scope of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n, _)| *n == name).map(|(scope, ..)| *scope)
    }

    /// The right that it gives.
    #[must_use]
    pub fn right(self) -> Right {
        Self::NAMES.iter().find(|(scope, ..)| *scope == self).map_or(Right::Read, |(.., right)| *right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_reads_and_never_acts() {
        assert!(Role::Auditor.has(Right::Read) && !Role::Auditor.has(Right::Act));
        assert!(!Role::Viewer.has(Right::Act) && Role::Facilities.has(Right::Act));
        assert!(Role::Admin.has(Right::Readings) && !Role::Facilities.has(Right::Readings));
    }

    #[test]
    fn every_name_reads_back() {
        assert!(Role::NAMES.iter().all(|(role, name)| Role::parse(name) == Some(*role)));
        assert!(TokenScope::NAMES.iter().all(|(scope, name, _)| TokenScope::parse(name) == Some(*scope)));
        assert_eq!((Role::parse("root"), TokenScope::parse("")), (None, None));
    }
}
