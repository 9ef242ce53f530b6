-- $1 who tries, $2 beyond which position, $3 up to which one, $4 for which time, $5 the share
INSERT INTO attempt_v1 (share, holder, beyond, up_to, attempt) VALUES ($5, $1, $2, $3, $4)
ON CONFLICT (share) DO UPDATE
SET holder = excluded.holder, beyond = excluded.beyond, up_to = excluded.up_to, attempt = excluded.attempt
