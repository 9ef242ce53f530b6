//! What all queries share: who asks, for which day, as known at which moment, and how fresh.

use std::collections::BTreeMap;

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use domain::{
    es::{Day, OccurredAt, Position, RecordedAt},
    words::UnitId,
};
use infra::read_store::ReadStoreError;
use projections::{Answer, Ask, AskError, Cursor, PageSize, Question};
use schemars::{JsonSchema, SchemaGenerator};

use super::{
    Answered, Callers, Operation, Parameter, Service,
    progress::{self, Listener},
};
use crate::{
    app::Application,
    auth::{
        Principal, Purpose, callers,
        rights::{self, Sight},
    },
    problem::{self, Language, Problem, Text, general},
};

/// Parameters that every query takes.
const COMMON: [Parameter; 3] = [
    Parameter::query(
        "as_of",
        "A day in the world (Europe/Oslo, inclusive), by when things happened; today if not told, and no later.",
        "date",
    ),
    Parameter::query(
        "known_at",
        "A moment, by when things became known; a date is its end. Now if not told, and no later.",
        "date-time",
    ),
    Parameter::query(
        "min_position",
        "Wait until the read models show this position of the log.",
        "integer",
    ),
];
/// Parameters of lists.
pub(super) const PAGED: [Parameter; 2] = [
    Parameter::query(
        "cursor",
        "Where the next page begins: `next_cursor` of the last.",
        "",
    ),
    Parameter::query(
        "limit",
        "Items on a page, 1 to 500; 50 if not told.",
        "integer",
    ),
];

/// Of which days a release tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Released {
    /// Of each month's end: who stands where changes to and fro.
    MonthEnds,
    /// Of the last one only: what was counted once is counted for ever, so two days could be
    /// subtracted.
    LastMonthEnd,
}

/// A question that came in.
pub(super) struct Asked {
    pub(super) who: Principal,
    /// In which sentences are told.
    pub(super) language: Language,
    ask: Ask,
    min_position: Option<Position>,
    parameters: BTreeMap<String, String>,
    /// Who wants to hear how far the tables are.
    listener: Option<Listener>,
}

impl FromRequestParts<Service> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let who = Principal::from_request_parts(parts, service).await?;
        let Query(told) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::general(&general::INVALID_PARAMETER))?;
        let mut parameters = each_once(told)?;
        let as_of = taken(&mut parameters, "as_of", str::parse::<Day>, A_DAY)?;
        let known_at = taken(
            &mut parameters,
            "known_at",
            str::parse::<OccurredAt>,
            A_MOMENT,
        )?;
        let now = service.app.clock.now();
        if as_of.is_some_and(|day| day > now.day()) {
            return Err(not_yet("as_of", now));
        }
        if known_at.is_some_and(|at| is_future(at, now)) {
            return Err(not_yet("known_at", now));
        }
        let min_position = taken(&mut parameters, "min_position", str::parse::<u64>, A_NUMBER)?;
        Ok(Self {
            who,
            language: Language::of_headers(&parts.headers).unwrap_or(Language::English),
            ask: Ask {
                as_of,
                known_at: known_at.map(end_of),
            },
            min_position: min_position.map(Position),
            parameters,
            listener: parts.extensions.get().cloned(),
        })
    }
}

/// The parameters by their names. Of two of one name nobody knows which is meant.
fn each_once(told: Vec<(String, String)>) -> Result<BTreeMap<String, String>, Problem> {
    let mut parameters = BTreeMap::new();
    for (name, value) in told {
        if parameters.contains_key(&name) {
            let detail = Text::of("a parameter is told once", "et parameter fortelles én gang");
            return Err(wrong(&name, detail));
        }
        parameters.insert(name, value);
    }
    Ok(parameters)
}

/// A date means the end of that day.
fn end_of(known_at: OccurredAt) -> RecordedAt {
    match known_at {
        OccurredAt::Day(day) => RecordedAt(day.ends()),
        OccurredAt::Moment(moment) => RecordedAt(moment),
    }
}

