-- $1 the person
SELECT p.stay_id, p.participant_id, p.state, p.form, p.since
FROM plan_v1 p
WHERE p.participant_id = $1
