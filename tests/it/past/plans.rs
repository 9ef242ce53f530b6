//! The plan of each stay, and its goals.

use domain::{event::Recorded, participant::ParticipantFact as F, words::ParticipantId};
use serde_json::{Value, json};

use super::{
    lives::{Life, Stay},
    log::{Log, Step, steps},
    persons::By,
};

/// What a goal says is told as the name of its wording.
pub(super) fn plans(log: &Log, life: &Life, person: ParticipantId, by: By<'_>) -> Value {
    let held = |stay: &&Stay| by.is_none_or(|department| stay.department == *department);
    if !life.stays.iter().any(|stay| held(&stay)) {
        return Value::Null;
    }
    let facts: &[Recorded] = &log.people[&person];
    let of_stay = |stay: &Stay| {
        let told: Vec<Step<'_>> = steps(facts).filter(|step| step.stay == stay.id).collect();
        let decided = told.iter().rev().find_map(|step| match step.fact {
            F::PlanMade(made) => Some(("made", json!(made.form), json!(step.day))),
            F::PlanDeclined(_) => Some(("declined", Value::Null, json!(step.day))),
            _ => None,
        });
        let (plan, form, since) = decided.unwrap_or(("not-yet", Value::Null, Value::Null));
        json!({
            "stay_id": stay.id,
            "department": stay.department,
            "opened": stay.opened,
            "ended": stay.ended,
            "plan": plan,
            "form": form,
            "since": since,
            "goals": goals(&told),
        })
    };
    let plans: Vec<Value> = life.stays.iter().rev().filter(held).map(of_stay).collect();
    json!({ "participant_id": person, "plans": plans })
}

/// What was said of each goal after it was first set.
fn goals(told: &[Step<'_>]) -> Vec<Value> {
    let mut goals = vec![];
    for (at, step) in told.iter().enumerate() {
        let F::GoalSet(set) = step.fact else {
            continue;
        };
        let goal = set.goal_id;
        if goals.iter().any(|(_, known, _)| *known == goal) {
            continue;
        }
        let (mut progress, mut reached, mut dropped) = (None, None, None);
        for later in &told[at..] {
            match later.fact {
                F::GoalProgressReported(how) if how.goal_id == goal => {
                    progress = Some((how.progress, later.day));
                }
                F::GoalReached(which) if which.goal_id == goal => reached = Some(later.day),
                F::GoalDropped(which) if which.goal_id == goal => dropped = Some(later.day),
                _ => {}
            }
        }
        let whole = json!({
            "goal_id": goal,
            "text": set.text.to_string(),
            "participant_agreed": set.participant_agreed,
            "set_on": step.day,
            "progress": progress.map(|(how, _)| how),
            "progress_on": progress.map(|(_, day)| day),
            "reached_on": reached,
            "dropped_on": dropped,
        });
        goals.push((step.day, goal, whole));
    }
    goals.sort_by_key(|(day, goal, _)| (*day, *goal));
    goals.into_iter().map(|(_, _, whole)| whole).collect()
}
