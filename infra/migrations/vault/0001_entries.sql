-- Words about people, each sealed with its person's key.
CREATE TABLE entries (
    id     BLOB PRIMARY KEY,
    person BLOB NOT NULL,
    field  TEXT NOT NULL,
    nonce  BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX entries_by_person ON entries (person);
