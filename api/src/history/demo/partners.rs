//! The partners: how each works together with a department, and the referrals that did not become
//! a stay.

use chrono::{Datelike as _, Weekday};
use domain::{
    cooperation::{
        Agreement, AgreementSigned, Anchoring, AnchoringAssessed, CooperationBegun,
        CooperationCommand as C, CooperationId, CooperationPaused, InterestShown, PatientsInformed,
        PauseReason, PresenceHeld, Rhythm, Setting, StaffInformed, StructureDescribed,
    },
    es::{ConsentId, Day, OccurredAt, Role, VaultEntry},
    participant::{ConsentWithdrawn, InquiryClosed, InquiryClosure, ParticipantCommand},
    referral::{
        DeclineReason, ReferralCommand as R, ReferralDeclined, ReferralProposed, ReferralWithdrawn,
        WithdrawnBy,
    },
    words::{ReferralId, Situation, UnitId},
};

use super::{
    Lives, SUMMER, day,
    figures::at,
    units::{ARA, BERGEN, KRISTIANSAND, LOLAND, OSLO, POLYCLINIC, SLEMDAL, STAVANGER},
};
use crate::history::{
    Deed, Step, Teller,
    dice::Dice,
    names,
    referral::Referred,
    scene::{Scene, unit_pseudonym},
    units::unit,
};

/// Every cooperation, from its beginning.
pub(super) fn cooperations(dice: &mut Dice, scene: &Scene) -> Vec<Step> {
    let mut steps = slemdal(dice, scene);
    steps.extend(polyclinic(dice, scene));
    steps.extend(loland(dice, scene));
    steps.extend(others(dice, scene));
    steps
}

/// One cooperation being told.
struct Telling<'a> {
    id: CooperationId,
    dice: &'a mut Dice,
    scene: &'a Scene,
    steps: Vec<Step>,
}

impl<'a> Telling<'a> {
    fn begin(
        dice: &'a mut Dice,
        scene: &'a Scene,
        (unit, department): (UnitId, UnitId),
        on: Day,
    ) -> Self {
        let mut telling = Self {
            id: CooperationId { unit, department },
            dice,
            scene,
            steps: vec![],
        };
        telling.begin_again(on);
        telling
    }

    fn begin_again(&mut self, on: Day) {
        let coordinator = self.scene.at(&self.id.department).veiledere[1];
        let begun = CooperationBegun {
            unit: self.id.unit.clone(),
            department: self.id.department.clone(),
            coordinator,
        };
        self.tell(on, C::BeginCooperation(begun));
    }

    fn agree(&mut self, on: Day, agreement: Agreement) {
        self.tell(on, C::SignAgreement(AgreementSigned { agreement }));
    }

    fn structure(&mut self, on: Day, rhythm: Rhythm, settings: &[Setting]) {
        let settings = settings.to_vec();
        self.tell(
            on,
            C::DescribeStructure(StructureDescribed { rhythm, settings }),
        );
    }

    fn anchoring(&mut self, on: Day, leadership: Anchoring, treatment: Anchoring) {
        self.tell(
            on,
            C::AssessAnchoring(AnchoringAssessed {
                leadership,
                treatment,
            }),
        );
    }

    fn visit(&mut self, on: Day, setting: Setting) {
        self.tell(on, C::HoldPresence(PresenceHeld { setting }));
    }

    /// How many patients were told, and how many of them showed interest.
    fn inform(&mut self, on: Day, informed: u32, interested: u32) {
        self.tell(on, C::InformPatients(PatientsInformed { count: informed }));
        if interested > 0 {
            self.tell(on, C::ShowInterest(InterestShown { count: interested }));
        }
    }

    fn inform_staff(&mut self, on: Day, count: u32) {
        self.tell(on, C::InformStaff(StaffInformed { count }));
    }

    fn pause(&mut self, on: Day) {
        let reason = PauseReason::InfectionControl;
        self.tell(on, C::PauseCooperation(CooperationPaused { reason }));
    }

    fn some(&mut self, least: u64, most: u64) -> u32 {
        u32::try_from(self.dice.between(least, most)).unwrap_or(u32::MAX)
    }

