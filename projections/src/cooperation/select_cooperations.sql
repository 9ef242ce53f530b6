-- $1 unit or '', $2 department or '', $3 scope
SELECT c.cooperation, c.unit, c.department, c.standing, c.pause_reason, c.begun, c.paused_since,
       c.coordinator, c.agreement, c.rhythm, c.settings, c.leadership, c.treatment
FROM cooperation_v1 c
WHERE ($1 = '' OR c.unit = $1)
  AND ($2 = '' OR c.department = $2)
  AND ($3 = '*' OR $3 LIKE '%,' || c.department || ',%')
