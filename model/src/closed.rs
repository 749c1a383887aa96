//! Closed lists: an enum whose members have one name each in files and on the wire.

use std::fmt;

use serde::de::{self, Visitor};

/// Declares an enum with a lower-case name for each member, `ALL`, `name`, `parse` and serde by name.
macro_rules! closed_list {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$vmeta])* #[doc = concat!("`", $text, "` in files and on the wire.")] $variant,)+ }

        impl $name {
            /// Every member, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name used in files, on the wire and in the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The member of this name, if there is one.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.name()) }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(self.name()) }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                d.deserialize_str($crate::closed::Named {
                    parse: Self::parse,
                    names: || Self::ALL.iter().map(|member| member.name()).collect(),
                })
            }
        }
    };
}
pub(crate) use closed_list;

/// Reads the name of a member, from a text that need not be kept.
pub(crate) struct Named<T> {
    pub(crate) parse: fn(&str) -> Option<T>,
    pub(crate) names: fn() -> Vec<&'static str>,
}

impl<T> Visitor<'_> for Named<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of: {}", (self.names)().join(", "))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        let unknown = || {
            let names = (self.names)().join(", ");
            E::custom(format!("unknown value `{text}`, expected one of: {names}"))
        };
        (self.parse)(text).ok_or_else(unknown)
    }
}
