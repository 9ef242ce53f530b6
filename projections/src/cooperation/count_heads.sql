-- $1 first and $2 last day of the window. Of patients: staff who were told are on no way.
SELECT h.unit, h.department, h.counted, h.whose, CAST(SUM(h.heads) AS BIGINT) AS number
FROM head_count_v1 h
WHERE h.counted >= $1 AND h.counted <= $2 AND h.whose <> 'staff-informed'
GROUP BY h.unit, h.department, h.counted, h.whose
