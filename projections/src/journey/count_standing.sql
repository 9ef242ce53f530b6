-- $1 unit or '', $2 scope, $3 first day of the active
SELECT
    COUNT(*) FILTER (WHERE j.standing NOT IN ('ended', 'closed')) AS registered,
    COUNT(*) FILTER (WHERE j.standing = 'participant' AND j.passive_since IS NULL
                       AND j.last_contact >= $3) AS active,
    COUNT(*) FILTER (WHERE j.standing IN ('inquiry', 'conversation', 'mapped')) AS incoming,
    COUNT(*) FILTER (WHERE j.standing = 'paused') AS paused,
    COUNT(*) FILTER (WHERE j.standing = 'ended') AS ended,
    COUNT(*) FILTER (WHERE j.standing = 'closed') AS closed
FROM journey_v1 j
WHERE ($1 = '' OR j.department = $1)
  AND ($2 = '*' OR $2 LIKE '%,' || j.department || ',%')
