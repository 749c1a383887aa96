-- Whether the broker had kept the message from before our subscription: then nobody knows how old it is.
ALTER TABLE quarantine ADD COLUMN retained INTEGER NOT NULL DEFAULT 0;
