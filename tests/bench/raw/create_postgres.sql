CREATE TABLE raw (
    position       bigint PRIMARY KEY,
    stream         bigint NOT NULL,
    version        bigint NOT NULL,
    id             uuid NOT NULL,
    kind           text NOT NULL,
    schema_version bigint NOT NULL,
    occurred_at    text NOT NULL,
    recorded_at    bigint NOT NULL,
    metadata       text NOT NULL,
    data           text NOT NULL,
    stream_hash    bytea NOT NULL,
    log_hash       bytea NOT NULL
)
