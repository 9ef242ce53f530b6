//! The rules of the programme, by the ids that the domain's own documentation gives them.
//!
//! Each is kept in one of three ways: a decider refuses what would break it, a read model shows
//! what it asks to be done, or the shape of the data leaves no room for breaking it.

use std::fmt;

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Its id, such as `D12`.
    pub id: &'static str,
    /// Its short name, stable for ever: the last part of a problem's `type`.
    pub slug: &'static str,
    /// What it says, in English.
    pub en: &'static str,
    /// What it says, in Norwegian.
    pub nb: &'static str,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

macro_rules! rules {
    ($(#[doc = $all_doc:literal])+ $all:ident: $($id:ident $slug:literal $en:literal $nb:literal;)+) => {
        $(
            #[doc = $en]
            pub const $id: Rule = Rule { id: stringify!($id), slug: $slug, en: $en, nb: $nb };
        )+
        $(#[doc = $all_doc])+
        pub const $all: &[Rule] = &[$($id),+];
    };
}

rules! {
    /// The programme's rules, in the order of their ids.
    PROGRAMME:
    D1 "contact-needs-no-referral"
        "Contact needs no referral, decision or fee."
        "Kontakt krever verken henvisning, vedtak eller betaling.";
    D2 "no-waiting-list"
        "There is no waiting list: the first conversation is booked at contact."
        "Det er ingen venteliste: første samtale avtales ved kontakt.";
    D3 "entry-channel-is-recorded"
        "How a person came into contact is always recorded; several ways may be named."
        "Hvordan personen kom i kontakt, registreres alltid; flere veier kan oppgis.";
    D4 "a-referral-is-a-proposal"
        "A referral is a proposal; only the person's yes makes it an inquiry."
        "En henvisning er et forslag; bare personens ja gjør den til en henvendelse.";
    D5 "no-information-without-the-patient"
        "Nothing is told about a patient without the patient's consent, and withdrawal stops everything at once."
        "Ingenting fortelles om en pasient uten samtykke, og tilbaketrekking stopper alt med én gang.";
    D6 "all-may-take-part"
        "Before, during or after treatment, untreated, serving or after a sentence, next of kin, or with mild mental illness only: all may take part."
        "Før, under eller etter behandling, ubehandlet, under eller etter soning, pårørende, eller bare med lettere psykisk lidelse: alle kan delta.";
    D7 "be-ready-before-discharge"
        "A known discharge date means being ready before it."
        "En kjent utskrivningsdato betyr å være klar før den.";
    D8 "in-patients-begin-with-a-joint-conversation"
        "Contact with an in-patient starts with a joint conversation."
        "Kontakt med en innlagt pasient starter med en felles samtale.";
    D9 "not-now-is-never-a-dead-end"
        "A declined referral has a reason and a way onward."
        "Et «ikke nå» har en grunn og en vei videre.";
    D10 "interest-is-not-participation"
        "Interest is not participation; both are counted."
        "Interesse er ikke deltakelse; begge telles.";
    D11 "the-way-in-has-an-order"
        "Inquiry, conversation, mapped, participant, ended: each step follows those before it."
        "Henvendelse, samtale, kartlagt, deltaker, avsluttet: hvert steg følger de før.";
    D12 "relapse-never-ends-participation"
        "Relapse pauses and asks for contact; it never ends participation."
        "Tilbakefall setter på pause og ber om kontakt; det avslutter aldri deltakelsen.";
    D13 "passive-is-legitimate"
        "To be passive, on the list, is legitimate."
        "Å være passiv, å stå på lista, er helt i orden.";
    D14 "an-end-says-why-and-how-it-was-learned"
        "An end has a date, a reason and how it was learned; relapse as a reason needs an attempt at contact first."
        "En avslutning har dato, grunn og hvordan den ble kjent; tilbakefall som grunn krever et forsøk på kontakt først.";
    D15 "a-return-opens-a-new-stay"
        "A return after the end opens a new stay; a transfer moves open tasks with it."
        "Å komme tilbake etter avslutning åpner et nytt opphold; overføring tar med åpne oppgaver.";
    D16 "contact-is-logged-minimally"
        "Contact is logged minimally: channel, with whom, date."
        "Kontakt føres minimalt: kanal, med hvem, dato.";
    D17 "kartlegging-comes-first"
        "Kartlegging comes before plan, match and oppdrag."
        "Kartlegging kommer før plan, kobling og oppdrag.";
    D18 "goals-are-the-participants-own"
        "Goals are the participant's own; each records that they agreed."
        "Målene er deltakerens egne; hvert mål viser at deltakeren er enig.";
    D19 "no-plan-is-a-choice"
        "No plan by choice is a state, not an overdue task."
        "Ingen plan etter eget valg er en tilstand, ikke en forsinket oppgave.";
    D20 "wishes-use-the-surveys-words"
        "Support wishes use the survey's vocabulary."
        "Ønsker om støtte bruker spørreundersøkelsens ord.";
    D21 "not-sure-is-an-answer"
        "Every scale keeps \"not sure\" and \"no answer\"."
        "Alle skalaer har «vet ikke» og «ikke svart».";
    D22 "with-not-for"
        "Staff do things with the participant, not for them."
        "Ansatte gjør ting sammen med deltakeren, ikke for dem.";
    D23 "one-veileder-at-a-time"
        "A participant has at most one veileder at a time; a change needs no reason."
        "En deltaker har høyst én veileder om gangen; et bytte trenger ingen grunn.";
    D24 "no-journal"
        "This is no journal: no diagnosis, and what is written is short and never about treatment."
        "Dette er ingen journal: ingen diagnoser, og det som skrives er kort og aldri om behandling.";
    D25 "a-suggestion-says-why"
        "A suggested tidgiver rests on needs, goals, interests, availability and language, and says why."
        "Et forslag om tidgiver bygger på behov, mål, interesser, tid og språk, og sier hvorfor.";
    D26 "never-pressed"
        "Readiness comes before any tidgiver; for in-patients the institution also says yes."
        "Deltakeren er klar før en tidgiver foreslås; for innlagte sier også institusjonen ja.";
    D27 "an-oppdrag-is-bounded"
        "An oppdrag has purpose, start, review and end; the review comes soon, the end within a year, and more is a new decision."
        "Et oppdrag har formål, start, evaluering og slutt; evalueringen kommer snart, slutten innen et år, og mer er en ny beslutning.";
    D28 "an-oppdrag-starts-with-a-conversation-of-three"
        "An oppdrag starts with a conversation of three."
        "Et oppdrag starter med en samtale mellom tre.";
    D29 "both-accept-the-ground-rules"
        "Participant and tidgiver both accept the ground rules."
        "Både deltaker og tidgiver godtar kjørereglene.";
    D30 "a-tidgiver-is-interviewed-trained-and-approved"
        "A tidgiver is interviewed, trained and approved first."
        "En tidgiver blir intervjuet, opplært og godkjent først.";
    D31 "several-tidgivere-are-normal"
        "Several tidgivere at once or over time are normal."
        "Flere tidgivere samtidig eller over tid er vanlig.";
    D32 "follow-up-depends-on-the-kind"
        "How often an oppdrag is followed up depends on its kind."
        "Hvor ofte et oppdrag følges opp, avhenger av typen.";
    D33 "an-offer-has-one-winner"
        "A broadcast offer has exactly one winner and reveals no identity."
        "Et utsendt oppdrag har nøyaktig én som får det, og røper ingen identitet.";
    D34 "a-tidgiver-sees-no-background"
        "A tidgiver sees no background and no treatment data."
        "En tidgiver ser verken bakgrunn eller opplysninger om behandling.";
    D35 "a-safety-concern-escalates-at-once"
        "A safety concern escalates at once and must be acknowledged in time."
        "En bekymring om sikkerhet løftes med én gang og må bekreftes i tide.";
    D36 "repeated-cancellations-raise-an-alert"
        "Repeated cancellations raise an alert."
        "Gjentatte avlysninger gir et varsel.";
    D37 "a-swap-is-easy"
        "To change tidgiver is easy both ways."
        "Det er enkelt å bytte tidgiver, begge veier.";
    D38 "departments-differ"
        "Departments differ in what they offer; duties attach to roles, not people."
        "Avdelinger tilbyr ulike ting; oppgaver følger roller, ikke personer.";
    D39 "ordinary-arenas-first"
        "Ordinary arenas come first; the ratio to own offers is reported."
        "Vanlige arenaer kommer først; forholdet til egne tilbud rapporteres.";
    D40 "joining-attending-completing"
        "Joining, attending and completing a programme are three things."
        "Å bli med, møte opp og fullføre et program er tre ting.";
    D41 "a-cooperation-is-anchored"
        "A cooperation has anchoring, structure, a named coordinator, and an agreement or its absence; visits are events."
        "Et samarbeid har forankring, struktur, en navngitt koordinator, og en avtale eller mangel på den; besøk er hendelser.";
    D42 "after-a-sentence-by-choice"
        "Serving a sentence ends with \"continued by choice\" or not."
        "Soning avsluttes med «fortsatte etter eget valg» eller ikke.";
}

rules! {
    /// What any record asks of what is told to it, whatever the programme.
    GENERAL:
    G1 "unit-is-registered"
        "A unit that is named is registered, and is of the kind that its part asks for."
        "En enhet som nevnes, er registrert, og av den typen rollen krever.";
    G2 "dates-are-in-order"
        "Nothing lies before the beginning of what it belongs to."
        "Ingenting ligger før begynnelsen på det det hører til.";
    G3 "a-name-is-given-once"
        "An id names one thing, for ever."
        "En id er navnet på én ting, for alltid.";
    G4 "what-is-named-is-known"
        "A fact about something names something that is known and still open."
        "Et faktum om noe nevner noe som er kjent og fortsatt åpent.";
    G5 "told-when-it-has-happened"
        "What is told has happened: a fact does not lie in the future."
        "Det som fortelles, har hendt: et faktum ligger ikke i framtiden.";
    G6 "told-of-living-memory"
        "What is told is of living memory: nothing happened before 1900."
        "Det som fortelles, er i manns minne: ingenting hendte før 1900.";
    G7 "what-others-rest-on-stands"
        "An entry on which others rest is retracted after them."
        "En oppføring som andre hviler på, trekkes tilbake etter dem.";
    G8 "what-happens-once-is-told-once"
        "What happens once is told once: another day is a correction."
        "Det som hender én gang, fortelles én gang: en annen dag er en rettelse.";
    G9 "a-count-is-within-reason"
        "A count of heads is one that a unit can reach: at most 100,000."
        "Et antall hoder er et som en enhet kan nå: høyst 100 000.";
}

/// Every rule.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    PROGRAMME.iter().chain(GENERAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_each_other_and_names_are_unique() {
        for (index, rule) in PROGRAMME.iter().enumerate() {
            assert_eq!(rule.id, format!("D{}", index + 1));
        }
        let names: std::collections::HashSet<_> = all().map(|rule| rule.slug).collect();
        assert_eq!(names.len(), PROGRAMME.len() + GENERAL.len());
    }
}
