-- Strung together, and read as read_streams.sql reads.
SELECT history.facts, asked.nth
FROM unnest((SELECT $1::text[]), (SELECT $2::bigint[])) WITH ORDINALITY AS asked (name, after, nth)
CROSS JOIN LATERAL (
    SELECT string_agg(concat_ws(chr(31), version, schema_version, id, kind, occurred_at,
                                octet_length(data), data), chr(30)) AS facts
    FROM (
        SELECT *
        FROM log_events
        WHERE stream = (SELECT id FROM log_streams WHERE log_streams.name = asked.name)
          AND version > asked.after
        ORDER BY version
        LIMIT (SELECT 9223372036854775807)
    ) AS e
) AS history
