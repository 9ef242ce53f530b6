-- $1 the person, $2 scope: only of stays that one of its departments holds
SELECT c.concern_id, c.participant_id, c.stay_id, c.oppdrag_id, c.raised, c.acknowledged
FROM safety_concern_v1 c
WHERE c.participant_id = $1
  AND ($2 = '*' OR EXISTS (
      SELECT 1 FROM journey_v1 j
      WHERE j.stay_id = c.stay_id AND $2 LIKE '%,' || j.department || ',%'))
ORDER BY c.raised, c.concern_id
