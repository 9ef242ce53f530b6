-- $1 unit or '', $2 scope, $3 first and $4 last day of the window
SELECT COUNT(DISTINCT s.participant_id) AS served,
       COUNT(DISTINCT s.participant_id) FILTER (WHERE s.continues AND s.completed <= $4) AS continued
FROM sentence_v1 s
JOIN journey_v1 j ON j.stay_id = s.stay_id
WHERE ($1 = '' OR j.department = $1)
  AND ($2 = '*' OR $2 LIKE '%,' || j.department || ',%')
  AND s.begun <= $4
  AND (s.completed IS NULL OR s.completed >= $3)
