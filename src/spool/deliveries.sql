-- Keys of the newest deliveries of the broker, which may come again until it has our acknowledgements: 16 bytes each,
-- of which the first two are the packet id, one row a commit group. Until here they stood among the ids in keys.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    body BLOB NOT NULL
);
