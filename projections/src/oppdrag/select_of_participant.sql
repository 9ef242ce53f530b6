-- $1 the person, $2 scope: only of stays that one of its departments holds
SELECT o.oppdrag_id, o.participant_id, o.stay_id, o.tidgiver_id, o.kind, o.purpose, o.matched,
       o.begins, o.review, o.ends, o.started, o.meetings, o.cancellations,
       o.cancelled_since_review, o.last_cancelled, o.followed_up, o.ended, o.end_reason
FROM oppdrag_v1 o
WHERE o.participant_id = $1
  AND ($2 = '*' OR EXISTS (
      SELECT 1 FROM journey_v1 j
      WHERE j.stay_id = o.stay_id AND $2 LIKE '%,' || j.department || ',%'))
ORDER BY o.begins, o.oppdrag_id
