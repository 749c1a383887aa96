-- What was said of each window, newest revision: late data beyond the engine's memory is compared with it.
CREATE TABLE checks (
    id INTEGER PRIMARY KEY,
    clause TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    UNIQUE (clause, kind, subject)
);
-- By time first: the windows of an hour lie together, and so do those that are let go.
CREATE TABLE verdicts (
    start INTEGER NOT NULL,
    check_id INTEGER NOT NULL,
    length INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    time INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    rating INTEGER,
    value REAL,
    bound REAL,
    is_minimum INTEGER NOT NULL,
    coverage REAL NOT NULL,
    waived TEXT,
    PRIMARY KEY (start, check_id)
) WITHOUT ROWID;
-- What charts mark, each once.
CREATE TABLE events (
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    place TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (at, kind, place, title)
) WITHOUT ROWID;
