-- $1 the person
SELECT c.concern_id, c.participant_id, c.stay_id, c.oppdrag_id, c.raised, c.acknowledged
FROM safety_concern_v1 c
WHERE c.participant_id = $1
ORDER BY c.raised, c.concern_id
