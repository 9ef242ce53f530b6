-- The tables of each read model, by numbers that are never given again. The one in use bears the read
-- model's name, any other NAME_gNUMBER. Where nothing is told of a read model, the table in use is
-- number 0, as the migrations made it. An index may so bear a number, too: another shape of table is
-- another read model, not a migration.
CREATE TABLE generation_v1 (
    read_model TEXT NOT NULL,
    generation BIGINT NOT NULL,
    -- making, live, kept
    state TEXT NOT NULL,
    -- Of one that is kept: by which switch it was put aside, and up to where it was folded then.
    put_aside BIGINT NOT NULL,
    position BIGINT NOT NULL,
    event_id UUID NOT NULL,
    PRIMARY KEY (read_model, generation)
);

-- Which switch put the table in use in its place: who was folding the one before finds out when it next
-- moves the checkpoint.
ALTER TABLE checkpoint_v1 ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
