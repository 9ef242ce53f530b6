-- $1 the referral, $2 from or '', $3 to or ''
SELECT r.referral_id, r.from_unit, r.to_unit, r.situation, r.with_consent, r.participant_id,
       r.proposed, r.agreed, r.joint_conversation, r.accepted, r.declined, r.decline_reason,
       r.onward_to, r.welcome_back, r.withdrawn, r.withdrawn_by, r.admitted, r.discharge,
       r.treatment_over, r.left_early
FROM referral_v1 r
WHERE r.referral_id = $1
  AND ($2 = '' OR r.from_unit = $2)
  AND ($3 = '' OR r.to_unit = $3)
