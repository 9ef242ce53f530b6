//! What can be wrong with a request whatever it asks.

use axum::http::StatusCode;

use super::{Problem, Text};

/// A reason that is no rule of the programme.
#[derive(Debug, PartialEq, Eq)]
pub struct General {
    /// Its short name, stable for ever: the last part of a problem's `type`.
    pub slug: &'static str,
    /// The status it is told with.
    pub status: StatusCode,
    /// Seconds after which to try again, if that helps.
    pub retry_after: Option<u32>,
    /// What it means.
    pub title: Text,
}

macro_rules! generals {
    ($($name:ident $slug:literal $status:ident $(retry $seconds:literal)? $en:literal $nb:literal;)+) => {
        $(
            #[doc = $en]
            pub static $name: General = General {
                slug: $slug,
                status: StatusCode::$status,
                retry_after: generals!(@option $($seconds)?),
                title: Text::of($en, $nb),
            };
        )+
        /// Every general reason.
        pub static ALL: &[&General] = &[$(&$name),+];
    };
    (@option) => { None };
    (@option $value:literal) => { Some($value) };
}

generals! {
    MALFORMED_JSON "malformed-json" BAD_REQUEST
        "The body is not JSON."
        "Innholdet er ikke JSON.";
    INVALID_UTF8 "invalid-utf-8" BAD_REQUEST
        "The text is not UTF-8."
        "Teksten er ikke UTF-8.";
    DUPLICATE_FIELD "duplicate-field" BAD_REQUEST
        "A field is told twice: nobody knows which is meant."
        "Et felt er fortalt to ganger: ingen vet hvilket som gjelder.";
    TOO_DEEP "too-deeply-nested" BAD_REQUEST
        "The JSON is nested too deeply."
        "JSON-innholdet er nøstet for dypt.";
    INVALID_HEADER "invalid-header" BAD_REQUEST
        "A header cannot be understood."
        "Et felt i hodet kan ikke forstås.";
    UNAUTHORIZED "not-signed-in" UNAUTHORIZED
        "A valid token is needed."
        "Det trengs et gyldig adgangstegn.";
    FOR_ANOTHER "speaks-for-another" FORBIDDEN
        "The token speaks for another unit than the event."
        "Adgangstegnet taler for en annen enhet enn hendelsen.";
    NOT_FOUND "not-found" NOT_FOUND
        "There is nothing here for you."
        "Her er det ingenting for deg.";
    METHOD_NOT_ALLOWED "method-not-allowed" METHOD_NOT_ALLOWED
        "This address does not take this method."
        "Denne adressen tar ikke imot denne metoden.";
    STALE "stale-version" PRECONDITION_FAILED
        "The record has changed since it was seen."
        "Det er skrevet noe nytt siden du så det.";
    TOO_LARGE "body-too-large" PAYLOAD_TOO_LARGE
        "The body is larger than what is taken."
        "Innholdet er større enn det som tas imot.";
    UNSUPPORTED_MEDIA "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE
        "This media type is not understood here."
        "Denne medietypen forstås ikke her.";
    INVALID_DATA "invalid-data" UNPROCESSABLE_ENTITY
        "The data do not have the shape that is asked for."
        "Dataene har ikke formen det bes om.";
    INVALID_PARAMETER "invalid-parameter" UNPROCESSABLE_ENTITY
        "A parameter cannot be understood."
        "Et parameter kan ikke forstås.";
    WITHHELD "withheld" UNPROCESSABLE_ENTITY
        "Figures that could point persons out are withheld."
        "Tall som kunne peke ut personer, holdes tilbake.";
    NOT_YET "not-yet" UNPROCESSABLE_ENTITY
        "Nothing can be told of the future."
        "Om framtiden kan ingenting fortelles.";
    UNKNOWN_KIND "unknown-kind" UNPROCESSABLE_ENTITY
        "No such kind of event is known here."
        "Ingen slik hendelsestype er kjent her.";
    UNKNOWN_VERSION "unknown-version" UNPROCESSABLE_ENTITY
        "No such version of this kind of event is known."
        "Ingen slik versjon av denne hendelsestypen er kjent.";
    TIME_RUNS_BACKWARDS "recorded-at-decreases" UNPROCESSABLE_ENTITY
        "Times of recording never decrease in the log."
        "Registreringstidene i loggen går aldri bakover.";
    TOO_MANY_REQUESTS "too-many-requests" TOO_MANY_REQUESTS retry 1
        "This client asks more often than it may. Wait as long as Retry-After says."
        "Denne klienten spør oftere enn den får. Vent så lenge som Retry-After sier.";
    NOT_CAUGHT_UP "not-caught-up" SERVICE_UNAVAILABLE retry 1
        "The read models have not reached the position asked for."
        "Lesemodellene har ikke nådd posisjonen det spørres etter.";
    BUSY "busy" SERVICE_UNAVAILABLE retry 1
        "Others write here just now; try again."
        "Andre skriver her akkurat nå; prøv igjen.";
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE retry 5
        "The service cannot answer just now."
        "Tjenesten kan ikke svare akkurat nå.";
    TOO_SLOW "took-too-long" SERVICE_UNAVAILABLE retry 5
        "The answer took too long."
        "Svaret tok for lang tid.";
    INTERNAL "internal-error" INTERNAL_SERVER_ERROR
        "Something is wrong with the service."
        "Noe er galt med tjenesten.";
}

impl From<&'static General> for Problem {
    fn from(general: &'static General) -> Self {
        Self::general(general)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_general_reason_takes_the_name_of_another_or_of_a_rule() {
        let mut names: Vec<_> = ALL.iter().map(|general| general.slug).collect();
        names.extend(domain::rules::all().map(|rule| rule.slug));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
