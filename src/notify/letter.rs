//! A letter: one mail in words, as the outbox keeps it and a mailer sends it.

use model::Instant;
use serde::{Deserialize, Serialize};

/// A rendered mail. Sent again it is the same letter with the same Message-ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Key of the mail, the local part of its Message-ID.
    pub key: String,
    /// With angle brackets.
    pub message_id: String,
    /// When it was made: its `Date`.
    pub date: Instant,
    /// Sender, as in a `From` header.
    pub from: String,
    /// Address of the recipient.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
    /// Message-ID of the newest mail about the same alert.
    pub in_reply_to: Option<String>,
    /// Message-IDs that make mail programs thread the mails of one alert.
    pub references: Vec<String>,
    /// Further headers: name and value, ASCII.
    pub headers: Vec<(String, String)>,
}

/// An address as logs may show it: the first letter and the domain.
///
/// # Examples
/// ```
/// assert_eq!(normwatch::notify::mask("facilities@example.org"), "f***@example.org");
/// ```
#[must_use]
pub fn mask(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        None => "***".to_owned(),
    }
}
