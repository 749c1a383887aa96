CREATE TABLE users (
    name     TEXT PRIMARY KEY,
    role     TEXT NOT NULL,
    places   TEXT NOT NULL,          -- JSON list of ids
    bodies   TEXT NOT NULL,
    password TEXT NOT NULL,          -- PHC text of argon2id
    created  INTEGER NOT NULL        -- ms
) WITHOUT ROWID;

CREATE TABLE tokens (
    id       TEXT PRIMARY KEY,
    user     TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,
    note     TEXT NOT NULL,
    scopes   TEXT NOT NULL,          -- JSON list
    digest   BLOB NOT NULL UNIQUE,
    created  INTEGER NOT NULL,
    expires  INTEGER                 -- ms, or never
) WITHOUT ROWID;

CREATE TABLE sessions (
    digest   BLOB PRIMARY KEY,
    user     TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,
    created  INTEGER NOT NULL,
    seen     INTEGER NOT NULL
) WITHOUT ROWID;
