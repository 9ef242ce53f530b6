-- What is known of a stream that stands still: what went wrong, how often its event was tried, when
-- first and when last (microseconds since 1970 by the database's own clock), and whether somebody
-- asked for another try.
ALTER TABLE parked_v1 ADD COLUMN cause TEXT NOT NULL DEFAULT 'unreadable';
ALTER TABLE parked_v1 ADD COLUMN attempts BIGINT NOT NULL DEFAULT 1;
ALTER TABLE parked_v1 ADD COLUMN first_tried BIGINT NOT NULL DEFAULT 0;
ALTER TABLE parked_v1 ADD COLUMN last_tried BIGINT NOT NULL DEFAULT 0;
ALTER TABLE parked_v1 ADD COLUMN wanted BOOLEAN NOT NULL DEFAULT FALSE;

-- Which part of the log is being tried, written before it is: who dies at it leaves this behind.
-- From `beyond` (exclusive) to `up_to` (inclusive, 0 being whatever comes), for the nth time.
CREATE TABLE attempt_v1 (
    share TEXT NOT NULL,
    holder UUID NOT NULL,
    beyond BIGINT NOT NULL,
    up_to BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    PRIMARY KEY (share)
);
