-- What analysts who come with SQL read: views over the read models in use, with dates, truth values,
-- codes as text and lists as arrays. Persons appear by pseudonym, and nothing leads to the vault. What
-- each view and column means stands in its comment (in psql: \d+ analytics.journeys).
CREATE SCHEMA IF NOT EXISTS analytics;
COMMENT ON SCHEMA analytics IS
    'Views over the read models for analysts. They show exact figures: small counts are not hidden here.';

CREATE VIEW analytics.shown AS
SELECT MIN(c.position) AS position,
       COALESCE(NULLIF(current_setting('stegspor.observed_until', true), '')::date,
                (now() AT TIME ZONE 'Europe/Oslo')::date) AS observed_until
FROM checkpoint_v1 c;
COMMENT ON VIEW analytics.shown IS 'What the views show: one row, told together with every figure that leaves.';
COMMENT ON COLUMN analytics.shown.position IS 'Up to this place in the log every read model is folded: its event is the last one counted.';
COMMENT ON COLUMN analytics.shown.observed_until IS 'The day up to which stays are observed: today in Europe/Oslo, or the day of SET stegspor.observed_until = 2021-06-30. It moves the day of censoring and nothing else: the rows are those known now. For the past as it was known, ask the service with as_of and known_at.';

CREATE VIEW analytics.units AS
SELECT u.unit, u.kind, u.offers_individual_tidgiver, u.registered
FROM unit_v1 u;
COMMENT ON VIEW analytics.units IS 'The organisations that take part.';
COMMENT ON COLUMN analytics.units.unit IS 'The units id.';
COMMENT ON COLUMN analytics.units.kind IS 'What kind of organisation it is, as a code.';
COMMENT ON COLUMN analytics.units.offers_individual_tidgiver IS 'Whether it offers each participant a tidgiver of their own by default (rule D38).';
COMMENT ON COLUMN analytics.units.registered IS 'Day on which it was first registered.';

CREATE VIEW analytics.journeys AS
SELECT j.stay_id, j.participant_id, j.department, j.veileder IS NOT NULL AS has_veileder,
       COALESCE(string_to_array(NULLIF(j.channels, ''), ','), '{}') AS channels,
       j.through, j.referral_id, r.from_unit AS referred_by, j.situation, j.standing,
       j.standing NOT IN ('ended', 'closed') AS is_registered,
       j.standing IN ('inquiry', 'conversation', 'mapped') AS is_incoming,
       j.standing = 'participant' AND j.passive_since IS NULL
           AND COALESCE(j.last_contact >= s.observed_until - 90, false) AS is_active,
       j.opened, j.booked, j.booked_for, j.conversation, j.kartlegging, j.begun, j.passive_since,
       j.paused_since, j.ended, j.end_reason, j.learned AS end_learned, j.end_recorded, j.plan,
       j.readiness, j.phase AS treatment_phase, j.phase_unit AS treatment_unit, j.discharge,
       j.left_treatment, j.first_matched, j.matches, j.contacts, j.last_contact, j.relapses,
       j.returns, j.goals_set, j.goals_reached, j.goals_dropped
