-- $1 unit or '', $2 scope, $3 after this tidgiver, $4 limit
SELECT t.tidgiver_id, t.department, t.applied, t.interviewed, t.trained, t.ground_rules,
       t.approved, t.left_on, t.leave_reason, t.capacity, t.capacity_on, t.interests, t.languages
FROM tidgiver_v1 t
WHERE t.tidgiver_id > $3
  AND ($1 = '' OR t.department = $1)
  AND ($2 = '*' OR $2 LIKE '%,' || t.department || ',%')
ORDER BY t.tidgiver_id
LIMIT $4
