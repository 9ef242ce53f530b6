-- The names of streams, once each: an event then names its stream by a small number, and the
-- index of streams stays small enough to be in memory for a log of any length.
CREATE TABLE log_streams (
    id   bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
);

-- The log. Times of recording are microseconds since 1970 in UTC. What the hashes cover is text,
-- and never jsonb: that does not give back what it was given.
CREATE TABLE log_events (
    position       bigint PRIMARY KEY,
    stream         bigint NOT NULL,
    version        bigint NOT NULL,
    id             uuid NOT NULL,
    kind           text NOT NULL,
    schema_version integer NOT NULL,
    occurred_at    text NOT NULL,
    recorded_at    bigint NOT NULL,
    metadata       text NOT NULL,
    data           text NOT NULL,
    stream_hash    bytea NOT NULL,
    log_hash       bytea NOT NULL
);

-- Refuses what a writer with a stale view would add, and finds a stream's events in order.
CREATE UNIQUE INDEX log_events_by_stream ON log_events (stream, version);
-- Refuses an event that is told twice.
CREATE UNIQUE INDEX log_events_by_id ON log_events (id);

-- The log's tail, in one row. Each append moves it on within its own transaction, so appends
-- commit in the order of their positions, whichever node they come from. A sequence would give
-- out numbers at the insert and show them at the commit: readers of the tail would skip events.
CREATE TABLE log_tail (
    only_one    boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    position    bigint NOT NULL,
    last_stream bigint NOT NULL,
    recorded_at bigint,
    log_hash    bytea NOT NULL
);

INSERT INTO log_tail (position, last_stream, recorded_at, log_hash)
VALUES (0, 0, NULL, decode(repeat('00', 32), 'hex'));
