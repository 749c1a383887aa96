-- For which devices the sender of a kept message may speak: JSON, absent for any.
ALTER TABLE quarantine ADD COLUMN speaker TEXT;
