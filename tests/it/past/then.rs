//! Answers at one point of the two times.

use domain::es::Day;
use infra::read_store::{ReadStore, read_models};
use projections::{Ask, AskError, Question, Rows};
use serde_json::{Value, json};

use super::difference::difference;

/// All tables at once, so that the questions after it find them made.
pub(super) struct Everything;

impl Question for Everything {
    type View = ();
    const TABLES: &'static [&'static str] = read_models();

    async fn ask(&self, _: &mut Rows<'_>, _: Day) -> Result<(), AskError> {
        Ok(())
    }
}

/// A read store over a log, asked as of one day and as known at one moment.
pub(super) struct Then<'a> {
    pub(super) store: &'a ReadStore,
    pub(super) ask: Ask,
    pub(super) what: String,
}

impl Then<'_> {
    pub(super) async fn answer<Q: Question>(&self, question: &Q) -> Q::View {
        let answer = self.store.ask(question, self.ask).await.unwrap();
        assert_eq!(
            (Some(answer.as_of), Some(answer.known_at)),
            (self.ask.as_of, self.ask.known_at)
        );
        answer.view
    }

    /// The answer must hold what is expected, but for the words that say how it is counted.
    pub(super) async fn same<Q: Question>(&self, name: &str, question: &Q, expected: &Value) {
        let answer = json!(self.answer(question).await);
        self.compare(name, answer, expected);
    }

    pub(super) fn compare(&self, name: &str, mut answer: Value, expected: &Value) {
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("definition");
        }
        if let Some(difference) = difference(&answer, expected, name) {
            panic!("{}:\n{difference}", self.what);
        }
    }
}
