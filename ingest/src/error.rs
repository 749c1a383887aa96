//! Why a message could not be understood.

use std::fmt;

/// The kind of a [`DecodeError`]; its name is printed in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// The payload is not UTF-8 text.
    NotUtf8,
    /// The payload is not JSON (or not one whole JSON value).
    NotJson,
    /// The payload is larger than [`crate::MAX_PAYLOAD`].
    TooLarge,
    /// The JSON is nested deeper than [`crate::MAX_DEPTH`].
    TooDeep,
    /// A field that the format requires is absent.
    MissingField,
    /// A field has another type than the format says.
    WrongType,
    /// A field's value cannot be used.
    BadValue,
    /// A unit is unknown or does not fit its quantity.
    BadUnit,
    /// The topic does not follow the format's grammar.
    BadTopic,
    /// A binary payload ends early or is malformed.
    BadBinary,
    /// No format has this name.
    UnknownFormat,
}

impl ErrorKind {
    /// The name in files and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::BadValue => "bad_value",
            Self::BadUnit => "bad_unit",
            Self::BadTopic => "bad_topic",
            Self::BadBinary => "bad_binary",
            Self::UnknownFormat => "unknown_format",
        }
    }
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

    pub(crate) fn at(kind: ErrorKind, field: &str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: Some(field.to_owned()) }
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::at(ErrorKind::MissingField, field, format!("`{field}` is absent"))
    }

    pub(crate) fn topic(grammar: &str) -> Self {
        Self::new(ErrorKind::BadTopic, format!("the topic is not `{grammar}`"))
    }
}
