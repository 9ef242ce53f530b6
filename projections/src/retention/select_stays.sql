-- $1 unit or '', $2 introduced by or '', $3 scope
SELECT j.begun, j.ended, j.last_contact, j.end_recorded
FROM journey_v1 j
WHERE j.begun IS NOT NULL
  AND ($1 = '' OR j.department = $1)
  AND ($2 = '' OR j.through = $2
       OR EXISTS (SELECT 1 FROM referral_v1 r
                  WHERE r.referral_id = j.referral_id AND r.from_unit = $2))
  AND ($3 = '*' OR $3 LIKE '%,' || j.department || ',%')
