//! The file of users, tokens and sessions. It is the service's and the command line's at once.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::Id;
use rusqlite::{Connection, Row};

use super::{Reach, Right, Role, Speaks, TokenScope, password::PasswordError};
use crate::database::{self, DatabaseError};

/// Name of the file in the data directory.
pub const USERS_FILE: &str = "users.sqlite";

const MIGRATIONS: &[&str] = &[include_str!("schema.sql"), include_str!("speaks.sql")];

/// Version of the newest tables.
pub(crate) const SCHEMA: usize = MIGRATIONS.len();

/// Why users could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file failed.
    #[error("the file of users failed")]
    Database(#[from] DatabaseError),
    /// The password was refused.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// There is one of this name.
    #[error("there is a user `{0}` already: choose another name, or change that one")]
    Exists(String),
    /// There is none.
    #[error("there is no user `{0}`: `normwatch user list` shows all")]
    NoUser(String),
    /// There is none.
    #[error("there is no token `{0}`: `normwatch user tokens` shows all")]
    NoToken(String),
    /// The role of the user does not allow what the token should.
    #[error("a token of the role `{role}` cannot have the scope `{scope}`")]
    TooMuch {
        /// Role of the user.
        role: &'static str,
        /// What was asked for.
        scope: &'static str,
    },
    /// A token without that scope sends none.
    #[error("a token without the scope `readings` speaks for no device: leave out --sensor and --place")]
    SpeaksNot,
    /// No device can be called so.
    #[error("`{0}` is no id of a device, nor the beginning of one and `*`")]
    NoDevice(String),
    /// A row that this release cannot understand.
    #[error("the row of `{0}` is damaged")]
    Damaged(String),
}

impl From<rusqlite::Error> for AccessError {
    fn from(error: rusqlite::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

/// Who asks: a user, in person or through a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Name of the user.
    pub name: String,
    /// Role of the user.
    pub role: Role,
    /// How far the user sees.
    pub reach: Reach,
    /// Id of the token; `None` for a session.
    pub token: Option<String>,
    /// Scopes of the token; `None` for a session.
    pub scopes: Option<Vec<TokenScope>>,
    /// For which devices the token may send readings.
    pub speaks: Speaks,
}

impl Person {
    /// Whether role and token allow it.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        let by_token = self.scopes.as_ref().is_none_or(|s| s.iter().any(|scope| scope.right() == right));
        self.role.has(right) && by_token
    }

    /// What tells this sender from every other: the token, else the user.
    #[must_use]
    pub fn sender(&self) -> String {
        let of_token = self.token.as_ref().map(|token| format!("token {token}"));
        of_token.unwrap_or_else(|| format!("user {}", self.name))
    }
}

/// The file of users; clones share one connection. Calls block: a password takes some 20 ms.
#[derive(Debug, Clone)]
pub struct Access {
    db: Arc<Mutex<Connection>>,
}

impl Access {
    /// Opens the file, creating it if absent.
    ///
    /// # Errors
    /// When the file cannot be opened or is newer than this release.
    pub fn open(path: &Path) -> Result<Self, AccessError> {
        Ok(Self { db: Arc::new(Mutex::new(database::open(path, MIGRATIONS)?)) })
    }

    pub(super) fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Name, role and reach in the first four columns of a row.
pub(super) fn user(row: &Row<'_>) -> Result<(String, Role, Reach), AccessError> {
    let name: String = row.get(0)?;
    let damaged = || AccessError::Damaged(name.clone());
    let role = Role::parse(&row.get::<_, String>(1)?).ok_or_else(damaged)?;
    let reach = Reach {
        places: ids(&name, &row.get::<_, String>(2)?)?,
        bodies: ids(&name, &row.get::<_, String>(3)?)?,
    };
    Ok((name, role, reach))
}

/// A JSON list of ids, in a row of `of`.
pub(super) fn ids(of: &str, text: &str) -> Result<Vec<Id>, AccessError> {
    let damaged = || AccessError::Damaged(of.to_owned());
    words(of, text)?.iter().map(|word| Id::parse(word).map_err(|_| damaged())).collect()
}

/// A JSON list of texts, in a row of `of`.
pub(super) fn words(of: &str, text: &str) -> Result<Vec<String>, AccessError> {
    serde_json::from_str(text).map_err(|_| AccessError::Damaged(of.to_owned()))
}