    fn tell(&mut self, on: Day, command: C) {
        let department = self.id.department.clone();
        let by_the_unit = matches!(command, C::InformPatients(_) | C::ShowInterest(_));
        let teller = if by_the_unit {
            let unit = &self.id.unit;
            Teller::new(unit_pseudonym(unit), Role::Institution, unit)
        } else {
            let leader = self.scene.at(&department).leader.0;
            Teller::new(leader, Role::DepartmentLeader, &department)
        };
        // What is told of one day stays in the order in which it is told.
        let hour = 9 + i64::try_from(
            self.steps
                .iter()
                .rev()
                .take_while(|step| step.occurred_at == OccurredAt::Day(on))
                .count(),
        )
        .unwrap_or(0);
        self.steps.push(Step {
            id: self.dice.uuid(),
            recorded_at: at(on, hour, self.dice),
            occurred_at: OccurredAt::Day(on),
            teller,
            deed: Deed::Cooperation(self.id.clone(), command),
            words: vec![],
            closes: vec![],
        });
    }
}

/// Slemdal: there every Wednesday from October 2018 to early 2020, informally; not since. Weakly
/// anchored, now and then a little better.
fn slemdal(dice: &mut Dice, scene: &Scene) -> Vec<Step> {
    let both = (unit(SLEMDAL), unit(OSLO));
    let mut telling = Telling::begin(dice, scene, both, day(2018, 9, 10));
    telling.agree(day(2018, 9, 10), Agreement::WithoutByChoice);
    telling.structure(
        day(2018, 10, 1),
        Rhythm::Weekly,
        &[Setting::InformalPresence],
    );
    telling.anchoring(day(2018, 10, 1), Anchoring::Medium, Anchoring::Weak);
    telling.inform_staff(day(2018, 10, 1), 9);
    let mut wednesday = day(2018, 10, 3);
    let mut week = 0;
    while wednesday <= day(2020, 2, 26) {
        if wednesday == day(2019, 9, 4) {
            telling.anchoring(wednesday, Anchoring::Weak, Anchoring::Weak);
        }
        // Nobody visits between Christmas and New Year.
        let christmas = [day(2018, 12, 26), day(2019, 12, 25), day(2020, 1, 1)];
        if !christmas.contains(&wednesday) {
            telling.visit(wednesday, Setting::InformalPresence);
            if week % 4 == 1 {
                let (informed, interested) = (telling.some(3, 9), telling.some(0, 2));
                telling.inform(wednesday, informed, interested);
            }
        }
        wednesday = wednesday.plus(7);
        week += 1;
    }
    telling.pause(day(2020, 3, 12));
    telling.begin_again(day(2020, 8, 17));
    telling.structure(
        day(2020, 8, 17),
        Rhythm::None,
        &[Setting::IntakeConversation, Setting::Therapists],
    );
    telling.anchoring(day(2020, 9, 1), Anchoring::Medium, Anchoring::Weak);
    telling.anchoring(day(2021, 3, 1), Anchoring::Weak, Anchoring::Weak);
    for (on, informed, interested) in [
        (day(2020, 9, 30), 14, 3),
        (day(2020, 12, 18), 11, 2),
        (day(2021, 3, 26), 16, 2),
        (day(2021, 6, 18), 12, 3),
    ] {
        telling.inform(on, informed, interested);
    }
    telling.steps
}

/// The polyclinic: in the same building, at a staff meeting once a year, and by the therapists.
fn polyclinic(dice: &mut Dice, scene: &Scene) -> Vec<Step> {
    let both = (unit(POLYCLINIC), unit(OSLO));
    let mut telling = Telling::begin(dice, scene, both, day(2017, 9, 4));
    telling.agree(day(2017, 11, 20), Agreement::Signed);
    telling.structure(
        day(2017, 11, 20),
        Rhythm::Yearly,
        &[
            Setting::StaffMeeting,
            Setting::Therapists,
            Setting::SameBuilding,
        ],
    );
    telling.anchoring(day(2017, 11, 20), Anchoring::Medium, Anchoring::Medium);
    telling.anchoring(day(2019, 1, 22), Anchoring::Strong, Anchoring::Medium);
    for (on, staff) in [
        (day(2018, 1, 23), 18),
        (day(2019, 1, 22), 21),
        (day(2020, 1, 21), 20),
        (day(2021, 1, 26), 23),
    ] {
        telling.visit(on, Setting::StaffMeeting);
        telling.inform_staff(on, staff);
        for quarter in [40, 130, 150] {
            let (informed, interested) = (telling.some(15, 35), telling.some(1, 4));
            telling.inform(on.plus(quarter), informed, interested);
        }
    }
    telling.anchoring(day(2021, 2, 15), Anchoring::Strong, Anchoring::Medium);
    telling.steps
}

