-- $1 the tidgiver
SELECT o.participant_id, o.oppdrag_id, o.kind, o.purpose, o.begins, o.review, o.ends, o.started,
       o.meetings, o.cancellations, o.ended,
       CASE WHEN o.ended IS NULL AND j.standing IN ('ended', 'closed') THEN j.ended END AS left_open
FROM oppdrag_v1 o
LEFT JOIN journey_v1 j ON j.stay_id = o.stay_id
WHERE o.tidgiver_id = $1
ORDER BY o.begins, o.oppdrag_id
