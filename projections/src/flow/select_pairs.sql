-- $1 from or '', $2 to or '', $3 scope
SELECT pair.from_unit, pair.to_unit
FROM (
    SELECT r.from_unit, r.to_unit FROM referral_v1 r
    UNION
    SELECT c.unit AS from_unit, c.department AS to_unit FROM cooperation_v1 c
    UNION
    SELECT p.unit AS from_unit, j.department AS to_unit
    FROM patient_v1 p JOIN journey_v1 j ON j.stay_id = p.stay_id
) pair
WHERE ($1 = '' OR pair.from_unit = $1)
  AND ($2 = '' OR pair.to_unit = $2)
  AND ($3 = '*' OR $3 LIKE '%,' || pair.to_unit || ',%')
