//! Passwords: hashed with argon2id, never kept or logged.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};

/// Fewest characters of a password.
pub const SHORTEST: usize = 10;
/// A longer one is refused unhashed: hashing must not be a way to keep us busy.
const LONGEST_BYTES: usize = 1024;

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too easy to guess.
    #[error("a password needs at least {SHORTEST} characters")]
    TooShort,
    /// Too long to hash.
    #[error("a password has at most {LONGEST_BYTES} bytes")]
    TooLong,
    /// The password is the user's name.
    #[error("a password must not be the user's name")]
    IsName,
    /// The hash function refused.
    #[error("the password could not be hashed")]
    Hash,
}

/// The salted hash of a password in the PHC text form, with argon2's recommended settings.
pub(super) fn hash(user: &str, password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::TooShort);
    }
    if password.len() > LONGEST_BYTES {
        return Err(PasswordError::TooLong);
    }
    if password == user {
        return Err(PasswordError::IsName);
    }
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(|_| PasswordError::Hash)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Hash)
}

/// Whether a password fits a hash. Takes as long for a user that does not exist (`None`), so that
/// names cannot be tried out by the clock.
pub(super) fn fits(password: &str, hash: Option<&str>) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$\
                          2rs7SPAkVjqy2A0sYhGbQS4MeTFA/VnuZ7HCbMYzU5Q";
    if password.len() > LONGEST_BYTES {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    let is_right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    is_right && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let one = hash("desk", "correct horse").unwrap();
        assert!(one.starts_with("$argon2id$") && !one.contains("correct"));
        assert!(fits("correct horse", Some(&one)));
        assert!(!fits("correct horsf", Some(&one)) && !fits("", Some(&one)));
        assert_ne!(one, hash("desk", "correct horse").unwrap(), "every hash has its own salt");
    }

    #[test]
    fn weak_and_endless_passwords_are_refused() {
        assert_eq!(hash("desk", "short"), Err(PasswordError::TooShort));
        assert_eq!(hash("facilities-desk", "facilities-desk"), Err(PasswordError::IsName));
        assert_eq!(hash("desk", &"x".repeat(2000)), Err(PasswordError::TooLong));
        assert_eq!(hash("desk", "十个字的密码才算够长了").map(|_| ()), Ok(()));
    }

    #[test]
    fn nobody_and_a_damaged_hash_never_fit() {
        assert!(!fits("anything at all", None));
        assert!(!fits("anything at all", Some("not a hash")));
        // The hash that stands in for nobody is a real one: verifying it takes its time.
        let nobody =
            "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$2rs7SPAkVjqy2A0sYhGbQS4MeTFA/VnuZ7HCbMYzU5Q";
        assert!(PasswordHash::new(nobody).is_ok());
    }
}
