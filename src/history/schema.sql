CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    sensor TEXT NOT NULL,
    quantity TEXT NOT NULL,
    channel TEXT NOT NULL,
    UNIQUE (sensor, quantity, channel)
);
-- Raw readings, one block for a series and a UTC hour; `place` is made of both, see `place_of`. When a day is
-- over, its blocks become one in the row of its first hour.
-- (A key of two columns would put each larger block on a page of its own.)
CREATE TABLE hours (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
-- Partials of 15 minutes, one block for a series and a UTC day.
CREATE TABLE days (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
-- Everything up to this spool position is in the tables above; one row.
CREATE TABLE reached (part INTEGER NOT NULL, sequence INTEGER NOT NULL, too_late INTEGER NOT NULL);
INSERT INTO reached VALUES (0, 0, 0);
