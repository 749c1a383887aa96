//! Random secrets of sessions and tokens. Only their digest is kept: a copy of the file opens nothing.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// 32 random bytes as text. Printing it for debugging shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// A new one from the system's generator.
    #[must_use]
    pub fn random(prefix: &str) -> Self {
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())))
    }

    /// The text itself, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What is kept of a secret. It is random, so a fast hash is enough.
pub(super) fn digest(secret: &str) -> Vec<u8> {
    blake3::hash(secret.as_bytes()).as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_do_not_print() {
        let (one, other) = (Secret::random("nw_"), Secret::random("nw_"));
        assert_ne!(one.expose(), other.expose());
        assert!(one.expose().len() >= 46 && format!("{one:?}") == "Secret(..)");
        assert_eq!(digest(one.expose()), digest(one.expose()));
    }
}
