-- For which devices a token may send readings: JSON lists, empty for all that its user sees.
ALTER TABLE tokens ADD COLUMN sensors TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tokens ADD COLUMN places TEXT NOT NULL DEFAULT '[]';
