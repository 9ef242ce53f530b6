-- $1 unit or '', $2 scope, $3 after this person, $4 limit, $5 first day of the active,
-- $6 '' for stays that are over too
SELECT j.participant_id, j.stay_id, j.department, j.standing, j.veileder, j.plan,
       j.opened, j.begun, j.ended, j.last_contact, j.readiness,
       (j.standing = 'participant' AND j.passive_since IS NULL
        AND COALESCE(j.last_contact >= $5, FALSE)) AS active
FROM journey_v1 j
WHERE j.participant_id > $3
  AND ($1 = '' OR j.department = $1)
  AND ($2 = '*' OR $2 LIKE '%,' || j.department || ',%')
  AND ($6 = '' OR j.standing NOT IN ('ended', 'closed'))
  AND NOT EXISTS (
      SELECT 1 FROM journey_v1 later
      WHERE later.participant_id = j.participant_id
        AND ($1 = '' OR later.department = $1)
        AND ($2 = '*' OR $2 LIKE '%,' || later.department || ',%')
        AND (later.opened > j.opened OR (later.opened = j.opened AND later.stay_id > j.stay_id)))
ORDER BY j.participant_id
LIMIT $4
