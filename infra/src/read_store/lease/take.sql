-- $1 the share, $2 who takes it, $3 its fence, $4 until when, $5 by when a lease must end to be taken
INSERT INTO lease_v1 (share, holder, fence, expires) VALUES ($1, $2, $3, $4)
ON CONFLICT (share) DO UPDATE
SET holder = excluded.holder, fence = excluded.fence, expires = excluded.expires
WHERE lease_v1.expires <= $5
