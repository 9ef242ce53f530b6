CREATE TABLE plan_v1 (
    stay_id UUID NOT NULL,
    participant_id UUID NOT NULL,
    state TEXT NOT NULL,
    form TEXT,
    since DATE NOT NULL,
    PRIMARY KEY (stay_id)
);
CREATE INDEX plan_v1_by_participant_id ON plan_v1 (participant_id);

CREATE TABLE goal_v1 (
    goal_id UUID NOT NULL,
    participant_id UUID NOT NULL,
    stay_id UUID NOT NULL,
    wording UUID NOT NULL,
    agreed BOOLEAN NOT NULL,
    set_on DATE NOT NULL,
    progress TEXT,
    progress_on DATE,
    reached_on DATE,
    dropped_on DATE,
    PRIMARY KEY (stay_id, goal_id)
);
CREATE INDEX goal_v1_by_participant_id ON goal_v1 (participant_id);
