-- $1 the person, $2 scope: only of stays that one of its departments holds
SELECT r.relapse_id, r.participant_id, r.stay_id, r.reported, r.tried, r.contacted, r.returned
FROM relapse_v1 r
WHERE r.participant_id = $1
  AND ($2 = '*' OR EXISTS (
      SELECT 1 FROM journey_v1 j
      WHERE j.stay_id = r.stay_id AND $2 LIKE '%,' || j.department || ',%'))
ORDER BY r.reported, r.relapse_id
