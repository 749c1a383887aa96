-- How far the series writer is stands in a record; nobody else keeps a cursor.
DROP TABLE cursors;
-- A point (tags and time) waits once: what is said of it later takes the place of what was said before.
ALTER TABLE series_lines ADD COLUMN point BLOB;
CREATE UNIQUE INDEX series_lines_by_point ON series_lines (point);
-- Lines that the time-series server refused for good, the newest of them.
CREATE TABLE refused_lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    line TEXT NOT NULL,
    reason TEXT NOT NULL
);
