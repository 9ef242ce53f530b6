//! What is released to who sees figures in part: no two answers can be subtracted so that a small
//! count is told.

use std::collections::BTreeSet;

use domain::es::Role;
use serde_json::Value;
use tests::{BERGEN, LOLAND, OSLO, SLEMDAL, TestApp};

use crate::history;

const DEPARTMENTS: [&str; 6] = [
    OSLO,
    BERGEN,
    "stegforsteg-kristiansand",
    "stegforsteg-fredrikstad",
    "stegforsteg-drammen",
    "stegforsteg-stavanger",
];
const PARTNERS: [&str; 4] = [SLEMDAL, LOLAND, "poliklinikk-oslo", "sorlandet-sykehus-ara"];
/// The last month's end before the clock of these tests.
const RELEASE: &str = "2022-05-31";

/// A count that was told, of the persons or things that all of these words hold for. More words
/// are a part of fewer.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    of: BTreeSet<String>,
    count: i64,
}

#[derive(Default)]
struct Heard {
    told: BTreeSet<Told>,
    hidden: usize,
}

impl Heard {
    fn hear(&mut self, of: &[&str], count: &Value) {
        match count.as_i64() {
            None => self.hidden += 1,
            Some(count) => {
                let of = of.iter().filter(|word| !word.is_empty());
                let of = of.map(|word| (*word).to_owned()).collect();
                self.told.insert(Told { of, count });
            }
        }
    }

    /// No count is small, and none is left of another by subtraction. Answers how many pairs could
    /// be subtracted.
    fn check(&self) -> usize {
        let mut pairs = 0;
        for part in &self.told {
            assert!(!(1..=4).contains(&part.count), "{part:?} is small");
            for whole in &self.told {
                if whole.of.len() < part.of.len() && whole.of.is_subset(&part.of) {
                    let left = whole.count - part.count;
                    assert!(
                        !(1..=4).contains(&left),
                        "{whole:?} but {part:?} are {left}"
                    );
                    pairs += 1;
                }
            }
        }
        pairs
    }
}

async fn answer(app: &TestApp, path: &str) -> Value {
    let reply = app.get(path).role(Role::Analyst).await;
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    reply.body
}

async fn hear_standing(app: &TestApp, heard: &mut Heard, as_of: &str) {
    let units: Vec<String> = std::iter::once(String::new())
        .chain(DEPARTMENTS.map(|name| format!("unit={name}")))
        .collect();
    for unit in &units {
        let path = format!("/v1/standing?as_of={as_of}&{unit}");
        let told = answer(app, path.trim_end_matches('&')).await;
        heard.hear(&["registered", as_of, unit], &told["registered"]);
        for part in ["active", "incoming", "passive", "paused"] {
            heard.hear(&["registered", as_of, unit, part], &told[part]);
        }
        // Whoever ended stays ended, so of other days this would be a part.
        for over in ["ended", "closed"] {
            heard.hear(&[over, unit], &told[over]);
        }
    }
    let figures = answer(app, &format!("/v1/key-figures?as_of={as_of}")).await;
    for told in figures["units"].as_array().unwrap() {
        let unit = format!("unit={}", told["unit"].as_str().unwrap());
        heard.hear(&["registered", as_of, &unit], &told["participants"]);
    }
}

async fn hear_flows(app: &TestApp, heard: &mut Heard) {
    for year in [None, Some(2018), Some(2019), Some(2020), Some(2021)] {
        let window = year.map_or_else(String::new, |year| {
            format!("?since={year}-01-01&until={year}-12-31")
        });
        let year = year.map_or_else(String::new, |year| format!("year {year}"));
        let told = answer(app, &format!("/v1/flows{window}")).await;
        for flow in told["flows"].as_array().unwrap() {
            let pair = format!("from {} to {}", flow["from"], flow["to"]);
            for stage in flow["stages"].as_array().unwrap() {
                let name = stage["stage"].as_str().unwrap();
                match name {
                    "informed" | "interested" => {
                        heard.hear(&[&pair, &year, name, "heads"], &stage["count"]);
                    }
                    "proposed" => heard.hear(&[&pair, &year, "proposed"], &stage["count"]),
                    _ => heard.hear(&[&pair, &year, "proposed", name], &stage["count"]),
                }
            }
            for party in ["counted_by_partner", "counted_by_steg_for_steg"] {
                heard.hear(&[&pair, &year, party], &flow[party]);
            }
            assert_eq!(flow["months"], Value::Array(vec![]));
        }
    }
}