/// Loland: there every month inside the teaching, until the twelfth of March 2020; then activity
/// days outside, and a part of the discharge phase. Strongly anchored.
fn loland(dice: &mut Dice, scene: &Scene) -> Vec<Step> {
    let both = (unit(LOLAND), unit(KRISTIANSAND));
    let mut telling = Telling::begin(dice, scene, both, day(2017, 11, 6));
    telling.agree(day(2017, 12, 11), Agreement::Signed);
    telling.structure(
        day(2018, 1, 8),
        Rhythm::Monthly,
        &[
            Setting::TeachingProgramme,
            Setting::ActivityDay,
            Setting::DischargePhase,
        ],
    );
    telling.anchoring(day(2018, 1, 8), Anchoring::Strong, Anchoring::Medium);
    telling.anchoring(day(2018, 11, 5), Anchoring::Strong, Anchoring::Strong);
    telling.inform_staff(day(2018, 1, 8), 24);
    for month in 0..27 {
        let first = day(
            2018 + month / 12,
            u32::try_from(month % 12 + 1).unwrap_or(1),
            1,
        );
        let on = second_thursday(first);
        telling.visit(on, Setting::TeachingProgramme);
        let (informed, interested) = (telling.some(12, 20), telling.some(3, 8));
        telling.inform(on, informed, interested);
    }
    telling.pause(day(2020, 3, 13));
    telling.begin_again(day(2020, 5, 11));
    telling.structure(
        day(2020, 5, 11),
        Rhythm::None,
        &[Setting::ActivityDay, Setting::DischargePhase],
    );
    for on in [
        day(2020, 6, 15),
        day(2020, 9, 21),
        day(2020, 12, 7),
        day(2021, 3, 15),
        day(2021, 6, 14),
    ] {
        let (informed, interested) = (telling.some(20, 34), telling.some(6, 12));
        telling.inform(on, informed, interested);
    }
    telling.anchoring(day(2021, 4, 12), Anchoring::Strong, Anchoring::Strong);
    telling.steps
}

/// The second Thursday of the month that begins on `first`.
fn second_thursday(first: Day) -> Day {
    let days =
        (Weekday::Thu.num_days_from_monday() + 7 - first.0.weekday().num_days_from_monday()) % 7;
    first.plus(u64::from(days) + 7)
}

/// Neighbours without much structure.
fn others(dice: &mut Dice, scene: &Scene) -> Vec<Step> {
    let mut steps = vec![];
    for (partner, department, begun, agreement) in [
        (ARA, KRISTIANSAND, day(2018, 4, 9), Some(Agreement::Signed)),
        (
            "barnas-stasjon-kristiansand",
            KRISTIANSAND,
            day(2018, 2, 5),
            Some(Agreement::WithoutByChoice),
        ),
        (
            "kriminalomsorgen",
            KRISTIANSAND,
            day(2016, 10, 3),
            Some(Agreement::Signed),
        ),
        ("kontaktsenteret-oslo", OSLO, day(2017, 1, 16), None),
        ("dagsenter-bergen", BERGEN, day(2017, 8, 21), None),
        (
            "kommune",
            STAVANGER,
            day(2017, 3, 6),
            Some(Agreement::Signed),
        ),
    ] {
        let both = (unit(partner), unit(department));
        let mut telling = Telling::begin(dice, scene, both, begun);
        if let Some(agreement) = agreement {
            telling.agree(begun.plus(30), agreement);
            telling.structure(begun.plus(30), Rhythm::Irregular, &[Setting::StaffMeeting]);
        }
        telling.anchoring(begun.plus(200), Anchoring::Medium, Anchoring::Medium);
        let mut on = begun.plus(60);
        while on < SUMMER {
            let (informed, interested) = (telling.some(2, 12), telling.some(0, 3));
            telling.inform(on, informed, interested);
            on = on.plus(telling.dice.between(80, 160));
        }
        steps.extend(telling.steps);
    }
    steps
}

