-- $1 a table, $2 another: what gives the rights on the one for the other too
SELECT format('GRANT %s ON %s TO %s%s', given.privilege_type, $2::text,
              COALESCE(quote_ident(role.rolname), 'PUBLIC'),
              CASE WHEN given.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_class t
CROSS JOIN LATERAL aclexplode(t.relacl) given
LEFT JOIN pg_roles role ON role.oid = given.grantee
WHERE t.oid = to_regclass($1) AND given.grantee <> t.relowner