const A_DAY: Text = Text::of("a date: 2020-12-31", "en dato: 2020-12-31");
const A_MOMENT: Text = Text::of(
    "a moment with its time zone (2020-12-31T12:00:00Z), or a date",
    "et tidspunkt med tidssone (2020-12-31T12:00:00Z), eller en dato",
);
const A_NUMBER: Text = Text::of("a whole number from 0", "et helt tall fra 0");
const A_PAGE_SIZE: Text = Text::of("a number from 1 to 500", "et tall fra 1 til 500");
const A_UNIT: Text = Text::of(
    "a unit's short name: stegforsteg-oslo",
    "en enhets kortnavn: stegforsteg-oslo",
);

fn wrong(name: &str, detail: Text) -> Problem {
    Problem::general(&general::INVALID_PARAMETER).at(format!("/{name}"), detail)
}

/// A question that is understood, and not answered to who sees figures in part.
fn withheld(name: &str, detail: Text) -> Problem {
    Problem::general(&general::WITHHELD)
        .detail(detail.clone())
        .at(format!("/{name}"), detail)
}

/// The future is not told of: it must not pass for what is so now.
fn not_yet(name: &str, now: RecordedAt) -> Problem {
    let detail = Text::made(
        format!("this is in the future: it is {now} here"),
        format!("dette er i framtiden: klokka her er {now}"),
    );
    Problem::general(&general::NOT_YET).at(format!("/{name}"), detail)
}

fn is_future(at: OccurredAt, now: RecordedAt) -> bool {
    match at {
        OccurredAt::Day(day) => day > now.day(),
        OccurredAt::Moment(moment) => moment > now.0,
    }
}

fn taken<T, E>(
    parameters: &mut BTreeMap<String, String>,
    name: &str,
    read: impl Fn(&str) -> Result<T, E>,
    expected: Text,
) -> Result<Option<T>, Problem> {
    parameters
        .remove(name)
        .filter(|text| !text.is_empty())
        .map(|text| read(&text).map_err(|_| wrong(name, expected)))
        .transpose()
}

impl Asked {
    /// What the asker sees of the answer; nothing is here if they may not ask.
    pub(super) fn sight(&mut self, query: rights::Query) -> Result<Sight, Problem> {
        let sight = rights::may_see(&self.who, query).ok_or(&general::NOT_FOUND)?;
        Ok(sight)
    }

    /// Who sees figures in part asks for what is released: one answer to each question, so that no
    /// two can be subtracted. A release is made when a month is over. It tells what was known at
    /// the month's end; of which days, the caller says.
    pub(super) fn of_the_release(
        &mut self,
        sight: &Sight,
        today: Day,
        told: Released,
    ) -> Result<(), Problem> {
        if !sight.suppressed {
            return Ok(());
        }
        let release = last_month_end(today);
        let as_of = self.ask.as_of.unwrap_or(release);
        let is_told = match told {
            Released::MonthEnds => as_of <= release && is_month_end(as_of),
            Released::LastMonthEnd => as_of == release,
        };
        if !is_told {
            let detail = match told {
                Released::MonthEnds => Text::made(
                    format!(
                        "figures with small counts hidden are told of ends of months up to {release}"
                    ),
                    format!(
                        "tall der små antall er skjult, fortelles for månedsslutt til og med {release}"
                    ),
                ),
                Released::LastMonthEnd => Text::made(
                    format!(
                        "counts that only grow are told, with small ones hidden, as of {release}"
                    ),
                    format!("antall som bare vokser, fortelles, med de små skjult, per {release}"),
                ),
            };
            return Err(withheld("as_of", detail));
        }
        let known_at = RecordedAt(release.ends());
        if self.ask.known_at.is_some_and(|told| told != known_at) {
            let detail = Text::made(
                format!(
                    "figures with small counts hidden are told as known at the end of {release}"
                ),
                format!(
                    "tall der små antall er skjult, fortelles slik de var kjent ved slutten av {release}"
                ),
            );
            return Err(withheld("known_at", detail));
        }
        self.ask = Ask {
            as_of: Some(as_of),
            known_at: Some(known_at),
        };
        Ok(())
    }

    /// Whether it is asked for the last day that is released.
    pub(super) fn is_of_last_month_end(&self, today: Day) -> bool {
        self.ask.as_of == Some(last_month_end(today))
    }

    /// A unit; registered, and one that the asker sees.
    pub(super) async fn unit(
        &mut self,
        name: &str,
        app: &Application,
    ) -> Result<Option<UnitId>, Problem> {
        let unit = taken(&mut self.parameters, name, str::parse::<UnitId>, A_UNIT)?;
        if let Some(unit) = &unit
            && !app.is_registered(unit).await?
        {
            return Err(problem::unregistered(unit, &format!("/{name}")));
        }
        Ok(unit)
    }