FROM journey_v1 j
CROSS JOIN analytics.shown s
LEFT JOIN referral_v1 r ON r.referral_id = j.referral_id;
COMMENT ON VIEW analytics.journeys IS 'One row a stay: a period of participation of one person at a department, with how far it has come. A return after an end is a stay of its own.';
COMMENT ON COLUMN analytics.journeys.stay_id IS 'The stay.';
COMMENT ON COLUMN analytics.journeys.participant_id IS 'The person, by pseudonym: the same in all of that persons stays.';
COMMENT ON COLUMN analytics.journeys.department IS 'The department that the stay is at now, or was at when it ended.';
COMMENT ON COLUMN analytics.journeys.has_veileder IS 'Whether somebody is the persons veileder now.';
COMMENT ON COLUMN analytics.journeys.channels IS 'How the person came into contact, as codes; several may hold (rule D3).';
COMMENT ON COLUMN analytics.journeys.through IS 'The unit through which the first contact came; NULL if through none.';
COMMENT ON COLUMN analytics.journeys.referral_id IS 'The referral that opened the stay; NULL if none did.';
COMMENT ON COLUMN analytics.journeys.referred_by IS 'The unit whose referral that was.';
COMMENT ON COLUMN analytics.journeys.situation IS 'Where the person stood in life at the first contact, as a code; NULL if not told.';
COMMENT ON COLUMN analytics.journeys.standing IS 'How far the stay has come (rule D11): inquiry, conversation, mapped, participant, paused, ended; closed is an inquiry that came to nothing.';
COMMENT ON COLUMN analytics.journeys.is_registered IS 'registered: an inquiry is open or participation begun, and neither is closed or ended.';
COMMENT ON COLUMN analytics.journeys.is_incoming IS 'incoming: an inquiry, not yet a participant.';
COMMENT ON COLUMN analytics.journeys.is_active IS 'active: a participant who is not passive by agreement and had a contact within 90 days before the day of analytics.shown. The service counts with the number of days in its settings, 90 unless told. Registered and neither active nor incoming nor paused is passive.';
COMMENT ON COLUMN analytics.journeys.opened IS 'Day of the first contact.';
COMMENT ON COLUMN analytics.journeys.booked IS 'Day on which the first conversation was booked.';
COMMENT ON COLUMN analytics.journeys.booked_for IS 'Day for which it was booked.';
COMMENT ON COLUMN analytics.journeys.conversation IS 'Day of the first conversation.';
COMMENT ON COLUMN analytics.journeys.kartlegging IS 'Day of the first kartlegging.';
COMMENT ON COLUMN analytics.journeys.begun IS 'Day on which participation began.';
COMMENT ON COLUMN analytics.journeys.passive_since IS 'Since when passive by agreement (rule D13).';
COMMENT ON COLUMN analytics.journeys.paused_since IS 'Since when paused after a relapse (rule D12).';
COMMENT ON COLUMN analytics.journeys.ended IS 'Day on which participation ended, or the inquiry was closed.';
COMMENT ON COLUMN analytics.journeys.end_reason IS 'Why, as a code.';
COMMENT ON COLUMN analytics.journeys.end_learned IS 'How the end was learned, as a code.';
COMMENT ON COLUMN analytics.journeys.end_recorded IS 'Day on which the end was recorded: later than ended where it was learned late.';
COMMENT ON COLUMN analytics.journeys.plan IS 'Whether there is a plan: not-yet, made, declined (none by choice, rule D19).';
COMMENT ON COLUMN analytics.journeys.readiness IS 'What the person last said of having a tidgiver, as a code.';
COMMENT ON COLUMN analytics.journeys.treatment_phase IS 'The last phase of treatment told with consent, as a code.';
COMMENT ON COLUMN analytics.journeys.treatment_unit IS 'Where.';
COMMENT ON COLUMN analytics.journeys.discharge IS 'The told day of a discharge that is still to come about.';
COMMENT ON COLUMN analytics.journeys.left_treatment IS 'Day on which a treatment was left before its end.';
COMMENT ON COLUMN analytics.journeys.first_matched IS 'Day of the first match with a tidgiver.';
COMMENT ON COLUMN analytics.journeys.matches IS 'Matches with a tidgiver.';
COMMENT ON COLUMN analytics.journeys.contacts IS 'Contacts, and meetings in oppdrag.';
COMMENT ON COLUMN analytics.journeys.last_contact IS 'Day of the last of them.';
COMMENT ON COLUMN analytics.journeys.relapses IS 'Relapses reported.';
COMMENT ON COLUMN analytics.journeys.returns IS 'Returns after a relapse.';
COMMENT ON COLUMN analytics.journeys.goals_set IS 'Goals set.';
COMMENT ON COLUMN analytics.journeys.goals_reached IS 'Goals reached.';
COMMENT ON COLUMN analytics.journeys.goals_dropped IS 'Goals let go.';

CREATE VIEW analytics.stay_durations AS
SELECT j.stay_id, j.participant_id, j.department, j.through, j.referred_by,
       date_trunc('quarter', j.begun)::date AS cohort, j.begun, s.observed_until,
       GREATEST(LEAST(j.ended, s.observed_until) - j.begun, 0) AS duration_days,
       COALESCE(j.ended <= s.observed_until, false) AS has_ended,
       GREATEST(LEAST(e.at_last_contact, s.observed_until) - j.begun, 0) AS duration_days_at_last_contact,
       COALESCE(e.at_last_contact <= s.observed_until, false) AS has_ended_at_last_contact,
       GREATEST(LEAST(e.when_learned, s.observed_until) - j.begun, 0) AS duration_days_when_learned,
       COALESCE(e.when_learned <= s.observed_until, false) AS has_ended_when_learned,
       j.end_reason, j.end_learned
