-- $1 unit or '', $2 scope, $3 as of, $4 first day of proposals still in quarantine,
-- $5 $6 $7 last day of a follow-up that is due again (short, long, social), $8 cancellations
SELECT w.task, w.since, w.department, w.participant_id, w.about_id, w.kind,
       CASE w.task WHEN 'be-ready-before-discharge' THEN c.discharge_consent
                   ELSE c.left_consent END AS consent
FROM (
    SELECT 'book-first-conversation' AS task, j.opened AS since, j.department, j.participant_id,
           j.stay_id AS about_id, NULL AS kind
    FROM journey_v1 j
    WHERE j.standing = 'inquiry' AND j.booked IS NULL

    UNION ALL
    SELECT 'assign-veileder', j.opened, j.department, j.participant_id, j.stay_id, NULL
    FROM journey_v1 j
    WHERE j.standing NOT IN ('ended', 'closed') AND j.veileder IS NULL

    UNION ALL
    SELECT 'be-ready-before-discharge', j.discharge, j.department, j.participant_id, j.stay_id, NULL
    FROM journey_v1 j
    WHERE j.standing NOT IN ('ended', 'closed') AND j.discharge IS NOT NULL

    UNION ALL
    SELECT 'make-contact-after-treatment-left', j.left_treatment, j.department, j.participant_id,
           j.stay_id, NULL
    FROM journey_v1 j
    WHERE j.standing NOT IN ('ended', 'closed') AND j.left_treatment IS NOT NULL
      AND (j.last_contact IS NULL OR j.last_contact < j.left_treatment)

    UNION ALL
    SELECT 'make-contact-after-relapse', COALESCE(e.tried, e.reported), j.department,
           j.participant_id, e.relapse_id, NULL
    FROM relapse_v1 e
    JOIN journey_v1 j ON j.stay_id = e.stay_id
    WHERE j.standing NOT IN ('ended', 'closed') AND e.contacted IS NULL AND e.returned IS NULL

    UNION ALL
    SELECT 'ask-for-consent', r.proposed, r.to_unit, NULL, r.referral_id, NULL
    FROM referral_v1 r
    WHERE NOT r.with_consent AND r.agreed IS NULL AND r.declined IS NULL AND r.withdrawn IS NULL
      AND r.proposed >= $4

    UNION ALL
    SELECT 'hold-joint-conversation', r.agreed, COALESCE(j.department, r.to_unit),
           r.participant_id, r.referral_id, NULL
    FROM referral_v1 r
    LEFT JOIN journey_v1 j ON j.referral_id = r.referral_id
    WHERE r.agreed IS NOT NULL AND r.situation = 'in-patient' AND r.joint_conversation IS NULL
      AND r.accepted IS NULL AND r.declined IS NULL AND r.withdrawn IS NULL
      AND (j.standing IS NULL OR j.standing NOT IN ('ended', 'closed'))

    UNION ALL
    SELECT 'answer-referral', r.agreed, COALESCE(j.department, r.to_unit), r.participant_id,
           r.referral_id, NULL
    FROM referral_v1 r
    LEFT JOIN journey_v1 j ON j.referral_id = r.referral_id
    WHERE r.agreed IS NOT NULL AND r.accepted IS NULL AND r.declined IS NULL
      AND r.withdrawn IS NULL
      AND (j.standing IS NULL OR j.standing NOT IN ('ended', 'closed'))

    UNION ALL
    SELECT 'hold-start-conversation', o.begins, j.department, j.participant_id, o.oppdrag_id, NULL
    FROM oppdrag_v1 o
    JOIN journey_v1 j ON j.stay_id = o.stay_id
    WHERE j.standing NOT IN ('ended', 'closed') AND o.ended IS NULL AND o.started IS NULL

    UNION ALL
    SELECT 'review-oppdrag', o.review, j.department, j.participant_id, o.oppdrag_id, NULL
    FROM oppdrag_v1 o
    JOIN journey_v1 j ON j.stay_id = o.stay_id
    WHERE j.standing NOT IN ('ended', 'closed') AND o.ended IS NULL AND o.review <= $3

    UNION ALL
    SELECT 'end-or-extend-oppdrag', o.ends, j.department, j.participant_id, o.oppdrag_id, NULL
    FROM oppdrag_v1 o
    JOIN journey_v1 j ON j.stay_id = o.stay_id
    WHERE j.standing NOT IN ('ended', 'closed') AND o.ended IS NULL AND o.ends < $3

    UNION ALL
    SELECT 'end-oppdrag-left-open', j.ended, j.department, j.participant_id, o.oppdrag_id, NULL
    FROM oppdrag_v1 o
    JOIN journey_v1 j ON j.stay_id = o.stay_id
    WHERE j.standing IN ('ended', 'closed') AND o.ended IS NULL

    UNION ALL
    SELECT 'follow-up-oppdrag', COALESCE(o.followed_up, o.begins), j.department,
           j.participant_id, o.oppdrag_id, o.kind
    FROM oppdrag_v1 o
    JOIN journey_v1 j ON j.stay_id = o.stay_id
    WHERE j.standing NOT IN ('ended', 'closed') AND o.ended IS NULL AND o.started IS NOT NULL
      AND ((o.kind = 'short-practical' AND COALESCE(o.followed_up, o.begins) <= $5)
           OR (o.kind = 'long-practical' AND COALESCE(o.followed_up, o.begins) <= $6)
           OR (o.kind = 'social' AND COALESCE(o.followed_up, o.begins) <= $7))

    UNION ALL
    SELECT 'acknowledge-safety-concern', s.raised, j.department, j.participant_id, s.concern_id, NULL
    FROM safety_concern_v1 s
    JOIN journey_v1 j ON j.stay_id = s.stay_id
    WHERE s.acknowledged IS NULL

    UNION ALL
    SELECT 'talk-over-cancellations', o.last_cancelled, j.department, j.participant_id,
           o.oppdrag_id, NULL
    FROM oppdrag_v1 o
    JOIN journey_v1 j ON j.stay_id = o.stay_id
    WHERE j.standing NOT IN ('ended', 'closed') AND o.ended IS NULL
      AND o.cancelled_since_review >= $8

    UNION ALL
    SELECT 'talk-over-capacity',
           CASE WHEN t.capacity_on > o.matched THEN t.capacity_on ELSE o.matched END, t.department,
           NULL, t.tidgiver_id, NULL
    FROM tidgiver_v1 t
    JOIN (
        SELECT m.tidgiver_id, m.matched,
               ROW_NUMBER() OVER (PARTITION BY m.tidgiver_id ORDER BY m.matched) AS nth
        FROM oppdrag_v1 m
        WHERE m.ended IS NULL
    ) o ON o.tidgiver_id = t.tidgiver_id AND o.nth = t.capacity + 1
    WHERE t.left_on IS NULL
) w
LEFT JOIN journey_v1 c ON c.stay_id = w.about_id
  AND w.task IN ('be-ready-before-discharge', 'make-contact-after-treatment-left')
WHERE ($1 = '' OR w.department = $1)
  AND ($2 = '*' OR $2 LIKE '%,' || w.department || ',%')
