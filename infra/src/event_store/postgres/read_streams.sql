-- From a subselect the planner guesses no length of the arrays: so a plan for these arrays is no
-- better than the one for any, and the server keeps that one instead of planning anew each time.
-- Of a limit that it cannot see it believes that little will be taken: so it goes along the index,
-- which has the order, and gathers and sorts nothing.
SELECT e.position, e.version, e.id, e.kind, e.schema_version, e.occurred_at, e.recorded_at,
       e.metadata, e.data, e.stream_hash, asked.nth
FROM unnest((SELECT $1::text[]), (SELECT $2::bigint[])) WITH ORDINALITY AS asked (name, after, nth)
CROSS JOIN LATERAL (
    SELECT *
    FROM log_events
    WHERE stream = (SELECT id FROM log_streams WHERE log_streams.name = asked.name)
      AND version > asked.after
    ORDER BY version
    LIMIT (SELECT 9223372036854775807)
) e
