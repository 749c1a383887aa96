-- How far the engine's state goes, one row a partition.
CREATE TABLE checkpoint (part INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, event_time INTEGER);
-- The engine's state in pieces, each rewritten only when it changed.
CREATE TABLE engine (
    part INTEGER NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (part, name)
) WITHOUT ROWID;
-- Every transition once, in the order in which the engine found them.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    transition_id TEXT NOT NULL UNIQUE,
    alert TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX journal_by_time ON journal (at);
CREATE INDEX journal_by_alert ON journal (alert);
-- Lines for the time-series server that do not stand in the spool: verdicts, measures, events.
CREATE TABLE series_lines (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);
CREATE TABLE cursors (name TEXT PRIMARY KEY, part INTEGER NOT NULL, sequence INTEGER NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
-- Small records that people keep: silences, acknowledgements, users.
CREATE TABLE records (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
