-- $1 the person
SELECT r.relapse_id, r.participant_id, r.stay_id, r.reported, r.tried, r.contacted, r.returned
FROM relapse_v1 r
WHERE r.participant_id = $1
ORDER BY r.reported, r.relapse_id
