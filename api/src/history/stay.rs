//! One stay: the way in, what lies between (the `course`), and how it stands or ended.

use domain::{
    es::Day,
    participant::{
        BecamePassive, Channel, EndReason, FirstContactMade, FirstConversationBooked,
        FirstConversationHeld, InquiryClosed, InquiryClosure, KartleggingDone, Learned,
        ParticipantCommand as C, ParticipationBegun, ParticipationEnded, ReEntered, SentenceForm,
        SupportWish, VeilederAssigned,
    },
    words::{Situation, UnitId},
};

use super::{
    course::Course,
    names,
    pen::Pen,
    referral::{OpenReferral, Referred},
};

/// What a stay is to be.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    pub(super) opens: Day,
    pub(super) way_in: WayIn,
    pub(super) fate: Fate,
    /// What must happen in between, besides what chance brings.
    pub(super) musts: Musts,
}

#[derive(Debug, Clone)]
pub(super) enum WayIn {
    /// The person came, perhaps through a unit.
    Own { through: Option<UnitId> },
    /// A unit referred the person.
    Referred(Referred),
}

/// What must happen in a stay, besides what chance brings.
#[derive(Debug, Clone, Default)]
pub(super) struct Musts {
    /// Days of contact.
    pub(super) contacts: Vec<Day>,
    /// A treatment told of with the person's consent, outside any referral: where, first and last day.
    pub(super) treatment: Option<(UnitId, Day, Day)>,
    /// A sentence: how it is served, first and last day, whether the person goes on by choice.
    pub(super) sentence: Option<(SentenceForm, Day, Day, bool)>,
    /// A move to another department.
    pub(super) move_to: Option<(Day, UnitId)>,
}

/// How a stay stands, or ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// An inquiry so far.
    Incoming(Incoming),
    /// The inquiry came to nothing.
    Closed { on: Day, reason: InquiryClosure },
    /// A participant, with the last contact on this day.
    Active { last_contact: Day },
    /// A participant without contact since, and whether that was agreed.
    Passive { since: Day, agreed: bool },
    /// A participant after a relapse, and whether contact was made.
    Paused { since: Day, contacted: bool },
    /// It ended.
    Ended(Ended),
}

/// How far an inquiry has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incoming {
    /// The department has not answered the referral.
    Unanswered,
    /// No conversation is booked.
    Contacted,
    /// A conversation is booked.
    Booked,
    /// It was held.
    Talked,
    /// The kartlegging is done.
    Mapped,
}

/// An end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) on: Day,
    /// The last contact before it.
    pub(super) last_contact: Day,
    pub(super) told: Day,
    pub(super) reason: EndReason,
    pub(super) learned: Learned,
}

impl Fate {
    /// The last day on which anything of the stay happens.
    fn last_day(self, horizon: Day) -> Day {
        match self {
            Self::Ended(Ended { on, .. }) | Self::Closed { on, .. } => on,
            _ => horizon,
        }
    }
}

const WISHES: &[SupportWish] = SupportWish::ALL;

