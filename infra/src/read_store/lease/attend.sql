INSERT INTO node_v1 (node, expires) VALUES ($1, $2)
ON CONFLICT (node) DO UPDATE SET expires = excluded.expires
