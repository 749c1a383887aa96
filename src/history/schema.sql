CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    sensor TEXT NOT NULL,
    quantity TEXT NOT NULL,
    channel TEXT NOT NULL,
    UNIQUE (sensor, quantity, channel)
);
-- Raw readings, one block for a series and a UTC hour (hours since 1970).
CREATE TABLE hours (
    series INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (series, hour)
) WITHOUT ROWID;
-- Partials of 15 minutes, one block for a series and a UTC day (days since 1970).
CREATE TABLE days (
    series INTEGER NOT NULL,
    day INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (series, day)
) WITHOUT ROWID;
-- Everything up to this spool position is in the tables above; one row.
CREATE TABLE reached (part INTEGER NOT NULL, sequence INTEGER NOT NULL, too_late INTEGER NOT NULL);
INSERT INTO reached VALUES (0, 0, 0);