impl Pen<'_> {
    /// Writes a whole stay.
    pub(super) fn live(&mut self, stay: &Stay) {
        let last = stay.fate.last_day(self.scene.horizon);
        let referral = self.enter(stay);
        let Some(begun) = self.walk_in(stay, referral.as_ref(), last) else {
            return;
        };
        let (quiet_from, settled) = match stay.fate {
            Fate::Active { last_contact } => (last, last_contact),
            Fate::Passive { since, .. } | Fate::Paused { since, .. } => (since, since),
            Fate::Ended(end) => (end.last_contact, end.last_contact),
            Fate::Incoming(_) | Fate::Closed { .. } => (last, last),
        };
        let mut course = Course::new(self, begun, last, quiet_from, settled);
        course.must(&stay.musts);
        match stay.fate {
            Fate::Active { last_contact } => course.talk_on(last_contact),
            Fate::Passive { since, .. } => course.talk_on(since),
            Fate::Paused { since, contacted } => {
                course.talk_on(since.minus(1).max(begun));
                course.relapse_for_good(since, contacted);
            }
            Fate::Ended(end) => {
                course.talk_on(end.last_contact);
                if end.reason == EndReason::Relapse {
                    course.relapse_for_good(end.last_contact, true);
                }
            }
            Fate::Incoming(_) | Fate::Closed { .. } => {}
        }
        if let Some(referral) = referral
            && let WayIn::Referred(referred) = &stay.way_in
        {
            course.treat(stay.opens, referral, referred);
        }
        course.run();
        match stay.fate {
            Fate::Passive {
                since,
                agreed: true,
            } => {
                let day = since.plus(self.dice.between(1, 20)).min(last);
                self.tell(day, C::BecomePassive(BecamePassive {}));
            }
            Fate::Ended(end) => {
                self.tell_across(
                    end.on,
                    end.told,
                    C::EndParticipation(ParticipationEnded {
                        reason: end.reason,
                        learned: end.learned,
                    }),
                );
                self.veileder = None;
            }
            _ => {}
        }
    }

    fn enter(&mut self, stay: &Stay) -> Option<OpenReferral> {
        match &stay.way_in {
            WayIn::Referred(referred) => Some(self.be_referred(stay.opens, referred)),
            WayIn::Own { through } => {
                let department = self.department.clone();
                let channels = self.channels(through.is_some());
                let situation = self.situation();
                let command = if self.is_blank() {
                    let (name, contact) =
                        names::person(&mut self.dice, self.person.0, &mut self.words);
                    C::MakeFirstContact(FirstContactMade {
                        department,
                        channels,
                        through: through.clone(),
                        situation,
                        referral_id: None,
                        name: Some(name),
                        contact: Some(contact),
                    })
                } else {
                    C::ReEnter(ReEntered {
                        department,
                        channels,
                        through: through.clone(),
                        situation,
                        referral_id: None,
                    })
                };
                self.tell(stay.opens, command);
                None
            }
        }
    }

    fn channels(&mut self, through_unit: bool) -> Vec<Channel> {
        let first = if through_unit {
            self.dice.pick(&[
                Channel::TherapistOrPrisonStaff,
                Channel::InstitutionVisit,
                Channel::BlaKorsUnit,
            ])
        } else {
            self.dice.pick(&[
                Channel::MunicipalStaff,
                Channel::OtherParticipants,
                Channel::OtherParticipants,
                Channel::Other,
            ])
        };
        let mut channels = vec![first];
        if self.dice.chance(20) && first != Channel::OtherParticipants {
            channels.push(Channel::OtherParticipants);
        }
        channels
    }

    fn situation(&mut self) -> Option<Situation> {
        self.dice.weigh(&[
            (30, Some(Situation::AfterTreatment)),
            (15, Some(Situation::Untreated)),
            (10, Some(Situation::OutPatient)),
            (8, Some(Situation::AfterSentence)),
            (5, Some(Situation::BeforeTreatment)),
            (4, Some(Situation::NextOfKin)),
            (6, Some(Situation::MildMentalIllness)),
            (22, None),
        ])
    }

    /// From the first contact to the beginning of participation, as far as the stay comes.
    fn walk_in(&mut self, stay: &Stay, referral: Option<&OpenReferral>, last: Day) -> Option<Day> {
        let so_far = match stay.fate {
            Fate::Incoming(so_far) => Some(so_far),
            Fate::Closed { .. } => Some(self.dice.pick(&[
                Incoming::Contacted,
                Incoming::Booked,
                Incoming::Booked,
                Incoming::Talked,
                Incoming::Mapped,
            ])),
            _ => None,
        };
        let begun = self.steps_in(stay, referral, last, so_far);
        if let Fate::Closed { on, reason } = stay.fate {
            let told = on.plus(self.dice.below(4));
            self.tell_on(on, told, C::CloseInquiry(InquiryClosed { reason }));
        }
        begun
    }

    fn steps_in(
        &mut self,
        stay: &Stay,
        referral: Option<&OpenReferral>,
        last: Day,
        so_far: Option<Incoming>,
    ) -> Option<Day> {
        let mut day = stay.opens;
        if so_far == Some(Incoming::Unanswered) {
            return None;
        }
        if let Some(referral) = referral
            && let WayIn::Referred(referred) = &stay.way_in
        {
            day = day.plus(self.dice.between(1, 8)).min(last);
            self.be_welcomed(day, referral, referred.situation);
        }
        if so_far == Some(Incoming::Contacted) {
            return None;
        }
        let booked = so_far == Some(Incoming::Booked) || self.dice.chance(88);
        let talk = if so_far == Some(Incoming::Booked) {
            day.plus(self.dice.between(5, 20))
        } else {
            day.plus(self.dice.between(2, 14)).min(last)
        };
        if booked {
            let late = if self.dice.chance(15) { 2 } else { 0 };
            let told = day.plus(late).min(talk).min(last);
            self.tell(
                told,
                C::BookFirstConversation(FirstConversationBooked { on: talk }),
            );
        }
        if so_far == Some(Incoming::Booked) {
            return None;
        }
        self.tell(talk, C::HoldFirstConversation(FirstConversationHeld {}));
        if so_far == Some(Incoming::Talked) {
            return None;
        }
        let mapped = match self.dice.below(3) {
            0 => talk,
            _ => talk.plus(self.dice.between(1, 16)).min(last),
        };
        let kartlegging = KartleggingDone {
            wishes: self.wishes(),
            network_mapped: self.dice.chance(35),
        };
        self.tell(mapped, C::CompleteKartlegging(kartlegging));
        if so_far == Some(Incoming::Mapped) {
            return None;
        }
        let begun = mapped.plus(self.dice.between(0, 9)).min(last);
        if self.dice.chance(94) {
            let veileder = self.some_veileder(begun);
            // Half of them have met their veileder before.
            let day = if self.dice.chance(50) { mapped } else { begun };
            self.tell_on(day, begun, C::AssignVeileder(VeilederAssigned { veileder }));
            self.veileder = Some(veileder);
        }
        self.tell(begun, C::BeginParticipation(ParticipationBegun {}));
        Some(begun)
    }

    fn wishes(&mut self) -> Vec<SupportWish> {
        let count = self.dice.between(1, 5);
        let mut wishes: Vec<_> = (0..count).map(|_| self.dice.pick(WISHES)).collect();
        wishes.sort_unstable();
        wishes.dedup();
        wishes
    }

    /// A veileder who works at the department on `day`.
    pub(super) fn some_veileder(&mut self, day: Day) -> domain::words::StaffId {
        let veiledere = &self.scene.at(&self.department).veiledere;
        let there = if day < self.scene.turnover {
            &veiledere[..veiledere.len() - 1]
        } else {
            &veiledere[1..]
        };
        self.dice.pick(there)
    }
}
