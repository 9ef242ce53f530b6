CREATE TABLE raw (
    position       INTEGER PRIMARY KEY,
    stream         INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    id             BLOB NOT NULL,
    kind           TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    occurred_at    TEXT NOT NULL,
    recorded_at    INTEGER NOT NULL,
    metadata       TEXT NOT NULL,
    data           TEXT NOT NULL,
    stream_hash    BLOB NOT NULL,
    log_hash       BLOB NOT NULL
) STRICT