FROM analytics.journeys j
CROSS JOIN analytics.shown s
CROSS JOIN LATERAL (
    SELECT CASE WHEN j.end_recorded > j.ended
                THEN LEAST(GREATEST(COALESCE(j.last_contact, j.begun), j.begun),
                           GREATEST(j.ended, j.begun))
                ELSE j.ended END AS at_last_contact,
           CASE WHEN j.ended IS NOT NULL THEN GREATEST(j.ended, j.end_recorded) END AS when_learned
) e
WHERE j.begun IS NOT NULL;
COMMENT ON VIEW analytics.stay_durations IS 'One row a stay in which participation began: how long it lasted, for survival analysis. Right-censored at the day of analytics.shown. Three readings of the end, as in the services retention: as recorded; put at the last contact where it was learned late; put at the day on which it was learned.';
COMMENT ON COLUMN analytics.stay_durations.stay_id IS 'The stay.';
COMMENT ON COLUMN analytics.stay_durations.participant_id IS 'The person, by pseudonym.';
COMMENT ON COLUMN analytics.stay_durations.department IS 'The department of the stay now.';
COMMENT ON COLUMN analytics.stay_durations.through IS 'The unit through which the first contact came. A unit introduced a person if it is this or referred_by.';
COMMENT ON COLUMN analytics.stay_durations.referred_by IS 'The unit whose referral opened the stay.';
COMMENT ON COLUMN analytics.stay_durations.cohort IS 'First day of the quarter in which participation began.';
COMMENT ON COLUMN analytics.stay_durations.begun IS 'Day on which participation began: the origin of the durations.';
COMMENT ON COLUMN analytics.stay_durations.observed_until IS 'The day of censoring.';
COMMENT ON COLUMN analytics.stay_durations.duration_days IS 'Days from begun to the end as recorded, or to the day of censoring.';
COMMENT ON COLUMN analytics.stay_durations.has_ended IS 'The event flag: true if the stay ended, false if it is censored.';
COMMENT ON COLUMN analytics.stay_durations.duration_days_at_last_contact IS 'The same where an end recorded after the day it is said to have happened is put at the last contact.';
COMMENT ON COLUMN analytics.stay_durations.has_ended_at_last_contact IS 'The event flag of that duration.';
COMMENT ON COLUMN analytics.stay_durations.duration_days_when_learned IS 'The same where each end is put at the day on which it was recorded.';
COMMENT ON COLUMN analytics.stay_durations.has_ended_when_learned IS 'The event flag of that duration: an end learned after the day of censoring is censored.';
COMMENT ON COLUMN analytics.stay_durations.end_reason IS 'Why it ended, as a code.';
COMMENT ON COLUMN analytics.stay_durations.end_learned IS 'How the end was learned, as a code.';

CREATE VIEW analytics.referrals AS
SELECT r.referral_id, r.from_unit, r.to_unit, r.situation, r.with_consent, r.participant_id,
       j.stay_id, r.proposed, r.agreed, r.joint_conversation, r.accepted, r.declined,
       r.decline_reason, r.onward_to, r.welcome_back, r.withdrawn, r.withdrawn_by, r.admitted,
       r.discharge, r.treatment_over, r.left_early, j.kartlegging, j.begun, j.first_matched, j.ended
FROM referral_v1 r
LEFT JOIN journey_v1 j ON j.stay_id = COALESCE(
    (SELECT s.stay_id FROM journey_v1 s
     WHERE s.participant_id = r.participant_id AND s.referral_id = r.referral_id
     ORDER BY s.opened, s.stay_id LIMIT 1),
    (SELECT s.stay_id FROM journey_v1 s
     WHERE s.participant_id = r.participant_id AND (s.ended IS NULL OR s.ended >= r.agreed)
     ORDER BY s.opened, s.stay_id LIMIT 1));
