-- $1 unit or '', $2 introduced by or '', $3 scope
SELECT e.reported, e.contacted, e.returned
FROM relapse_v1 e
JOIN journey_v1 j ON j.stay_id = e.stay_id
WHERE ($1 = '' OR j.department = $1)
  AND ($2 = '' OR j.through = $2
       OR EXISTS (SELECT 1 FROM referral_v1 r
                  WHERE r.referral_id = j.referral_id AND r.from_unit = $2))
  AND ($3 = '*' OR $3 LIKE '%,' || j.department || ',%')
