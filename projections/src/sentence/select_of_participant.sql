-- $1 the person, $2 scope: only of stays that one of its departments holds
SELECT s.sentence_id, s.participant_id, s.stay_id, s.form, s.begun, s.completed, s.continues
FROM sentence_v1 s
WHERE s.participant_id = $1
  AND ($2 = '*' OR EXISTS (
      SELECT 1 FROM journey_v1 j
      WHERE j.stay_id = s.stay_id AND $2 LIKE '%,' || j.department || ',%'))
ORDER BY s.begun, s.sentence_id
