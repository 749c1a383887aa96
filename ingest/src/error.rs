//! Why a message could not be understood.

use std::fmt;

/// Declares the kinds with their names on the wire.
macro_rules! kinds {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)+) => {
        /// The kind of a [`DecodeError`]; its name is printed in snake case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorKind { $($(#[$meta])* $variant,)+ }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in files and on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

kinds! {
    /// The payload is not UTF-8 text.
    NotUtf8 = "not_utf8",
    /// The payload is not JSON (or not one whole JSON value).
    NotJson = "not_json",
    /// The payload is larger than [`crate::MAX_PAYLOAD`].
    TooLarge = "too_large",
    /// The JSON is nested deeper than [`crate::MAX_DEPTH`].
    TooDeep = "too_deep",
    /// More values than [`crate::MAX_VALUES`], or more readings than [`crate::MAX_READINGS`].
    TooMany = "too_many",
    /// The payload is compressed; nothing is unpacked on the way in.
    Compressed = "compressed",
    /// A field that the format requires is absent.
    MissingField = "missing_field",
    /// A field has another type than the format says.
    WrongType = "wrong_type",
    /// A field's value cannot be used.
    BadValue = "bad_value",
    /// A unit is unknown or does not fit its quantity.
    BadUnit = "bad_unit",
    /// The topic does not follow the format's grammar.
    BadTopic = "bad_topic",
    /// A binary payload ends early or is malformed.
    BadBinary = "bad_binary",
    /// No format has this name.
    UnknownFormat = "unknown_format",
    /// The message names a device that may not be named on this route (`[[route]] sensors`).
    NotItsDevice = "not_its_device",
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A message that belongs to a format but breaks its rules: it goes to quarantine with this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct DecodeError {
    /// What kind of fault.
    pub kind: ErrorKind,
    /// The fault in words, naming what was expected.
    pub message: String,
    /// The field at fault, where one can be named.
    pub field: Option<String>,
}

impl DecodeError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: None }
    }

    /// An error about one field.
    pub fn at(kind: ErrorKind, field: &str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: Some(field.to_owned()) }
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::at(ErrorKind::MissingField, field, format!("`{field}` is absent"))
    }

    pub(crate) fn topic(grammar: &str) -> Self {
        Self::new(ErrorKind::BadTopic, format!("the topic is not `{grammar}`"))
    }
}
