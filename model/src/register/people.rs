//! Who gets mail, and what is exempt.

use serde::{Deserialize, Serialize};

use crate::{Id, Span, closed::closed_list};

closed_list! {
    /// How bad a breach is.
    pub enum Severity {
        Info = "info",
        Warning = "warning",
        Critical = "critical",
    }
}

closed_list! {
    /// Language of mails and pages.
    pub enum Language {
        Zh = "zh-CN",
        En = "en",
    }
}

/// A mailbox that gets alerts. An office or a post, never a person's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Stable id.
    pub id: Id,
    /// Mail address.
    pub mail: String,
    /// Language of its mails (default zh-CN).
    pub language: Language,
    /// Zone for the times in its mails; the register's when absent.
    pub time_zone: Option<String>,
    /// Only alerts of this place and below.
    pub place: Option<Id>,
    /// Only alerts of this body.
    pub body: Option<Id>,
    /// Only alerts at least this bad.
    pub severity_at_least: Severity,
    /// Who gets its mail while it is absent.
    pub deputy: Option<Id>,
    /// When it is absent.
    pub absent: Option<Span>,
}

/// A dated exemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Clause id, or `*`.
    pub clause: String,
    /// The place or body that is exempt, with everything below a place.
    pub subject: Id,
    /// Why.
    pub reason: String,
    /// Which post approved it.
    pub approver: String,
}
