-- $1 first and $2 last day of the window
SELECT known.from_unit, known.to_unit, COUNT(DISTINCT known.participant_id) AS persons
FROM (
    SELECT r.from_unit, j.department AS to_unit, j.participant_id
    FROM referral_v1 r
    JOIN journey_v1 j ON j.participant_id = r.participant_id AND j.department = r.to_unit
    WHERE r.accepted IS NOT NULL AND r.accepted <= $2
    UNION
    SELECT p.unit AS from_unit, j.department AS to_unit, j.participant_id
    FROM patient_v1 p
    JOIN journey_v1 j ON j.participant_id = p.participant_id
    WHERE p.since <= $2
) known
WHERE EXISTS (
    SELECT 1 FROM contact_v1 c
    WHERE c.participant_id = known.participant_id AND c.held >= $1 AND c.held <= $2)
GROUP BY known.from_unit, known.to_unit
