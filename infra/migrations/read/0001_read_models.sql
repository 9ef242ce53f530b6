-- The read models: one table a row type. They hold nothing that the log does not say, and can be
-- made anew from it at any time. No foreign keys: each table is folded on its own.

CREATE TABLE contact_v1 (
    position BIGINT NOT NULL,
    participant_id UUID NOT NULL,
    stay_id UUID NOT NULL,
    held DATE NOT NULL,
    PRIMARY KEY (position)
);
CREATE INDEX contact_v1_by_participant_id ON contact_v1 (participant_id, held);

CREATE TABLE cooperation_v1 (
    cooperation TEXT NOT NULL,
    unit TEXT NOT NULL,
    department TEXT NOT NULL,
    standing TEXT NOT NULL,
    pause_reason TEXT,
    begun DATE NOT NULL,
    paused_since DATE,
    coordinator UUID NOT NULL,
    agreement TEXT,
    rhythm TEXT,
    settings TEXT NOT NULL,
    leadership TEXT,
    treatment TEXT,
    PRIMARY KEY (cooperation)
);

CREATE TABLE presence_v1 (
    position BIGINT NOT NULL,
    cooperation TEXT NOT NULL,
    unit TEXT NOT NULL,
    department TEXT NOT NULL,
    held DATE NOT NULL,
    setting TEXT NOT NULL,
    PRIMARY KEY (position)
);
CREATE INDEX presence_v1_by_cooperation ON presence_v1 (cooperation);

CREATE TABLE head_count_v1 (
    position BIGINT NOT NULL,
    cooperation TEXT NOT NULL,
    unit TEXT NOT NULL,
    department TEXT NOT NULL,
    counted DATE NOT NULL,
    whose TEXT NOT NULL,
    heads BIGINT NOT NULL,
    PRIMARY KEY (position)
);
CREATE INDEX head_count_v1_by_cooperation ON head_count_v1 (cooperation);

CREATE TABLE journey_v1 (
    stay_id UUID NOT NULL,
    participant_id UUID NOT NULL,
    department TEXT NOT NULL,
    veileder UUID,
    channels TEXT NOT NULL,
    through TEXT,
    referral_id UUID,
    situation TEXT,
    standing TEXT NOT NULL,
    opened DATE NOT NULL,
    booked DATE,
    booked_for DATE,
    conversation DATE,
    kartlegging DATE,
    begun DATE,
    passive_since DATE,
    paused_since DATE,
    ended DATE,
    end_reason TEXT,
    learned TEXT,
    end_recorded DATE,
    plan TEXT NOT NULL,
    readiness TEXT,
    phase TEXT,
    phase_unit TEXT,
    discharge DATE,
    left_treatment DATE,
    first_matched DATE,
    matches BIGINT NOT NULL,
    contacts BIGINT NOT NULL,
    last_contact DATE,
    relapses BIGINT NOT NULL,
    returns BIGINT NOT NULL,
    goals_set BIGINT NOT NULL,
    goals_reached BIGINT NOT NULL,
    goals_dropped BIGINT NOT NULL,
    PRIMARY KEY (stay_id)
);
CREATE INDEX journey_v1_by_participant_id ON journey_v1 (participant_id);

CREATE TABLE key_figures_v1 (
    unit TEXT NOT NULL,
    holds_for DATE NOT NULL,
    employees BIGINT NOT NULL,
    fte_hundredths BIGINT NOT NULL,
    tidgivere BIGINT,
    PRIMARY KEY (unit, holds_for)
);

CREATE TABLE oppdrag_v1 (
    oppdrag_id UUID NOT NULL,
    participant_id UUID NOT NULL,
    stay_id UUID NOT NULL,
    tidgiver_id UUID NOT NULL,
    kind TEXT NOT NULL,
    purpose TEXT NOT NULL,
    matched DATE NOT NULL,
    begins DATE NOT NULL,
    review DATE,
    ends DATE NOT NULL,
    started DATE,
    meetings BIGINT NOT NULL,
    cancellations BIGINT NOT NULL,
    cancelled_since_review BIGINT NOT NULL,
    last_cancelled DATE,
    followed_up DATE,
    ended DATE,
    end_reason TEXT,
    PRIMARY KEY (participant_id, oppdrag_id)
);

