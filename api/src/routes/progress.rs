//! Progress on the page that asked. A question about the past may have to wait until its tables
//! are made. Asked with `Accept: text/event-stream` it tells how far they are, and at the end that
//! they are at hand: asked again as usual it is answered at once. Positions only are told, never
//! data. Whoever may not ask hears so as always.

use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, stream};
use infra::read_store::Progress;
use serde_json::json;
use tokio::sync::watch;

use super::{Answered, Service, changes::UNBUFFERED};
use crate::{
    app::Application,
    problem::{Language, Problem, general},
};

pub(super) const EVENT_STREAM: &str = "text/event-stream";

/// What a question answers to those who want to hear how far it is.
pub(super) fn answered() -> Answered {
    Answered {
        status: 200,
        doc: "Where `Accept` asks for it, server-sent events instead of the answer: `progress` with \
              `{\"position\": n, \"until\": n}` while the tables of the past are made, then \
              `ready` (the same question is now answered at once) or `problem`.",
        media: EVENT_STREAM,
        shape: None,
        headers: &[],
    }
}

/// To whom a question tells how far its tables are.
#[derive(Debug, Clone)]
pub(super) struct Listener(watch::Sender<Option<Progress>>);

impl Listener {
    pub(super) fn hear(&self, progress: Progress) {
        self.0.send_replace(Some(progress));
    }
}

/// A question under way.
struct UnderWay {
    answer: Pin<Box<dyn Future<Output = Response> + Send>>,
    heard: watch::Receiver<Option<Progress>>,
}

enum Then {
    Progress(Progress),
    Over(Response),
}

/// Around a question: asked as usual, it is answered as usual.
pub(super) async fn around(
    State(service): State<Service>,
    mut request: Request,
    next: Next,
) -> Response {
    if !is_meant(request.headers()) {
        return next.run(request).await;
    }
    let language = Language::of_headers(request.headers()).unwrap_or(Language::English);
    let (told, heard) = watch::channel(None);
    request.extensions_mut().insert(Listener(told));
    let mut under_way = UnderWay {
        answer: Box::pin(next.run(request)),
        heard,
    };
    let first = match under_way.next().await {
        Then::Over(answer) if !answer.status().is_success() => return answer,
        Then::Over(answer) => (over(&answer, language), None),
        Then::Progress(progress) => (event(progress), Some(under_way)),
    };
    let events = Sse::new(events(service.app, first, language))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    ([(UNBUFFERED, "no")], events).into_response()
}

fn is_meant(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let mut media = accept.unwrap_or_default().split(',');
    media.any(|media| media.split(';').next().map(str::trim) == Some(EVENT_STREAM))
}

impl UnderWay {
    async fn next(&mut self) -> Then {
        loop {
            tokio::select! {
                biased;
                answer = &mut self.answer => return Then::Over(answer),
                // Once it has been answered nobody tells anything; and then it is over.
                Ok(()) = self.heard.changed() => {}
            }
            let progress = *self.heard.borrow_and_update();
            if let Some(progress) = progress {
                return Then::Progress(progress);
            }
        }
    }
}

/// Until the question is over or the service ends. Whoever goes away lets go of the question.
fn events(
    app: Arc<Application>,
    first: (Event, Option<UnderWay>),
    language: Language,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let (first, under_way) = first;
    let rest = stream::unfold((app, under_way), move |(app, under_way)| async move {
        let mut under_way = under_way?;
        let next = tokio::select! {
            biased;
            () = app.ending.cancelled() => return None,
            next = under_way.next() => next,
        };
        Some(match next {
            Then::Progress(progress) => (Ok(event(progress)), (app, Some(under_way))),
            Then::Over(answer) => (Ok(over(&answer, language)), (app, None)),
        })
    });
    stream::StreamExt::chain(stream::iter([Ok(first)]), rest)
}

fn event(progress: Progress) -> Event {
    let Progress { position, until } = progress;
    let told = json!({ "position": position, "until": until });
    Event::default().event("progress").data(told.to_string())
}

/// That the answer is at hand, or why there is none.
fn over(answer: &Response, language: Language) -> Event {
    if answer.status().is_success() {
        return Event::default().event("ready").data("{}");
    }
    let problem = answer.extensions().get::<Problem>().cloned();
    let problem = problem.unwrap_or_else(|| Problem::general(&general::INTERNAL));
    let told = serde_json::to_string(&problem.told(language)).expect("problems are plain data");
    Event::default().event("problem").data(told)
}
