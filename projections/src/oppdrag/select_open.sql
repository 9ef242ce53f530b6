-- $1 and $2 the first and the last tidgiver
SELECT o.oppdrag_id, o.tidgiver_id, o.participant_id, j.department, o.kind, o.purpose, o.begins,
       o.review, o.ends, o.started, o.meetings, o.cancellations
FROM oppdrag_v1 o
LEFT JOIN journey_v1 j ON j.stay_id = o.stay_id
WHERE o.tidgiver_id >= $1 AND o.tidgiver_id <= $2
  AND o.ended IS NULL
ORDER BY o.begins, o.oppdrag_id
