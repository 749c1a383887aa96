//! Tokens of programs.

use ingest::Owned;
use model::{Id, Instant};
use rusqlite::params;
use serde::Serialize;

use super::{
    Secret, Speaks, TokenScope,
    secret::digest,
    store::{Access, AccessError, Person, ids, user, words},
};

/// A token as lists show it: all but the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenRow {
    /// Its id, by which it is revoked.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// What it is for.
    pub note: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// For which devices it may send readings.
    #[serde(flatten)]
    pub speaks: Speaks,
    /// When it was made.
    pub created: Instant,
    /// When it ends; never when absent.
    pub expires: Option<Instant>,
}

impl Access {
    /// Makes a token for a user; the secret is shown this once.
    ///
    /// # Errors
    /// When there is no such user, its role does not allow a scope, or the disk refuses.
    pub fn add_token(
        &self,
        user_name: &str,
        note: &str,
        scopes: &[TokenScope],
        expires: Option<Instant>,
        now: Instant,
    ) -> Result<(String, Secret), AccessError> {
        let users = self.users()?;
        let owner = users.iter().find(|user| user.name == user_name);
        let owner = owner.ok_or_else(|| AccessError::NoUser(user_name.to_owned()))?;
        if let Some(scope) = scopes.iter().find(|scope| !owner.role.has(scope.right())) {
            return Err(AccessError::TooMuch { role: owner.role.name(), scope: scope.name() });
        }
        let secret = Secret::random("nw_");
        let id: String = blake3::hash(secret.expose().as_bytes()).to_hex().chars().skip(48).take(8).collect();
        let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
        self.db().execute(
            "INSERT INTO tokens (id, user, note, scopes, digest, created, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                id,
                user_name,
                note,
                serde_json::json!(names).to_string(),
                digest(secret.expose()),
                now.millis(),
                expires.map(Instant::millis)
            ],
        )?;
        Ok((id, secret))
    }

    /// Binds a token to some devices: it may send readings of no other.
    ///
    /// # Errors
    /// When there is no such token, it may send no readings, a device can have no such id, or the disk refuses.
    pub fn bind_token(&self, id: &str, speaks: &Speaks) -> Result<(), AccessError> {
        let token = self.tokens()?.into_iter().find(|token| token.id == id);
        let token = token.ok_or_else(|| AccessError::NoToken(id.to_owned()))?;
        if !token.scopes.contains(&TokenScope::Readings) {
            return Err(AccessError::SpeaksNot);
        }
        Owned::parse(speaks.sensors.iter().map(String::as_str)).map_err(AccessError::NoDevice)?;
        let places: Vec<&str> = speaks.places.iter().map(Id::as_str).collect();
        let lists = [serde_json::json!(speaks.sensors).to_string(), serde_json::json!(places).to_string()];
        let [sensors, places] = lists;
        self.db().execute(
            "UPDATE tokens SET sensors = ?2, places = ?3 WHERE id = ?1",
            params![id, sensors, places],
        )?;
        Ok(())
    }

    /// Ends a token.
    ///
    /// # Errors
    /// When there is no such token or the disk refuses.
    pub fn revoke(&self, id: &str) -> Result<(), AccessError> {
        let found = self.db().execute("DELETE FROM tokens WHERE id = ?1", [id])?;
        if found == 0 { Err(AccessError::NoToken(id.to_owned())) } else { Ok(()) }
    }

    /// All tokens, by user.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, AccessError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT id, user, note, scopes, created, expires, sensors, places FROM tokens
             ORDER BY user, created",
        )?;
        let mut rows = query.query([])?;
        let mut tokens = Vec::new();
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            tokens.push(TokenRow {
                user: row.get(1)?,
                note: row.get(2)?,
                scopes: scopes(&id, &row.get::<_, String>(3)?)?,
                created: Instant::from_millis(row.get(4)?),
                expires: row.get::<_, Option<i64>>(5)?.map(Instant::from_millis),
                speaks: speaks(&id, [row.get(6)?, row.get(7)?])?,
                id,
            });
        }
        Ok(tokens)
    }

    /// Whose token this is; `None` when it is none of ours or has ended.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn token(&self, secret: &str, now: Instant) -> Result<Option<Person>, AccessError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT name, role, u.places, bodies, t.scopes, t.expires, t.sensors, t.places, t.id
             FROM tokens t JOIN users u ON name = t.user WHERE digest = ?1",
        )?;
        let mut rows = query.query([digest(secret)])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (name, role, reach) = user(row)?;
        if row.get::<_, Option<i64>>(5)?.is_some_and(|expires| expires <= now.millis()) {
            return Ok(None);
        }
        let scopes = scopes(&name, &row.get::<_, String>(4)?)?;
        let speaks = speaks(&name, [row.get(6)?, row.get(7)?])?;
        let token = Some(row.get(8)?);
        Ok(Some(Person { name, role, reach, token, scopes: Some(scopes), speaks }))
    }
}

fn speaks(of: &str, [sensors, places]: [String; 2]) -> Result<Speaks, AccessError> {
    Ok(Speaks { sensors: words(of, &sensors)?, places: ids(of, &places)? })
}

fn scopes(of: &str, text: &str) -> Result<Vec<TokenScope>, AccessError> {
    let damaged = || AccessError::Damaged(of.to_owned());
    words(of, text)?.iter().map(|name| TokenScope::parse(name).ok_or_else(damaged)).collect()
}