COMMENT ON VIEW analytics.referrals IS 'One row a referral, with the days of its stages and of the stay it led to: the stay that the persons yes opened or, for somebody who was in already, the one they were in.';
COMMENT ON COLUMN analytics.referrals.referral_id IS 'The referral.';
COMMENT ON COLUMN analytics.referrals.from_unit IS 'The unit that proposed it.';
COMMENT ON COLUMN analytics.referrals.to_unit IS 'The department it was proposed to.';
COMMENT ON COLUMN analytics.referrals.situation IS 'Where the person stood in their treatment, as a code.';
COMMENT ON COLUMN analytics.referrals.with_consent IS 'Whether it came with a consent; without, it waits in quarantine (rule D5).';
COMMENT ON COLUMN analytics.referrals.participant_id IS 'The person, by pseudonym, once they said yes.';
COMMENT ON COLUMN analytics.referrals.stay_id IS 'The stay it led to.';
COMMENT ON COLUMN analytics.referrals.proposed IS 'Day of the proposal.';
COMMENT ON COLUMN analytics.referrals.agreed IS 'Day of the persons yes.';
COMMENT ON COLUMN analytics.referrals.joint_conversation IS 'Day of the conversation of patient, therapist and Steg for Steg.';
COMMENT ON COLUMN analytics.referrals.accepted IS 'Day on which the department said welcome.';
COMMENT ON COLUMN analytics.referrals.declined IS 'Day on which it said "not now".';
COMMENT ON COLUMN analytics.referrals.decline_reason IS 'Why, as a code.';
COMMENT ON COLUMN analytics.referrals.onward_to IS 'To which unit instead.';
COMMENT ON COLUMN analytics.referrals.welcome_back IS 'From when the person is welcome back.';
COMMENT ON COLUMN analytics.referrals.withdrawn IS 'Day on which the referral was taken back.';
COMMENT ON COLUMN analytics.referrals.withdrawn_by IS 'By whom, as a code.';
COMMENT ON COLUMN analytics.referrals.admitted IS 'Day of the admission to treatment.';
COMMENT ON COLUMN analytics.referrals.discharge IS 'The told day of discharge.';
COMMENT ON COLUMN analytics.referrals.treatment_over IS 'Day on which the treatment ended, or was left.';
COMMENT ON COLUMN analytics.referrals.left_early IS 'Whether the treatment was left before its end.';
COMMENT ON COLUMN analytics.referrals.kartlegging IS 'Day of the stays first kartlegging.';
COMMENT ON COLUMN analytics.referrals.begun IS 'Day on which participation began.';
COMMENT ON COLUMN analytics.referrals.first_matched IS 'Day of the first match with a tidgiver.';
COMMENT ON COLUMN analytics.referrals.ended IS 'Day on which the stay ended.';

CREATE VIEW analytics.flow_stages AS
SELECT r.from_unit, r.to_unit, date_trunc('month', r.proposed)::date AS month, stage.stage,
       COUNT(*) AS number
FROM analytics.referrals r
CROSS JOIN analytics.shown s
CROSS JOIN LATERAL (VALUES
    ('proposed', true),
    ('agreed', r.agreed IS NOT NULL),
    ('joint-conversation', r.joint_conversation IS NOT NULL),
    ('accepted', r.accepted IS NOT NULL),
    ('kartlegging', r.kartlegging IS NOT NULL),
    ('participant', r.begun IS NOT NULL),
    ('matched', r.first_matched IS NOT NULL),
    ('in-at-3-months', r.begun + 91 <= s.observed_until AND COALESCE(r.ended > r.begun + 91, true)),
    ('in-at-6-months', r.begun + 182 <= s.observed_until AND COALESCE(r.ended > r.begun + 182, true)),
    ('in-at-12-months', r.begun + 365 <= s.observed_until AND COALESCE(r.ended > r.begun + 365, true)),
    ('declined', r.declined IS NOT NULL),
    ('withdrawn', r.withdrawn IS NOT NULL)
) AS stage (stage, is_reached)
WHERE stage.is_reached
GROUP BY r.from_unit, r.to_unit, date_trunc('month', r.proposed), stage.stage
UNION ALL
SELECT h.unit, h.department, date_trunc('month', h.counted)::date, h.whose,
       CAST(SUM(h.heads) AS BIGINT)