    /// A day.
    pub(super) fn day(&mut self, name: &str) -> Result<Option<Day>, Problem> {
        taken(&mut self.parameters, name, str::parse, A_DAY)
    }

    /// A window of days, from `since` to `until`.
    pub(super) fn window(&mut self) -> Result<(Option<Day>, Option<Day>), Problem> {
        let (since, until) = (self.day("since")?, self.day("until")?);
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            let detail = Text::made(
                format!("a window begins before it ends: on {until} at the latest"),
                format!("et tidsrom begynner før det slutter: senest {until}"),
            );
            return Err(wrong("since", detail));
        }
        Ok((since, until))
    }

    /// A window that is told with small counts hidden: a calendar year, or all time. Windows that
    /// overlap otherwise could be subtracted.
    pub(super) fn released_window(&mut self) -> Result<(Option<Day>, Option<Day>), Problem> {
        let window = self.window()?;
        let is_told = match window {
            (None, None) => true,
            (Some(since), Some(until)) => is_calendar_year(since, until),
            _ => false,
        };
        if is_told {
            return Ok(window);
        }
        let detail = Text::of(
            "figures with small counts hidden are told of whole calendar years \
             (since=2020-01-01&until=2020-12-31), or of all time (neither)",
            "tall der små antall er skjult, fortelles for hele kalenderår \
             (since=2020-01-01&until=2020-12-31), eller for all tid (ingen av dem)",
        );
        let told = if window.0.is_some() { "since" } else { "until" };
        Err(withheld(told, detail))
    }

    /// A year that has begun, by the day that is asked for.
    pub(super) fn year(&mut self, name: &str, now: RecordedAt) -> Result<Option<i32>, Problem> {
        use chrono::Datelike;
        let expected = Text::of("a year: 2020", "et år: 2020");
        let year = taken(&mut self.parameters, name, str::parse, expected.clone())?;
        if year.is_some_and(|year: i32| !(1900..=2999).contains(&year)) {
            return Err(wrong(name, expected));
        }
        let (today, as_of) = (now.day(), self.ask.as_of);
        if year.is_some_and(|year| year > today.0.year()) {
            return Err(not_yet(name, now));
        }
        let as_of = as_of.unwrap_or(today);
        if year.is_some_and(|year| year > as_of.0.year()) {
            let detail = Text::made(
                format!("this year has not begun by {as_of}, the day that is asked for"),
                format!("dette året er ikke begynt {as_of}, dagen det spørres om"),
            );
            return Err(wrong(name, detail));
        }
        Ok(year)
    }

    /// Which page of a list.
    pub(super) fn page(
        &mut self,
        app: &Application,
        list: &str,
    ) -> Result<(Option<Cursor>, PageSize), Problem> {
        let size = taken(&mut self.parameters, "limit", page_size, A_PAGE_SIZE)?;
        let cursor = taken(
            &mut self.parameters,
            "cursor",
            |text| unsealed(app, list, text).ok_or(()),
            Text::of(
                "a cursor is `next_cursor` of this list's last page",
                "en markør er `next_cursor` fra listas forrige side",
            ),
        )?;
        Ok((cursor, size.unwrap_or_default()))
    }

    /// Refuses what nobody has asked for: a misspelt parameter must not pass for its absence.
    pub(super) fn nothing_more(&self) -> Result<(), Problem> {
        match self.parameters.keys().next() {
            None => Ok(()),
            Some(name) => Err(wrong(
                name,
                Text::of(
                    "there is no such parameter here",
                    "det finnes ikke noe slikt parameter her",
                ),
            )),
        }
    }

    /// Refuses a day or a moment where only what is so now can be told.
    pub(super) fn only_now(&self) -> Result<(), Problem> {
        self.nothing_more()?;
        let past = [
            ("as_of", self.ask.as_of.is_some()),
            ("known_at", self.ask.known_at.is_some()),
        ];
        match past.into_iter().find(|(_, told)| *told) {
            None => Ok(()),
            Some((name, _)) => Err(wrong(
                name,
                Text::of(
                    "what stands still is told as it is now",
                    "det som står stille, fortelles slik det er nå",
                ),
            )),
        }
    }

    /// Whether it is asked for what is so now.
    pub(super) fn is_live(&self) -> bool {
        self.ask.as_of.is_none() && self.ask.known_at.is_none()
    }

    /// Asks the read models.
    pub(super) async fn answer<Q: Question>(
        &self,
        service: &Service,
        question: &Q,
    ) -> Result<Answer<Q::View>, Problem> {
        self.nothing_more()?;
        if let Some(wanted) = self.min_position
            && let Err(behind) = service.read.wait_for(wanted, service.patience).await
        {
            let (wanted, shown) = (behind.wanted, behind.shown);
            return Err(Problem::general(&general::NOT_CAUGHT_UP).at(
                "/min_position",
                Text::made(
                    format!("position {shown} is shown, not yet {wanted}"),
                    format!("posisjon {shown} vises, ennå ikke {wanted}"),
                ),
            ));
        }
        service
            .read
            .ask_telling(question, self.ask, &|progress| {
                if let Some(listener) = &self.listener {
                    listener.hear(progress);
                }
            })
            .await
            .map_err(|error| match error {
                ReadStoreError::Ask(AskError::Cursor(_)) => wrong(
                    "cursor",
                    Text::of("no cursor of this list", "ingen markør i denne lista"),
                ),
                error => {
                    crate::app::unavailable(&error);
                    Problem::general(&general::UNAVAILABLE)
                }
            })
    }
}

