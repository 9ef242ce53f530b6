-- $1 the person, $2 scope: only stays that one of its departments holds
SELECT j.stay_id, j.participant_id, j.department, j.veileder, j.channels, j.through, j.referral_id,
       j.situation, j.standing, j.opened, j.booked, j.booked_for, j.conversation, j.kartlegging,
       j.begun, j.passive_since, j.paused_since, j.ended, j.end_reason, j.learned, j.end_recorded,
       j.plan, j.readiness, j.phase, j.phase_unit, j.phase_consent, j.discharge,
       j.discharge_consent, j.left_treatment, j.left_consent, j.first_matched, j.matches,
       j.contacts, j.last_contact, j.relapses, j.returns, j.goals_set, j.goals_reached,
       j.goals_dropped
FROM journey_v1 j
WHERE j.participant_id = $1
  AND ($2 = '*' OR $2 LIKE '%,' || j.department || ',%')
ORDER BY j.opened, j.stay_id
