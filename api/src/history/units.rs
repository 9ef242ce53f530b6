//! The units that take part: departments, institutions, street-level services and others.

use domain::{
    unit::{UnitCommand, UnitRegistered},
    words::{UnitId, UnitKind},
};

use super::Deed;

pub(super) const OSLO: &str = "stegforsteg-oslo";
pub(super) const KRISTIANSAND: &str = "stegforsteg-kristiansand";
pub(super) const BERGEN: &str = "stegforsteg-bergen";
pub(super) const FREDRIKSTAD: &str = "stegforsteg-fredrikstad";
pub(super) const DRAMMEN: &str = "stegforsteg-drammen";
pub(super) const STAVANGER: &str = "stegforsteg-stavanger";

pub(super) const LOLAND: &str = "loland";
pub(super) const SLEMDAL: &str = "slemdal";
pub(super) const POLYCLINIC: &str = "poliklinikk-oslo";
pub(super) const ARA: &str = "sorlandet-sykehus-ara";

/// The departments, each with the other units of its neighbourhood.
pub(super) const DEPARTMENTS: [(&str, &[&str]); 6] = [
    (OSLO, &["kontaktsenteret-oslo", "kriminalomsorgen", "nav"]),
    (
        KRISTIANSAND,
        &["barnas-stasjon-kristiansand", "kriminalomsorgen", "nav"],
    ),
    (BERGEN, &["dagsenter-bergen", "kommune", "nav"]),
    (FREDRIKSTAD, &["varmestua-fredrikstad", "kommune", "nav"]),
    (DRAMMEN, &["kommune", "nav", "kriminalomsorgen"]),
    (STAVANGER, &["kommune", "kriminalomsorgen", "other"]),
];

const INSTITUTIONS: [&str; 3] = [LOLAND, SLEMDAL, POLYCLINIC];
const STREET_LEVEL: [&str; 6] = [
    "kontaktsenteret-oslo",
    "varmestua-fredrikstad",
    "dagsenter-bergen",
    "hjerterom-alta",
    "huset-horten",
    "kafe-kampen-gjovik",
];
const OTHERS: [&str; 6] = [
    ARA,
    "barnas-stasjon-kristiansand",
    "kriminalomsorgen",
    "nav",
    "kommune",
    "other",
];

/// The unit of a short name.
pub(super) fn unit(name: &str) -> UnitId {
    name.parse()
        .expect("the names written here are short names of units")
}

/// The registration of every unit.
pub(super) fn registrations() -> Vec<Deed> {
    let departments = DEPARTMENTS.map(|(name, _)| (name, UnitKind::Department));
    let institutions = INSTITUTIONS.map(|name| (name, UnitKind::TreatmentInstitution));
    let street_level = STREET_LEVEL.map(|name| (name, UnitKind::StreetLevelService));
    let others = OTHERS.map(|name| (name, UnitKind::Other));
    departments
        .into_iter()
        .chain(institutions)
        .chain(street_level)
        .chain(others)
        .map(|(name, kind)| {
            Deed::Unit(
                unit(name),
                UnitCommand::RegisterUnit(UnitRegistered {
                    kind,
                    // Kristiansand offers none by default.
                    offers_individual_tidgiver: kind == UnitKind::Department
                        && name != KRISTIANSAND,
                }),
            )
        })
        .collect()
}
