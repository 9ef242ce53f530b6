ATTACH $1 AS keys
