//! The demo history: six departments, their partners, and the lives of a thousand fictitious
//! people from autumn 2016 to summer 2021.
//!
//! Its counts are made to be known: at the days that the evaluation of the programme names, the log
//! projects to the figures that it publishes. Quotas fix how many lives of which sort there are; all
//! else is left to chance. The two stories that show why time has two axes:
//!
//! - Oslo's list held 190 persons at the end of 2020 as known then, and 110 as known half a year
//!   later: a review in spring 2021 ended 80 of them with "no contact since" a day in the past.
//! - In the other departments nothing that changes the count of a day in 2020 was told later.

mod cast;
mod departments;
mod figures;
mod guide;
mod kristiansand;
mod oslo;
mod partners;

use chrono::{DateTime, Utc};
use domain::es::{Day, EventStore, PersonVault, SourceSystem};

pub use cast::{DemoCast, cast};

use super::{
    PlayError, Player, Step,
    dice::Dice,
    scene::{self, Scene},
    simulate::register,
    tidgivere::{self, Crowd},
    units::{self, unit},
};

/// The system that its events come from.
pub const SOURCE: &str = "demo";
const SEED: u64 = 0x5354_4547;
/// About as many steps as there are.
const STEPS: usize = 36_000;

/// Plays the demo history into an empty log, and its words into the vault. A play that broke off
/// may be played again. `progress` is told how many steps are done, and of how many.
pub async fn play(
    store: &dyn EventStore,
    vault: &dyn PersonVault,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<DemoCast, PlayError> {
    let steps = steps();
    let total = steps.len() as u64;
    let mut player = Player::new(store, Some(vault), SourceSystem(SOURCE.to_owned()));
    for (done, step) in (1..).zip(steps) {
        player.play(step).await?;
        if done % 250 == 0 {
            progress(done, total);
        }
    }
    player.flush().await?;
    progress(total, total);
    Ok(cast())
}

/// Every step of the demo history, in the order in which they are told.
#[must_use]
pub fn steps() -> Vec<Step> {
    let mut scene = Scene {
        seed: SEED,
        staff: scene::staff(),
        volunteers: std::collections::BTreeMap::new(),
        turnover: day(2019, 6, 14),
        lines: vec![
            moment("2020-12-31T15:30:00Z"),
            moment("2021-07-01T09:00:00Z"),
        ],
        horizon: SUMMER,
    };
    let mut dice = Dice::new(SEED, 0);
    // Room for all of them, so that they need not be moved as they become more.
    let mut steps = Vec::with_capacity(STEPS);
    steps.extend(register(&mut dice, day(2016, 8, 1)));
    steps.extend(tidgivere(&mut dice, &mut scene));
    steps.extend(figures::key_figures(&mut dice, &scene));
    steps.extend(partners::cooperations(&mut dice, &scene));
    let mut lives = Lives {
        scene: &scene,
        next: 1,
        steps,
    };
    guide::live(&mut lives);
    oslo::live(&mut lives, &mut dice);
    kristiansand::live(&mut lives, &mut dice);
    departments::live(&mut lives, &mut dice);
    partners::referrals_without_a_stay(&mut lives, &mut dice);
    let mut steps = lives.steps;
    steps.sort_by_key(|step| step.recorded_at);
    steps
}

/// The lives written so far; each has a stream of the generator of its own.
struct Lives<'a> {
    scene: &'a Scene,
    next: u64,
    steps: Vec<Step>,
}

impl<'a> Lives<'a> {
    /// A pen for one more life.
    fn pen(&mut self, department: &str) -> super::pen::Pen<'a> {
        let pen = super::pen::Pen::new(self.scene, self.next, &unit(department));
        self.next += 1;
        pen
    }

    fn write(&mut self, pen: super::pen::Pen<'_>) {
        self.steps.extend(pen.put_down());
    }
}

/// The last day of the year whose figures are published.
const NEW_YEARS_EVE: Day = day(2020, 12, 31);
/// The last day that anything happens on.
const SUMMER: Day = day(2021, 6, 30);

const fn day(year: i32, month: u32, day: u32) -> Day {
    match chrono::NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => Day(date),
        None => panic!("the days written here are in the calendar"),
    }
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse()
        .expect("the moments written here are well formed")
}

/// Tidgivere of the departments that keep records of them: as many at the end of 2020 as published.
/// Drammen and Fredrikstad report a number instead.
fn tidgivere(dice: &mut Dice, scene: &mut Scene) -> Vec<Step> {
    let mut steps = vec![];
    for (department, there, gone) in [
        // With the tidgiver of the guided tour, 70.
        (units::OSLO, 69, 16),
        (units::KRISTIANSAND, 7, 2),
        (units::BERGEN, 44, 9),
        (units::STAVANGER, 89, 20),
    ] {
        let department = unit(department);
        let staff = scene.at(&department).clone();
        let (mut volunteers, told) = tidgivere::crowd(
            dice,
            &department,
            &staff,
            Crowd {
                there,
                gone,
                newcomers: there / 12,
                candidates: 2 + there / 25,
                approved: (day(2016, 11, 1), day(2020, 12, 10)),
                still_there: NEW_YEARS_EVE,
                horizon: SUMMER,
            },
        );
        if department.as_str() == units::OSLO {
            let (volunteer, told) = guide::tidgiver(dice, &staff);
            volunteers.push(volunteer);
            steps.extend(told);
        }
        scene.volunteers.insert(department, volunteers);
        steps.extend(told);
    }
    steps
}

#[cfg(test)]
mod tests;