fn page_size(text: &str) -> Result<PageSize, ()> {
    match text.parse() {
        Ok(size @ 1..=500) => Ok(PageSize::new(size)),
        _ => Err(()),
    }
}

fn is_month_end(day: Day) -> bool {
    use chrono::Datelike;
    day.plus(1).0.day() == 1
}

/// The end of the last month that is over.
fn last_month_end(today: Day) -> Day {
    use chrono::Datelike;
    today.minus(u64::from(today.0.day()))
}

fn is_calendar_year(since: Day, until: Day) -> bool {
    use chrono::Datelike;
    since.0.ordinal() == 1 && since.0.year() == until.0.year() && until.plus(1).0.ordinal() == 1
}

/// A cursor as it is given out: nobody makes one up, or takes it to another list.
pub(super) fn sealed(app: &Application, list: &str, cursor: &str) -> String {
    let seal = app
        .secret
        .seal(Purpose::Cursor, &[list.as_bytes(), cursor.as_bytes()]);
    format!("{cursor}.{}", BASE64.encode(&seal.as_bytes()[..16]))
}

fn unsealed(app: &Application, list: &str, text: &str) -> Option<Cursor> {
    let (cursor, _) = text.split_once('.')?;
    if sealed(app, list, cursor) != text {
        return None;
    }
    cursor.parse().ok()
}

/// The operation of a query.
pub(super) fn operation<V: JsonSchema + 'static>(
    path: &str,
    id: &str,
    summary: &str,
    query: rights::Query,
    parameters: &[Parameter],
) -> Operation {
    let mut all = parameters.to_vec();
    all.extend(COMMON);
    Operation {
        method: "get",
        path: path.to_owned(),
        id: id.to_owned(),
        summary: summary.to_owned(),
        tag: "queries",
        parameters: all,
        bodies: vec![],
        answered: vec![
            Answered {
                status: 200,
                doc: "The answer, with what it shows and how it counts.",
                media: "application/json",
                shape: Some(Box::new(SchemaGenerator::subschema_for::<Answer<V>>)),
                headers: &[],
            },
            progress::answered(),
        ],
        callers: Callers::Roles(callers::of_query(query)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_on_its_last_day() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert!(is_month_end(day("2020-02-29")));
        assert!(!is_month_end(day("2020-12-30")));
        assert_eq!(last_month_end(day("2021-07-01")), day("2021-06-30"));
        assert_eq!(last_month_end(day("2020-12-31")), day("2020-11-30"));
    }

    #[test]
    fn a_calendar_year_is_whole() {
        let is_whole = |since: &str, until: &str| {
            is_calendar_year(since.parse().unwrap(), until.parse().unwrap())
        };
        assert!(is_whole("2020-01-01", "2020-12-31"));
        assert!(!is_whole("2019-01-01", "2020-12-31"));
        assert!(!is_whole("2020-01-01", "2020-12-30"));
        assert!(!is_whole("2020-01-02", "2020-12-31"));
    }
}
