-- $1 a table: what makes the views that rest on it anew
SELECT DISTINCT format('CREATE OR REPLACE VIEW %s %s AS %s', view.oid::regclass,
                       COALESCE('WITH (' || array_to_string(view.reloptions, ', ') || ')', ''),
                       pg_get_viewdef(view.oid))
FROM pg_depend d
JOIN pg_rewrite rule ON rule.oid = d.objid
JOIN pg_class view ON view.oid = rule.ev_class AND view.relkind = 'v'
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.refobjid = to_regclass($1)