FROM head_count_v1 h
WHERE h.whose <> 'staff-informed'
GROUP BY h.unit, h.department, date_trunc('month', h.counted), h.whose;
COMMENT ON VIEW analytics.flow_stages IS 'How many came how far on the way from a unit to a department, by month. A referral counts in the month of its proposal at each stage it has reached; heads count in the month they were counted. Stages that nobody reached have no row.';
COMMENT ON COLUMN analytics.flow_stages.from_unit IS 'The unit that introduces.';
COMMENT ON COLUMN analytics.flow_stages.to_unit IS 'The department.';
COMMENT ON COLUMN analytics.flow_stages.month IS 'First day of the month of the proposal, or of the head count.';
COMMENT ON COLUMN analytics.flow_stages.stage IS 'informed and interested (heads: nobody is a person yet), proposed, agreed, joint-conversation, accepted, kartlegging, participant, matched, in-at-3-months (6, 12: participation begun and not ended 91, 182, 365 days later, where that day has come), declined, withdrawn.';
COMMENT ON COLUMN analytics.flow_stages.number IS 'Referrals that reached the stage by the day of analytics.shown; of informed and interested, heads.';

CREATE VIEW analytics.relapses AS
SELECT e.relapse_id, e.participant_id, e.stay_id, j.department, e.reported, e.tried, e.contacted,
       e.returned, e.contacted - e.reported AS days_to_contact, e.returned - e.reported AS days_to_return
FROM relapse_v1 e
LEFT JOIN journey_v1 j ON j.stay_id = e.stay_id;
COMMENT ON VIEW analytics.relapses IS 'One row a relapse, with what followed. A further report before the return belongs to the same one.';
COMMENT ON COLUMN analytics.relapses.relapse_id IS 'The relapse.';
COMMENT ON COLUMN analytics.relapses.participant_id IS 'The person, by pseudonym.';
COMMENT ON COLUMN analytics.relapses.stay_id IS 'The stay.';
COMMENT ON COLUMN analytics.relapses.department IS 'The department of the stay now.';
COMMENT ON COLUMN analytics.relapses.reported IS 'Day of the relapse.';
COMMENT ON COLUMN analytics.relapses.tried IS 'Day on which contact was last tried in vain, before the person was reached.';
COMMENT ON COLUMN analytics.relapses.contacted IS 'Day on which the person was reached.';
COMMENT ON COLUMN analytics.relapses.returned IS 'Day of the return.';
COMMENT ON COLUMN analytics.relapses.days_to_contact IS 'Days from the relapse until the person was reached.';
COMMENT ON COLUMN analytics.relapses.days_to_return IS 'Days from the relapse until the return.';

CREATE VIEW analytics.oppdrag AS
SELECT o.oppdrag_id, o.participant_id, o.stay_id, o.tidgiver_id, j.department, o.kind, o.purpose,
       o.matched, o.begins, o.review, o.ends, o.started, o.meetings, o.cancellations,
       o.last_cancelled, o.followed_up, o.ended, o.end_reason
FROM oppdrag_v1 o
LEFT JOIN journey_v1 j ON j.stay_id = o.stay_id;
COMMENT ON VIEW analytics.oppdrag IS 'One row an oppdrag: a bounded assignment of a tidgiver with a participant.';
COMMENT ON COLUMN analytics.oppdrag.oppdrag_id IS 'The oppdrag.';
COMMENT ON COLUMN analytics.oppdrag.participant_id IS 'The participant, by pseudonym.';
COMMENT ON COLUMN analytics.oppdrag.stay_id IS 'The stay.';
COMMENT ON COLUMN analytics.oppdrag.tidgiver_id IS 'The tidgiver, by pseudonym.';
COMMENT ON COLUMN analytics.oppdrag.department IS 'The department of the stay now.';
COMMENT ON COLUMN analytics.oppdrag.kind IS 'short-practical, long-practical or social.';
COMMENT ON COLUMN analytics.oppdrag.purpose IS 'What it is for: a support wish, as a code.';
COMMENT ON COLUMN analytics.oppdrag.matched IS 'Day of the match.';
COMMENT ON COLUMN analytics.oppdrag.begins IS 'First day.';
COMMENT ON COLUMN analytics.oppdrag.review IS 'Day of the next review, if one is set.';
COMMENT ON COLUMN analytics.oppdrag.ends IS 'Last day, as last decided.';
COMMENT ON COLUMN analytics.oppdrag.started IS 'Day of the conversation of three (rule D28).';
COMMENT ON COLUMN analytics.oppdrag.meetings IS 'Meetings held.';
COMMENT ON COLUMN analytics.oppdrag.cancellations IS 'Meetings cancelled.';
COMMENT ON COLUMN analytics.oppdrag.last_cancelled IS 'Day of the last cancellation.';
COMMENT ON COLUMN analytics.oppdrag.followed_up IS 'Day of the last follow-up (rule D32).';
COMMENT ON COLUMN analytics.oppdrag.ended IS 'Day on which it ended.';
COMMENT ON COLUMN analytics.oppdrag.end_reason IS 'Why, as a code.';

