-- $1 first and $2 last day of the window
SELECT p.unit, p.department, COUNT(*) AS visits, MIN(p.held) AS first_held, MAX(p.held) AS last_held
FROM presence_v1 p
WHERE p.held >= $1 AND p.held <= $2
GROUP BY p.unit, p.department