/// Referrals that were declined with a way onward, taken back, or wait.
pub(super) fn referrals_without_a_stay(lives: &mut Lives<'_>, dice: &mut Dice) {
    for (from, to, declined, taken_back) in [
        (SLEMDAL, OSLO, 4, 2),
        (POLYCLINIC, OSLO, 6, 2),
        (LOLAND, KRISTIANSAND, 3, 1),
        (ARA, KRISTIANSAND, 3, 1),
    ] {
        for n in 0..declined + taken_back {
            let on = dice.day(day(2018, 11, 5), day(2021, 5, 20));
            let end = on.plus(dice.between(3, 20));
            let answer = if n < declined {
                decline(dice, end)
            } else {
                let by = dice.pick(&[WithdrawnBy::Patient, WithdrawnBy::Unit]);
                R::WithdrawReferral(ReferralWithdrawn { by })
            };
            propose(lives, (from, to), on, true, Some((end, answer)));
        }
    }
    // On the way in summer 2021: three with consent, two in quarantine, one that has expired.
    for (from, to, on, consent) in [
        (SLEMDAL, OSLO, day(2021, 6, 24), true),
        (POLYCLINIC, OSLO, day(2021, 6, 28), true),
        (LOLAND, KRISTIANSAND, day(2021, 6, 29), true),
        (POLYCLINIC, OSLO, day(2021, 6, 18), false),
        ("kommune", BERGEN, day(2021, 6, 25), false),
        (SLEMDAL, OSLO, day(2021, 4, 12), false),
    ] {
        propose(lives, (from, to), on, consent, None);
    }
    for (from, to, on) in [
        (SLEMDAL, OSLO, day(2019, 2, 11)),
        (POLYCLINIC, OSLO, day(2019, 10, 7)),
        (LOLAND, KRISTIANSAND, day(2019, 5, 6)),
    ] {
        decline_after_yes(lives, dice, (from, to), on);
        withdraw_consent(lives, (from, to), on.plus(40));
    }
}

fn decline(dice: &mut Dice, on: Day) -> R {
    R::DeclineReferral(ReferralDeclined {
        reason: dice.pick(DeclineReason::ALL),
        onward_to: unit(dice.pick(&["nav", "kommune", "kontaktsenteret-oslo", "other"])),
        welcome_back_from: on.plus(dice.between(30, 120)),
    })
}

fn propose(
    lives: &mut Lives<'_>,
    (from, to): (&str, &str),
    on: Day,
    with_consent: bool,
    answer: Option<(Day, R)>,
) {
    let mut pen = lives.pen(to);
    let id = ReferralId(pen.name());
    let (from, to) = (unit(from), unit(to));
    let mut words: Vec<VaultEntry> = vec![];
    let (name, contact) = names::person(&mut pen.dice, id.0, &mut words);
    // Without a consent nothing is kept but how the person wishes to be reached.
    words.retain(|entry| with_consent || entry.id == contact);
    pen.words = words;
    let proposal = R::ProposeReferral(ReferralProposed {
        from: from.clone(),
        to,
        situation: Situation::InPatient,
        consent_id: with_consent.then(|| ConsentId(pen.name())),
        name: with_consent.then_some(name),
        contact: Some(contact),
    });
    pen.tell_of_referral(on, id, &from, proposal);
    if let Some((day, answer)) = answer {
        pen.tell_of_referral(day, id, &from, answer);
    }
    lives.write(pen);
}

/// The person said yes, the department "not now": the inquiry closes with a way onward.
fn decline_after_yes(lives: &mut Lives<'_>, dice: &mut Dice, (from, to): (&str, &str), on: Day) {
    let mut pen = lives.pen(to);
    let referral = pen.be_referred(on, &agreeing(from));
    let answer = decline(dice, on.plus(6));
    pen.tell_of_referral(on.plus(6), referral.id, &referral.from, answer);
    let reason = InquiryClosure::OtherOfferFitted;
    pen.tell(
        on.plus(6),
        ParticipantCommand::CloseInquiry(InquiryClosed { reason }),
    );
    lives.write(pen);
}

/// The person withdrew the consent: everything that rests on it stops at once.
fn withdraw_consent(lives: &mut Lives<'_>, (from, to): (&str, &str), on: Day) {
    let mut pen = lives.pen(to);
    let referral = pen.be_referred(on, &agreeing(from));
    pen.tell(
        on.plus(9),
        ParticipantCommand::WithdrawConsent(ConsentWithdrawn {
            consent_id: referral.consent_id,
        }),
    );
    let reason = InquiryClosure::NoLongerWished;
    pen.tell(
        on.plus(9),
        ParticipantCommand::CloseInquiry(InquiryClosed { reason }),
    );
    lives.write(pen);
}

fn agreeing(from: &str) -> Referred {
    Referred {
        from: unit(from),
        situation: Situation::OutPatient,
        treatment_days: None,
        leaves_early: false,
    }
}
