-- $1 the person
SELECT s.sentence_id, s.participant_id, s.stay_id, s.form, s.begun, s.completed, s.continues
FROM sentence_v1 s
WHERE s.participant_id = $1
ORDER BY s.begun, s.sentence_id
