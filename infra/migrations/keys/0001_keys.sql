-- A known text sealed with the master key: it tells the right key from a wrong one.
CREATE TABLE master (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    nonce  BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

-- The keys of persons, each sealed with the master key.
CREATE TABLE person_keys (
    person BLOB PRIMARY KEY,
    nonce  BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Whose key was destroyed, and when (microseconds since 1970 in UTC). Never shortened: a vault
-- that is restored from a copy loses these persons' entries again before it serves.
CREATE TABLE erasures (
    person    BLOB PRIMARY KEY,
    erased_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
