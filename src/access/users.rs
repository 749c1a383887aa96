//! Users on disk.

use model::{Id, Instant};
use rusqlite::params;
use serde::Serialize;

use super::{
    Reach, Role, password,
    store::{Access, AccessError, user},
};
use crate::database::DatabaseError;

/// A user as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserRow {
    /// Name, by which the user logs in.
    pub name: String,
    /// Role.
    pub role: Role,
    /// How far the user sees.
    #[serde(flatten)]
    pub reach: Reach,
    /// When it was made.
    pub created: Instant,
}

impl Access {
    /// Whether there is any user.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_users(&self) -> Result<bool, AccessError> {
        Ok(self.db().prepare_cached("SELECT 1 FROM users LIMIT 1")?.exists([])?)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// When the password is weak, the name taken, or the disk refuses.
    pub fn add_user(
        &self,
        name: &Id,
        role: Role,
        reach: &Reach,
        password: &str,
        now: Instant,
    ) -> Result<(), AccessError> {
        let hash = password::hash(name.as_str(), password)?;
        let added = self.db().execute(
            "INSERT OR IGNORE INTO users VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![name.as_str(), role.name(), list(&reach.places), list(&reach.bodies), hash, now.millis()],
        )?;
        if added == 0 { Err(AccessError::Exists(name.to_string())) } else { Ok(()) }
    }

    /// Sets a new password and ends the user's sessions.
    ///
    /// # Errors
    /// When the password is weak, there is no such user, or the disk refuses.
    pub fn set_password(&self, name: &str, password: &str) -> Result<(), AccessError> {
        let hash = password::hash(name, password)?;
        let mut db = self.db();
        let step = db.transaction().map_err(DatabaseError::from)?;
        let found = step.execute("UPDATE users SET password = ?2 WHERE name = ?1", params![name, hash])?;
        step.execute("DELETE FROM sessions WHERE user = ?1", [name])?;
        step.commit()?;
        if found == 0 { Err(AccessError::NoUser(name.to_owned())) } else { Ok(()) }
    }

    /// Removes a user with its sessions and tokens.
    ///
    /// # Errors
    /// When there is no such user or the disk refuses.
    pub fn remove_user(&self, name: &str) -> Result<(), AccessError> {
        let found = self.db().execute("DELETE FROM users WHERE name = ?1", [name])?;
        if found == 0 { Err(AccessError::NoUser(name.to_owned())) } else { Ok(()) }
    }

    /// All users by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn users(&self) -> Result<Vec<UserRow>, AccessError> {
        let db = self.db();
        let mut query =
            db.prepare_cached("SELECT name, role, places, bodies, created FROM users ORDER BY name")?;
        let mut rows = query.query([])?;
        let mut users = Vec::new();
        while let Some(row) = rows.next()? {
            let (name, role, reach) = user(row)?;
            users.push(UserRow { name, role, reach, created: Instant::from_millis(row.get(4)?) });
        }
        Ok(users)
    }
}

fn list(ids: &[Id]) -> String {
    serde_json::json!(ids.iter().map(Id::as_str).collect::<Vec<_>>()).to_string()
}
