-- How far the engine's state goes, one row a partition.
CREATE TABLE checkpoint (part INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, event_time INTEGER);
-- The engine's state in pieces, each rewritten only when it changed.
CREATE TABLE engine (
    part INTEGER NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (part, name)
) WITHOUT ROWID;
-- Newest alert of each check, as pages and API show it.
CREATE TABLE alerts (
    subject TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX alerts_by_id ON alerts (id);
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
-- Rendered mails: outbox and log in one.
CREATE TABLE mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body BLOB NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    maybe_doubled INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE INDEX mails_open ON mails (next_attempt) WHERE status IN ('queued', 'sending');
-- What a recipient is still to be told; never the same transition twice.
CREATE TABLE owed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    transition_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    status TEXT NOT NULL,
    mail INTEGER REFERENCES mails (id),
    queued_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    note TEXT,
    UNIQUE (transition_id, recipient)
);
CREATE INDEX owed_open ON owed (id) WHERE status = 'queued';
CREATE INDEX owed_by_mail ON owed (mail);
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
