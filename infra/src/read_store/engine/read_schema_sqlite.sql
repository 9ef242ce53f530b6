-- $1 the table: how it was made, then how its indexes were; those of its keys come with it
SELECT type, sql FROM sqlite_master
WHERE tbl_name = $1 AND type IN ('table', 'index') AND sql IS NOT NULL
ORDER BY type DESC, name
