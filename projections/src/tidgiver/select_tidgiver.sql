-- $1 the tidgiver, $2 scope
SELECT t.tidgiver_id, t.department, t.applied, t.interviewed, t.trained, t.ground_rules,
       t.approved, t.left_on, t.leave_reason, t.capacity, t.capacity_on, t.interests, t.languages
FROM tidgiver_v1 t
WHERE t.tidgiver_id = $1
  AND ($2 = '*' OR $2 LIKE '%,' || t.department || ',%')
