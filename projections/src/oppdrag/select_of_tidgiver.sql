-- $1 the tidgiver
SELECT o.oppdrag_id, o.participant_id, o.stay_id, o.tidgiver_id, o.kind, o.purpose, o.matched,
       o.begins, o.review, o.ends, o.started, o.meetings, o.cancellations,
       o.cancelled_since_review, o.last_cancelled, o.followed_up, o.ended, o.end_reason
FROM oppdrag_v1 o
WHERE o.tidgiver_id = $1
ORDER BY o.begins, o.oppdrag_id
