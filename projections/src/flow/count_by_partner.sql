-- $1 first and $2 last day of the window
SELECT r.from_unit, r.to_unit, COUNT(DISTINCT r.participant_id) AS persons
FROM referral_v1 r
WHERE r.accepted IS NOT NULL AND r.accepted <= $2
  AND EXISTS (
      SELECT 1 FROM patient_v1 p
      WHERE p.participant_id = r.participant_id AND p.unit = r.from_unit
        AND p.treated_since <= $2
        AND (p.treated_until IS NULL OR p.treated_until >= $1))
  AND (EXISTS (
           SELECT 1 FROM contact_v1 c
           WHERE c.participant_id = r.participant_id AND c.held >= $1 AND c.held <= $2)
       OR EXISTS (
           SELECT 1 FROM journey_v1 j
           WHERE j.participant_id = r.participant_id
             AND j.begun <= $2 AND (j.ended IS NULL OR j.ended >= $1)))
GROUP BY r.from_unit, r.to_unit
