-- Which node keeps which read models up: those of one category of streams are one share. Times
-- are microseconds since 1970 by the database's own clock.
CREATE TABLE lease_v1 (
    share TEXT NOT NULL,
    holder UUID NOT NULL,
    fence BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (share)
);

-- The nodes that are there to keep read models up.
CREATE TABLE node_v1 (
    node UUID NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (node)
);

-- Each taking of a lease gets a higher number than all before it.
CREATE TABLE fence_v1 (
    last BIGINT NOT NULL,
    PRIMARY KEY (last)
);
INSERT INTO fence_v1 (last) VALUES (0);
