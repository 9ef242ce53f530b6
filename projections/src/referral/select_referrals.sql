-- $1 from or '', $2 to or '', $3 and $4 after this day and referral, $5 limit
SELECT r.referral_id, r.from_unit, r.to_unit, r.situation, r.with_consent, r.participant_id,
       r.proposed, r.agreed, r.joint_conversation, r.accepted, r.declined, r.decline_reason,
       r.onward_to, r.welcome_back, r.withdrawn, r.withdrawn_by, r.admitted, r.discharge,
       r.treatment_over, r.left_early
FROM referral_v1 r
WHERE ($1 = '' OR r.from_unit = $1)
  AND ($2 = '' OR r.to_unit = $2)
  AND (r.proposed < $3 OR (r.proposed = $3 AND r.referral_id > $4))
ORDER BY r.proposed DESC, r.referral_id
LIMIT $5