CREATE VIEW analytics.contacts AS
SELECT c.position, c.participant_id, c.stay_id, j.department, c.held
FROM contact_v1 c
LEFT JOIN journey_v1 j ON j.stay_id = c.stay_id;
COMMENT ON VIEW analytics.contacts IS 'One row a contact with a participant: a contact held or a meeting in an oppdrag.';
COMMENT ON COLUMN analytics.contacts.position IS 'Where the fact stands in the log.';
COMMENT ON COLUMN analytics.contacts.participant_id IS 'The person, by pseudonym.';
COMMENT ON COLUMN analytics.contacts.stay_id IS 'The stay.';
COMMENT ON COLUMN analytics.contacts.department IS 'The department of the stay now.';
COMMENT ON COLUMN analytics.contacts.held IS 'The day.';

CREATE VIEW analytics.sentences AS
SELECT e.sentence_id, e.participant_id, e.stay_id, j.department, e.form, e.begun, e.completed, e.continues
FROM sentence_v1 e
LEFT JOIN journey_v1 j ON j.stay_id = e.stay_id;
COMMENT ON VIEW analytics.sentences IS 'One row a sentence that a participant serves in Steg for Steg.';
COMMENT ON COLUMN analytics.sentences.sentence_id IS 'The sentence.';
COMMENT ON COLUMN analytics.sentences.participant_id IS 'The person, by pseudonym.';
COMMENT ON COLUMN analytics.sentences.stay_id IS 'The stay.';
COMMENT ON COLUMN analytics.sentences.department IS 'The department of the stay now.';
COMMENT ON COLUMN analytics.sentences.form IS 'In which form it is served, as a code.';
COMMENT ON COLUMN analytics.sentences.begun IS 'First day.';
COMMENT ON COLUMN analytics.sentences.completed IS 'Day on which it was served.';
COMMENT ON COLUMN analytics.sentences.continues IS 'Whether the person goes on by choice (rule D42); NULL until it is served.';

CREATE VIEW analytics.goals AS
SELECT g.goal_id, g.participant_id, g.stay_id, j.department, g.set_on, g.progress, g.progress_on,
       g.reached_on, g.dropped_on
FROM goal_v1 g
LEFT JOIN journey_v1 j ON j.stay_id = g.stay_id;
COMMENT ON VIEW analytics.goals IS 'One row a goal that a participant set. Its wording lies in the vault, and is not referred to here.';
COMMENT ON COLUMN analytics.goals.goal_id IS 'The goal.';
COMMENT ON COLUMN analytics.goals.participant_id IS 'The person, by pseudonym.';
COMMENT ON COLUMN analytics.goals.stay_id IS 'The stay.';
COMMENT ON COLUMN analytics.goals.department IS 'The department of the stay now.';
COMMENT ON COLUMN analytics.goals.set_on IS 'Day on which it was set.';
COMMENT ON COLUMN analytics.goals.progress IS 'How far it has come, as the participant last said, as a code; not sure is an answer (rule D21).';
COMMENT ON COLUMN analytics.goals.progress_on IS 'Day on which that was said.';
COMMENT ON COLUMN analytics.goals.reached_on IS 'Day on which it was reached.';
COMMENT ON COLUMN analytics.goals.dropped_on IS 'Day on which it was let go.';