async fn hear_retention(app: &TestApp, heard: &mut Heard) {
    let units: Vec<String> = std::iter::once(String::new())
        .chain(DEPARTMENTS.map(|name| format!("unit={name}")))
        .collect();
    let introducers: Vec<String> = std::iter::once(String::new())
        .chain(PARTNERS.map(|name| format!("introduced_by={name}")))
        .collect();
    for unit in &units {
        for by in &introducers {
            let path = format!("/v1/retention?{unit}&{by}");
            let path = path.replace("?&", "?");
            let told = answer(app, path.trim_end_matches(['&', '?'])).await;
            let relapses = &told["relapses"];
            heard.hear(&["relapses", unit, by], &relapses["reported"]);
            for after in ["contacted", "returned"] {
                heard.hear(&["relapses", unit, by, after], &relapses[after]);
            }
            for curve in [
                "curve",
                "curve_ended_at_last_contact",
                "curve_ended_when_learned",
            ] {
                assert_follows_from_its_steps(&told[curve]);
                let mut after = -1;
                for point in told[curve].as_array().unwrap() {
                    let day = point["day"].as_i64().unwrap();
                    let within = format!("{curve} from {after} to {day}");
                    heard.hear(&[&within, unit, by], &point["ended"]);
                    let at = format!("{curve} at {day}");
                    heard.hear(&[&at, unit, by], &point["at_risk"]);
                    assert_eq!(point["censored"], Value::Null);
                    after = day;
                }
            }
            assert_eq!(told["cohorts"], Value::Array(vec![]));
            let half = |point: &&Value| point["survival"].as_f64().unwrap() <= 0.5;
            let median = told["curve"].as_array().unwrap().iter().find(half);
            let median = median.map_or(Value::Null, |point| point["day"].clone());
            assert_eq!(told["median_days"], median);
        }
    }
}

/// What is estimated is worked out from what is told of the steps, so it tells no more.
fn assert_follows_from_its_steps(curve: &Value) {
    let (mut survival, mut at_first) = (1.0_f64, 0.0_f64);
    for point in curve.as_array().unwrap() {
        let number = |name: &str| point[name].as_f64().unwrap();
        let (at_risk, ended) = (number("at_risk"), number("ended"));
        at_first = at_first.max(at_risk + ended - 1.0);
        let leaving = at_first - (at_risk - 1.0);
        survival *= ((at_risk - 1.0) / at_first).powf(ended / leaving);
        at_first = at_risk - 1.0;
        assert!((number("survival") - survival).abs() < 1e-9, "{point}");
        assert!(number("lower") <= survival && survival <= number("upper"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_answers_that_are_released_tell_a_small_count() {
    let demo = history::of_the_demo().await;
    for seed in 1..=4 {
        let app = TestApp::over(history::retold(&*demo, seed).await).await;
        app.clock.set("2022-06-01T10:00:00Z".parse().unwrap());
        let mut heard = Heard::default();
        for as_of in ["2019-06-30", "2020-12-31", "2021-01-31", RELEASE] {
            hear_standing(&app, &mut heard, as_of).await;
        }
        hear_flows(&app, &mut heard).await;
        hear_retention(&app, &mut heard).await;
        let pairs = heard.check();
        assert!(heard.hidden > 100, "{} hidden", heard.hidden);
        assert!(pairs > 200, "{pairs} pairs");
    }
}

#[tokio::test]
async fn what_could_be_subtracted_is_not_released() {
    let app = TestApp::new().await;
    app.clock.set("2022-06-01T10:00:00Z".parse().unwrap());
    let analyst = app.token(Role::Analyst, None, uuid::Uuid::from_u128(1));
    let slemdal = app.token(Role::Institution, Some(SLEMDAL), uuid::Uuid::from_u128(2));
    for (token, query, pointer) in [
        (&analyst, "standing?as_of=2022-05-30", "/as_of"),
        (&analyst, "standing?known_at=2022-04-30", "/known_at"),
        (&analyst, "key-figures?as_of=2022-05-30", "/as_of"),
        (&analyst, "flows?as_of=2022-04-30", "/as_of"),
        (&analyst, "flows?since=2021-01-01", "/since"),
        (&analyst, "flows?until=2021-12-31", "/until"),
        (
            &analyst,
            "flows?since=2021-01-01&until=2021-06-30",
            "/since",
        ),
        (
            &analyst,
            "flows?since=2020-01-01&until=2021-12-31",
            "/since",
        ),
        (&analyst, "retention?as_of=2022-04-30", "/as_of"),
        (&analyst, "sentence-serving?as_of=2022-04-30", "/as_of"),
        (&slemdal, "flows?as_of=2022-05-30", "/as_of"),
        (&slemdal, "flows?known_at=2022-05-30", "/known_at"),
        (
            &slemdal,
            "flows?since=2021-01-01&until=2021-06-30",
            "/since",
        ),
    ] {
        let reply = app.get(&format!("/v1/{query}")).token(token).await;
        assert_eq!(
            (reply.status, &reply.body["pointer"]),
            (422, &pointer.into()),
            "{query}"
        );
        assert_eq!(reply.text_of("rule"), "withheld", "{query}");
    }
    for (token, query) in [
        (&analyst, "standing"),
        (&analyst, "standing?as_of=2022-04-30&known_at=2022-05-31"),
        (&analyst, "key-figures?as_of=2020-12-31"),
        (&analyst, "flows?since=2021-01-01&until=2021-12-31"),
        (&analyst, "retention?as_of=2022-05-31"),
        (&analyst, "sentence-serving?year=2019"),
        (&slemdal, "flows"),
        (&slemdal, "flows?since=2021-01-01&until=2021-12-31"),
    ] {
        let reply = app.get(&format!("/v1/{query}")).token(token).await;
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        assert_eq!(reply.body["known_at"], "2022-05-31T21:59:59.999999Z");
    }
}
