//! Fictitious people: names put together at random from common ones, telephone numbers that no one
//! has, and goals in plain Norwegian. They live in the person vault alone.

use domain::es::{Field, PersonKey, VaultEntry, VaultEntryId};
use uuid::Uuid;

use super::dice::Dice;

const GIVEN: [&str; 40] = [
    "Anne", "Arne", "Aisha", "Bente", "Bjørn", "Cecilie", "Dag", "Elin", "Erik", "Eva", "Fatima",
    "Frode", "Geir", "Grete", "Hanne", "Hassan", "Heidi", "Ingrid", "Ivar", "Jan", "Jorunn",
    "Kari", "Kjell", "Lars", "Liv", "Magnus", "Mari", "Marek", "Mona", "Nils", "Odd", "Per",
    "Ragnhild", "Rune", "Siri", "Stian", "Svein", "Tone", "Trond", "Unni",
];
const FAMILY: [&str; 36] = [
    "Andersen",
    "Aas",
    "Bakke",
    "Berg",
    "Berntsen",
    "Bråten",
    "Dahl",
    "Eide",
    "Eriksen",
    "Foss",
    "Fredriksen",
    "Gulbrandsen",
    "Hagen",
    "Halvorsen",
    "Haugen",
    "Iversen",
    "Jensen",
    "Knutsen",
    "Kowalski",
    "Larsen",
    "Lie",
    "Lund",
    "Moen",
    "Myhre",
    "Nguyen",
    "Nygård",
    "Olsen",
    "Pedersen",
    "Rønning",
    "Sandvik",
    "Solberg",
    "Strand",
    "Sørensen",
    "Tangen",
    "Warsame",
    "Ødegård",
];
const GOALS: [&str; 30] = [
    "Ha noe å stå opp til om morgenen",
    "Gå tur to ganger i uka",
    "Få orden på økonomien",
    "Finne et sted å bo",
    "Ta opp igjen kontakten med familien",
    "Begynne å trene",
    "Lære å lage middag",
    "Komme i jobb noen timer i uka",
    "Søke på et kurs",
    "Få venner som ikke ruser seg",
    "Ta førerkortet",
    "Spille gitar igjen",
    "Bli med i et kor",
    "Sove bedre",
    "Ringe mamma hver søndag",
    "Bruke biblioteket",
    "Bli med på fjelltur",
    "Betale ned litt gjeld hver måned",
    "Klare en hel dag uten å tenke på rus",
    "Våge å ta bussen alene",
    "Få en avtale med tannlegen",
    "Fullføre videregående",
    "Bli med på fotballtrening",
    "Ha ungene på besøk i helgene",
    "Gjøre ferdig papirene til NAV",
    "Bli kjent med naboene",
    "Male leiligheten",
    "Lære mer norsk",
    "Ha en fast avtale hver uke",
    "Komme meg ut når jeg blir urolig",
];

/// A name and a telephone number, kept for a person: the ids under which they are found.
pub(super) fn person(
    dice: &mut Dice,
    person: Uuid,
    words: &mut Vec<VaultEntry>,
) -> (VaultEntryId, VaultEntryId) {
    let name = format!("{} {}", dice.pick(&GIVEN), dice.pick(&FAMILY));
    let contact = format!("+47 900 00 {:03}", dice.below(1000));
    (
        keep(dice, person, "name", name, words),
        keep(dice, person, "contact", contact, words),
    )
}

/// The wording of a goal.
pub(super) fn goal(dice: &mut Dice, person: Uuid, words: &mut Vec<VaultEntry>) -> VaultEntryId {
    let text = dice.pick(&GOALS).to_owned();
    keep(dice, person, "text", text, words)
}

fn keep(
    dice: &mut Dice,
    person: Uuid,
    field: &str,
    text: String,
    words: &mut Vec<VaultEntry>,
) -> VaultEntryId {
    let id = VaultEntryId(dice.uuid());
    words.push(VaultEntry {
        id,
        person: PersonKey(person),
        field: Field(field.to_owned()),
        text,
    });
    id
}
