-- One row a commit group: entries first .. first + count - 1.
CREATE TABLE log (
    part INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    readings INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (part, first)
);
-- Next free position and the message counts, one row a partition.
CREATE TABLE ledger (
    part INTEGER PRIMARY KEY,
    next INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    ignored INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    readings INTEGER NOT NULL,
    quarantine_dropped INTEGER NOT NULL
);
INSERT INTO ledger VALUES (0, 1, 0, 0, 0, 0, 0, 0, 0);
-- Keys of recent messages, 16 bytes each, one row a commit group.
CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    arrival INTEGER NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    field TEXT,
    bytes INTEGER NOT NULL
);