CREATE TABLE patient_v1 (
    stay_id UUID NOT NULL,
    unit TEXT NOT NULL,
    participant_id UUID NOT NULL,
    since DATE NOT NULL,
    treated_since DATE,
    treated_until DATE,
    PRIMARY KEY (stay_id, unit)
);
CREATE INDEX patient_v1_by_participant_id ON patient_v1 (participant_id);

CREATE TABLE referral_v1 (
    referral_id UUID NOT NULL,
    from_unit TEXT NOT NULL,
    to_unit TEXT NOT NULL,
    situation TEXT NOT NULL,
    with_consent BOOLEAN NOT NULL,
    participant_id UUID,
    proposed DATE NOT NULL,
    agreed DATE,
    joint_conversation DATE,
    accepted DATE,
    declined DATE,
    decline_reason TEXT,
    onward_to TEXT,
    welcome_back DATE,
    withdrawn DATE,
    withdrawn_by TEXT,
    admitted DATE,
    discharge DATE,
    treatment_over DATE,
    left_early BOOLEAN NOT NULL,
    PRIMARY KEY (referral_id)
);

CREATE TABLE relapse_v1 (
    relapse_id UUID NOT NULL,
    participant_id UUID NOT NULL,
    stay_id UUID NOT NULL,
    reported DATE NOT NULL,
    tried DATE,
    contacted DATE,
    returned DATE,
    PRIMARY KEY (relapse_id)
);
CREATE INDEX relapse_v1_by_participant_id ON relapse_v1 (participant_id);

CREATE TABLE safety_concern_v1 (
    concern_id UUID NOT NULL,
    participant_id UUID NOT NULL,
    stay_id UUID NOT NULL,
    oppdrag_id UUID,
    raised DATE NOT NULL,
    acknowledged DATE,
    PRIMARY KEY (participant_id, concern_id)
);

CREATE TABLE sentence_v1 (
    sentence_id UUID NOT NULL,
    participant_id UUID NOT NULL,
    stay_id UUID NOT NULL,
    form TEXT NOT NULL,
    begun DATE NOT NULL,
    completed DATE,
    continues BOOLEAN,
    PRIMARY KEY (sentence_id)
);
CREATE INDEX sentence_v1_by_participant_id ON sentence_v1 (participant_id);

CREATE TABLE tidgiver_v1 (
    tidgiver_id UUID NOT NULL,
    department TEXT NOT NULL,
    applied DATE NOT NULL,
    interviewed DATE,
    trained DATE,
    ground_rules DATE,
    approved DATE,
    left_on DATE,
    leave_reason TEXT,
    capacity BIGINT,
    interests TEXT NOT NULL,
    languages TEXT NOT NULL,
    PRIMARY KEY (tidgiver_id)
);

CREATE TABLE timeline_v1 (
    position BIGINT NOT NULL,
    participant_id UUID NOT NULL,
    stay_id UUID NOT NULL,
    event_id UUID NOT NULL,
    world_order BIGINT NOT NULL,
    occurred_at TEXT NOT NULL,
    recorded_micros BIGINT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (position)
);
CREATE INDEX timeline_v1_by_participant_id ON timeline_v1 (participant_id, world_order);

CREATE TABLE unit_v1 (
    unit TEXT NOT NULL,
    kind TEXT NOT NULL,
    offers_individual_tidgiver BOOLEAN NOT NULL,
    registered DATE NOT NULL,
    PRIMARY KEY (unit)
);

-- Up to where each read model has been folded.
CREATE TABLE checkpoint_v1 (
    read_model TEXT NOT NULL,
    position BIGINT NOT NULL,
    event_id UUID NOT NULL,
    PRIMARY KEY (read_model)
);

-- Streams that hold an event which cannot be read: their rows stand still, all others go on.
CREATE TABLE parked_v1 (
    stream TEXT NOT NULL,
    position BIGINT NOT NULL,
    event_id UUID NOT NULL,
    kind TEXT NOT NULL,
    schema_version BIGINT NOT NULL,
    PRIMARY KEY (stream)
);