CREATE VIEW analytics.tidgivere AS
SELECT t.tidgiver_id, t.department, t.applied, t.interviewed, t.trained, t.ground_rules, t.approved,
       t.left_on, t.leave_reason, t.capacity,
       COALESCE(string_to_array(NULLIF(t.interests, ''), ','), '{}') AS interests,
       COALESCE(string_to_array(NULLIF(t.languages, ''), ','), '{}') AS languages
FROM tidgiver_v1 t;
COMMENT ON VIEW analytics.tidgivere IS 'One row a tidgiver: a volunteer who gives time.';
COMMENT ON COLUMN analytics.tidgivere.tidgiver_id IS 'The tidgiver, by pseudonym.';
COMMENT ON COLUMN analytics.tidgivere.department IS 'The department they give time in.';
COMMENT ON COLUMN analytics.tidgivere.applied IS 'Day of the application.';
COMMENT ON COLUMN analytics.tidgivere.interviewed IS 'Day of the interview.';
COMMENT ON COLUMN analytics.tidgivere.trained IS 'Day of the training.';
COMMENT ON COLUMN analytics.tidgivere.ground_rules IS 'Day on which they accepted the ground rules.';
COMMENT ON COLUMN analytics.tidgivere.approved IS 'Day of the approval.';
COMMENT ON COLUMN analytics.tidgivere.left_on IS 'Day on which they left.';
COMMENT ON COLUMN analytics.tidgivere.leave_reason IS 'Why, as a code.';
COMMENT ON COLUMN analytics.tidgivere.capacity IS 'Oppdrag at once; NULL if not told.';
COMMENT ON COLUMN analytics.tidgivere.interests IS 'What they like to give time to: support wishes, as codes.';
COMMENT ON COLUMN analytics.tidgivere.languages IS 'Languages they speak, as codes.';

CREATE VIEW analytics.key_figures AS
SELECT u.unit, k.holds_for AS reported_for, k.employees,
       CAST(k.fte_hundredths AS NUMERIC) / 100 AS full_time_equivalents,
       CASE WHEN t.records > 0 THEN t.active ELSE v.tidgivere END AS tidgivere,
       CASE WHEN t.records > 0 THEN NULL ELSE v.holds_for END AS tidgivere_reported_for,
       (SELECT COUNT(*) FROM analytics.journeys j
        WHERE j.department = u.unit AND j.is_registered) AS participants
FROM unit_v1 u
CROSS JOIN analytics.shown s
LEFT JOIN LATERAL (
    SELECT r.holds_for, r.employees, r.fte_hundredths FROM key_figures_v1 r
    WHERE r.unit = u.unit AND r.holds_for <= s.observed_until
    ORDER BY r.holds_for DESC LIMIT 1) k ON true
LEFT JOIN LATERAL (
    SELECT r.holds_for, r.tidgivere FROM key_figures_v1 r
    WHERE r.unit = u.unit AND r.holds_for <= s.observed_until AND r.tidgivere IS NOT NULL
    ORDER BY r.holds_for DESC LIMIT 1) v ON true
CROSS JOIN LATERAL (
    SELECT COUNT(*) AS records,
           COUNT(*) FILTER (WHERE t.approved IS NOT NULL AND t.left_on IS NULL) AS active
    FROM tidgiver_v1 t WHERE t.department = u.unit) t
WHERE u.kind = 'department' OR k.holds_for IS NOT NULL;
COMMENT ON VIEW analytics.key_figures IS 'One row a department, and each other unit that reported figures: what it last reported for a day up to the day of analytics.shown, beside what is counted.';
COMMENT ON COLUMN analytics.key_figures.unit IS 'The unit.';
COMMENT ON COLUMN analytics.key_figures.reported_for IS 'The day the reported figures hold for; NULL if none were.';
COMMENT ON COLUMN analytics.key_figures.employees IS 'Employees, as reported.';
COMMENT ON COLUMN analytics.key_figures.full_time_equivalents IS 'Full-time equivalents, as reported.';
COMMENT ON COLUMN analytics.key_figures.tidgivere IS 'Tidgivere: approved and not left; where the unit keeps no records of them, the number it reported.';
COMMENT ON COLUMN analytics.key_figures.tidgivere_reported_for IS 'The day the reported number of tidgivere holds for; NULL where they are counted from records.';
COMMENT ON COLUMN analytics.key_figures.participants IS 'Participants: stays registered now, counted and never reported.';
