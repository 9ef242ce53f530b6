//! The two times of a fact: when it happened, and when it became known.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Europe::Oslo;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A calendar day in Europe/Oslo, where Steg for Steg lives.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Day(pub NaiveDate);

impl Day {
    /// The first day that anything may be told of (rule G6): what lies before is a slip of the pen.
    pub const FIRST: Self = Self(NaiveDate::from_ymd_opt(1900, 1, 1).expect("1 January is a day"));

    /// The day in Oslo that holds `moment`.
    #[must_use]
    pub fn of(moment: DateTime<Utc>) -> Self {
        Self(moment.with_timezone(&Oslo).date_naive())
    }

    /// The day `days` later.
    #[must_use]
    pub fn plus(self, days: u64) -> Self {
        Self(
            self.0
                .checked_add_days(Days::new(days))
                .unwrap_or(NaiveDate::MAX),
        )
    }

    /// The day `days` earlier.
    #[must_use]
    pub fn minus(self, days: u64) -> Self {
        Self(
            self.0
                .checked_sub_days(Days::new(days))
                .unwrap_or(NaiveDate::MIN),
        )
    }

    /// Whole days from `earlier` to this day; negative if this day is the earlier one.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_days()
    }

    /// The first moment of the day.
    #[must_use]
    pub fn begins(self) -> DateTime<Utc> {
        let midnight = self.0.and_time(NaiveTime::MIN);
        Oslo.from_local_datetime(&midnight)
            .earliest()
            .map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc))
    }

    /// The last moment of the day (to the microsecond, which is what every engine keeps).
    #[must_use]
    pub fn ends(self) -> DateTime<Utc> {
        self.plus(1).begins() - chrono::TimeDelta::microseconds(1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = chrono::ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// When something happened in the world: a day, or a moment where that is known. It may lie far
/// back, and says nothing about order in the log.
///
/// On the wire: `"2020-03-01"` or `"2020-03-01T09:30:00Z"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OccurredAt {
    /// Known to the day, as most of what staff write down is.
    Day(Day),
    /// Known to the moment.
    Moment(DateTime<Utc>),
}

/// Text that is neither a date nor a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither a date (2020-03-01) nor a moment with a time zone (2020-03-01T09:30:00Z)")]
pub struct OccurredAtError;

impl OccurredAt {
    /// The day in Oslo.
    #[must_use]
    pub fn day(self) -> Day {
        match self {
            Self::Day(day) => day,
            Self::Moment(moment) => Day::of(moment),
        }
    }

    /// Where the fact stands among others in the world: a day counts as its first moment.
    #[must_use]
    pub fn begins(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day.begins(),
            Self::Moment(moment) => moment,
        }
    }
}

impl fmt::Display for OccurredAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Moment(moment) => {
                f.write_str(&moment.to_rfc3339_opts(SecondsFormat::AutoSi, true))
            }
        }
    }
}

impl FromStr for OccurredAt {
    type Err = OccurredAtError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| OccurredAtError)?;
        let micros = moment.timestamp_micros();
        DateTime::from_timestamp_micros(micros)
            .map(Self::Moment)
            .ok_or(OccurredAtError)
    }
}

impl Serialize for OccurredAt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OccurredAt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for OccurredAt {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OccurredAt".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "When it happened: a date (2020-03-01) or a moment (2020-03-01T09:30:00Z).",
            "anyOf": [{ "format": "date" }, { "format": "date-time" }]
        })
    }
}

/// When we learned of a fact: set by the server, never decreasing by position.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RecordedAt(pub DateTime<Utc>);

impl RecordedAt {
    /// The moment, cut to the microsecond that every engine keeps.
    #[must_use]
    pub fn new(moment: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp_micros(moment.timestamp_micros()).unwrap_or(moment))
    }

    /// The day in Oslo.
    #[must_use]
    pub fn day(self) -> Day {
        Day::of(self.0)
    }
}

impl fmt::Display for RecordedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day_in_oslo() {
        let late: DateTime<Utc> = "2020-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(Day::of(late), "2021-01-01".parse().unwrap());
    }

    #[test]
    fn a_day_ends_where_the_next_begins_also_when_clocks_change() {
        let spring: Day = "2021-03-28".parse().unwrap();
        assert_eq!(
            spring.ends() - spring.begins(),
            chrono::TimeDelta::hours(23) - chrono::TimeDelta::microseconds(1)
        );
    }

    #[test]
    fn occurred_at_reads_what_it_writes() {
        for text in [
            "2020-03-01",
            "2020-03-01T09:30:00Z",
            "2020-03-01T09:30:00.123456Z",
        ] {
            assert_eq!(text.parse::<OccurredAt>().unwrap().to_string(), text);
        }
        assert_eq!("yesterday".parse::<OccurredAt>(), Err(OccurredAtError));
    }
}
