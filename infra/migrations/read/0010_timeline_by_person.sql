-- A fact of a timeline is named by whose it is and where it stands among their facts, which is how it
-- is asked for: one index, where there were two. The table is filled anew from the log; timeline_v1
-- stays for programs of before, until `stegspor rebuild --drop-old`.
CREATE TABLE timeline_v2 (
    position BIGINT NOT NULL,
    participant_id UUID NOT NULL,
    stay_id UUID NOT NULL,
    event_id UUID NOT NULL,
    world_order BIGINT NOT NULL,
    occurred_at TEXT NOT NULL,
    recorded_micros BIGINT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE UNIQUE INDEX timeline_v2_name ON timeline_v2 (participant_id, world_order, position);
