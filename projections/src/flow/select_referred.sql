-- $1 first and $2 last day of the window.
-- The stay is the one that the referral opened; for a person who was in already, the one they
-- were in when they said yes.
SELECT r.from_unit, r.to_unit, r.proposed, r.agreed, r.joint_conversation, r.accepted, r.declined,
       r.withdrawn, j.kartlegging, j.begun, j.first_matched, j.ended
FROM referral_v1 r
LEFT JOIN journey_v1 j ON j.stay_id = COALESCE(
    (SELECT s.stay_id FROM journey_v1 s
     WHERE s.participant_id = r.participant_id AND s.referral_id = r.referral_id
     ORDER BY s.opened, s.stay_id LIMIT 1),
    (SELECT s.stay_id FROM journey_v1 s
     WHERE s.participant_id = r.participant_id AND (s.ended IS NULL OR s.ended >= r.agreed)
     ORDER BY s.opened, s.stay_id LIMIT 1))
WHERE r.proposed >= $1 AND r.proposed <= $2
