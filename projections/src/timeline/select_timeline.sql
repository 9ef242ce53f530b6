-- $1 the person, $2 and $3 after this place in the world, $4 kinds, $5 limit,
-- $6 scope: only of stays that one of its departments holds
SELECT t.position, t.participant_id, t.stay_id, t.event_id, t.world_order, t.occurred_at,
       t.recorded_micros, t.kind, t.data
FROM timeline_v2 t
WHERE t.participant_id = $1
  AND (t.world_order > $2 OR (t.world_order = $2 AND t.event_id > $3))
  AND ($4 = '*' OR $4 LIKE '%,' || t.kind || ',%')
  AND ($6 = '*' OR EXISTS (
      SELECT 1 FROM journey_v1 j
      WHERE j.stay_id = t.stay_id AND $6 LIKE '%,' || j.department || ',%'))
ORDER BY t.world_order, t.event_id
LIMIT $5
