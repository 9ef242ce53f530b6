-- The names of streams, once each: an event then names its stream by a small number, and the
-- index of streams stays small enough to be in memory for a log of any length.
CREATE TABLE streams (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The log. Times of recording are microseconds since 1970 in UTC.
CREATE TABLE events (
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
) STRICT;

-- Refuses what a writer with a stale view would add, and finds a stream's events in order.
CREATE UNIQUE INDEX events_by_stream ON events (stream, version);
-- Refuses an event that is told twice.
CREATE UNIQUE INDEX events_by_id ON events (id);
