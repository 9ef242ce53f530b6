//! What can happen to a unit, and the commands that tell of it.

use crate::{es::Day, shape::payload, words::UnitKind};

payload! {
    /// A unit takes part.
    UnitRegistered {
        /// What kind of organisation it is.
        kind: UnitKind,
        /// Whether it offers each participant a tidgiver of their own by default (rule D38).
        offers_individual_tidgiver: bool,
    }
}
payload! {
    /// A unit's own figures. Participants are not among them: they are always counted.
    KeyFiguresReported {
        /// The day they hold for.
        on: Day,
        /// Employees.
        employees: u32,
        /// Full-time equivalents, in hundredths (620 is 6.2).
        full_time_equivalents_hundredths: u32,
        /// Tidgivere, from a unit that keeps no records of its own of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tidgivere: Option<u32>,
    }
}

crate::es::catalogue! {
    stream "unit";
    /// What can happen to a unit.
    facts UnitFact;
    /// What can be asked to be recorded of a unit.
    commands UnitCommand;

    /// A unit takes part.
    "unit-registered" v 1 = UnitRegistered, asked by "register-unit" RegisterUnit;
    /// A unit's own figures.
    "key-figures-reported" v 1 = KeyFiguresReported, asked by "report-key-figures" ReportKeyFigures;
}
crate::es::catalogue!(@events UnitFact);
