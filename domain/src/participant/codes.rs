//! The closed lists of words that a participant's events are told in.

use crate::shape::code;

code! {
    /// How a person came into contact (rule D3); several at once are normal.
    Channel {
        /// Municipal staff.
        MunicipalStaff,
        /// A therapist or prison staff.
        TherapistOrPrisonStaff,
        /// Other participants.
        OtherParticipants,
        /// Steg for Steg visiting an institution.
        InstitutionVisit,
        /// Another unit of Blå Kors.
        BlaKorsUnit,
        /// Any other way.
        Other,
    }
}

code! {
    /// What a person wishes support with: the survey's own options (rule D20).
    SupportWish {
        /// A social network free of substances.
        SubstanceFreeNetwork,
        /// Walks and outdoor life.
        OutdoorActivities,
        /// Culture and other leisure.
        CultureAndLeisure,
        /// Training and sport.
        Sport,
        /// Education.
        Education,
        /// Work.
        Work,
        /// A home.
        Housing,
        /// Personal finances.
        Finances,
        /// Company through shared activities.
        SocialActivities,
        /// Somebody to talk with.
        SomebodyToTalkWith,
        /// Contact with NAV or other services.
        PublicServices,
        /// Mapping of the social network (nettverkskartlegging).
        NetworkMapping,
        /// A plan with goals of one's own.
        PlanWithOwnGoals,
    }
}

code! {
    /// Why an inquiry came to nothing.
    InquiryClosure {
        /// The person no longer wished it.
        NoLongerWished,
        /// The person could not be reached.
        NotReached,
        /// Something else fitted better.
        OtherOfferFitted,
        /// The person moved.
        Moved,
        /// The person died.
        Death,
    }
}

code! {
    /// What a consent is for.
    ConsentPurpose {
        /// That an institution and Steg for Steg cooperate about the person.
        Cooperation,
        /// That a treatment phase is recorded.
        TreatmentPhase,
        /// That an institution is told what came of its referral.
        ReferralStatus,
    }
}

code! {
    /// The form in which a plan (tiltaksplan) is kept.
    PlanForm {
        /// On paper or screen.
        Written,
        /// A photographed board.
        PhotographedBoard,
        /// Agreed aloud.
        Oral,
    }
}

code! {
    /// How far a goal has come, by the participant's own judgement (rule D21: "not sure" is an
    /// answer, and so is none).
    Progress {
        /// Not at all.
        NotAtAll,
        /// To a small degree.
        Small,
        /// Neither nor.
        Neither,
        /// To a large degree.
        Large,
        /// To a very large degree.
        VeryLarge,
        /// Not sure.
        NotSure,
        /// No answer.
        NoAnswer,
    }
}

code! {
    /// Through what a contact was (rule D16).
    ContactChannel {
        /// Text message.
        Sms,
        /// Telephone.
        Phone,
        /// Video or chat.
        Digital,
        /// A meeting.
        Meeting,
        /// An activity.
        Activity,
        /// A theme gathering.
        ThemeGathering,
    }
}

code! {
    /// With whom a contact was.
    ContactWith {
        /// The veileder or another employee.
        Veileder,
        /// A tidgiver.
        Tidgiver,
    }
}

code! {
    /// Where an activity took place (rule D39).
    Arena {
        /// Somewhere open to everybody.
        Ordinary,
        /// An offer of Steg for Steg's own.
        OwnOffer,
    }
}

code! {
    /// Whether a participant wishes a tidgiver now (rule D26).
    Readiness {
        /// Yes.
        Ready,
        /// Not yet.
        NotYet,
        /// Does not want one.
        DoesNotWant,
    }
}

code! {
    /// What kind of assignment it is; it decides how often it is followed up (rule D32).
    OppdragKind {
        /// A short practical task.
        ShortPractical,
        /// A longer practical task.
        LongPractical,
        /// Company.
        Social,
    }
}

code! {
    /// What a match rests on (rule D25).
    MatchReason {
        /// What the participant needs.
        Needs,
        /// The participant's goals.
        Goals,
        /// Shared interests.
        Interests,
        /// Time that fits.
        Availability,
        /// A shared language.
        Language,
    }
}

code! {
    /// Who cancelled a meeting.
    CancelledBy {
        /// The participant.
        Participant,
        /// The tidgiver.
        Tidgiver,
    }
}

code! {
    /// Why an assignment ended.
    OppdragEnd {
        /// Its purpose was reached.
        PurposeReached,
        /// The two did not fit.
        NoMatch,
        /// The participant wished it.
        ParticipantsWish,
        /// The tidgiver wished it.
        TidgiversWish,
        /// Its time was up.
        TimeIsUp,
    }
}

code! {
    /// Where a person is in a treatment.
    TreatmentPhase {
        /// Waiting for it.
        Before,
        /// In it.
        During,
        /// On the way out.
        Discharge,
        /// Afterwards.
        After,
    }
}

code! {
    /// How a sentence is served.
    SentenceForm {
        /// In an institution, by § 12.
        Section12,
        /// At home, with electronic monitoring.
        ElectronicMonitoring,
        /// The narcotics programme with court control.
        NarcoticsProgramme,
        /// Community sentence.
        CommunitySentence,
    }
}

code! {
    /// Why a participation ended (rule D14).
    EndReason {
        /// Goals were reached, or the person moved on.
        GoalsReachedOrMovedOn,
        /// It faded out.
        FadedOut,
        /// A relapse; contact was tried first.
        Relapse,
        /// Illness.
        Illness,
        /// It was not for the person.
        NotForMe,
        /// Another offer.
        OtherOffer,
        /// Death.
        Death,
        /// No contact since (a clean-up of the list).
        NoContactSince,
    }
}

code! {
    /// How an end was learned (rule D14).
    Learned {
        /// From the participant.
        FromParticipant,
        /// From somebody close.
        FromNextOfKin,
        /// From another unit, with consent.
        FromUnit,
        /// From a tidgiver.
        FromTidgiver,
        /// By attempts at contact that were not answered.
        ByUnansweredContact,
        /// By a review of the list.
        ByReview,
    }
}
