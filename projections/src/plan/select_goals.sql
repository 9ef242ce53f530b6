-- $1 the person
SELECT g.goal_id, g.participant_id, g.stay_id, g.wording, g.agreed, g.set_on, g.progress,
       g.progress_on, g.reached_on, g.dropped_on
FROM goal_v1 g
WHERE g.participant_id = $1
ORDER BY g.set_on, g.goal_id
