-- $1 unit or '', $2 as of
SELECT u.unit, k.employees, k.fte_hundredths, k.holds_for,
       v.tidgivere AS reported_tidgivere, v.holds_for AS tidgivere_hold_for,
       (SELECT COUNT(*) FROM tidgiver_v1 t WHERE t.department = u.unit) AS tidgiver_records,
       (SELECT COUNT(*) FROM tidgiver_v1 t
        WHERE t.department = u.unit AND t.approved IS NOT NULL AND t.left_on IS NULL) AS tidgivere,
       (SELECT COUNT(*) FROM journey_v1 j
        WHERE j.department = u.unit AND j.standing NOT IN ('ended', 'closed')) AS participants
FROM unit_v1 u
LEFT JOIN key_figures_v1 k
       ON k.unit = u.unit
      AND k.holds_for = (SELECT MAX(r.holds_for) FROM key_figures_v1 r
                         WHERE r.unit = u.unit AND r.holds_for <= $2)
LEFT JOIN key_figures_v1 v
       ON v.unit = u.unit
      AND v.holds_for = (SELECT MAX(r.holds_for) FROM key_figures_v1 r
                         WHERE r.unit = u.unit AND r.holds_for <= $2
                           AND r.tidgivere IS NOT NULL)
WHERE ($1 = '' OR u.unit = $1)
  AND (u.kind = 'department' OR k.unit IS NOT NULL)
