//! Append through KurrentDB's protocol, against a plain client's calls to the same double.
//!
//! The log makes two calls, one after the other: one appends, one learns at which position the
//! event came to stand. Many clients share the second, so they are compared with a plain client
//! that only appends. One client alone waits for both: it is compared with a plain client that
//! makes both, and what the second call costs is told besides.

use std::{sync::Arc, time::Duration};

use domain::es::NewEvent;
use infra::event_store::KurrentEventStore;
use tests::kurrentdb::{
    Double,
    messages::{
        AppendOptions, AppendReq, AppendResp, Expression, Filter, OfAll, Place, Proposed,
        ReadOptions, ReadReq, ReadResp, StreamIdentifier, Uuid,
    },
};
use tonic::{
    Request,
    client::Grpc,
    codec::ProstCodec,
    codegen::{http::uri::PathAndQuery, tokio_stream},
    transport::{Channel, Endpoint},
};

use crate::{
    Plan, Result,
    append::appends,
    measure::{per_second, take_turns},
    sample::Samples,
    table::{Bound, Row},
};

/// How many events a stream gets before its client opens the next one.
const LENGTH: u64 = 25;

/// What the plain client does for an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    Appends,
    AppendsAndReads,
}

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, plain, clients, bound) in [
        (
            "append by KurrentDB's protocol, to 2 calls",
            Plain::AppendsAndReads,
            1,
            Bound::Floor(0.5),
        ),
        (
            "append by KurrentDB's protocol, to 1 call",
            Plain::Appends,
            1,
            Bound::Told,
        ),
        (
            "append by KurrentDB's protocol, to 1 call",
            Plain::Appends,
            32,
            Bound::Floor(0.5),
        ),
    ] {
        let double = Double::start();
        let channel = Endpoint::from_shared(format!("http://{}", double.address()))?
            .connect()
            .await?;
        let store = Arc::new(KurrentEventStore::open(&double.url())?);
        let samples = Samples::new();
        let measured = take_turns(
            plan,
            async |span| plain_calls(&channel, plain, &samples, clients, span).await,
            async |span| appends(store.clone(), &samples, clients, span).await,
        )
        .await?;
        let row = Row {
            what,
            clients,
            measured,
            bound,
        };
        rows.push(row.print());
    }
    Ok(rows)
}

async fn plain_calls(
    channel: &Channel,
    plain: Plain,
    samples: &Arc<Samples>,
    clients: usize,
    span: Duration,
) -> Result<f64> {
    per_second(clients, span, |_, bell| {
        let (channel, samples) = (channel.clone(), Arc::clone(samples));
        async move {
            let mut client = Grpc::new(channel);
            let (mut done, mut revision) = (0, 0);
            let mut stream = samples.stream().to_string();
            while bell.silent() {
                let place = append(&mut client, parts(&stream, revision, samples.event())).await?;
                if plain == Plain::AppendsAndReads {
                    read(&mut client, place).await?;
                }
                done += 1;
                revision += 1;
                if revision == LENGTH {
                    (stream, revision) = (samples.stream().to_string(), 0);
                }
            }
            Ok(done)
        }
    })
    .await
}

async fn append(client: &mut Grpc<Channel>, parts: [AppendReq; 2]) -> Result<Place> {
    client.ready().await?;
    let response = client
        .client_streaming(
            Request::new(tokio_stream::iter(parts)),
            PathAndQuery::from_static("/event_store.client.streams.Streams/Append"),
            ProstCodec::<AppendReq, AppendResp>::default(),
        )
        .await?;
    let success = response.into_inner().success;
    let place = success.and_then(|success| success.position);
    place.ok_or_else(|| "the double refused what fits".into())
}

async fn read(client: &mut Grpc<Channel>, place: Place) -> Result<()> {
    let request = ReadReq {
        options: Some(ReadOptions {
            all: Some(OfAll {
                place: Some(place),
                start: None,
            }),
            count: Some(4_096),
            filter: Some(Filter {
                stream: Some(Expression {
                    regex: String::new(),
                    prefixes: vec!["plain.".to_owned()],
                }),
            }),
            ..ReadOptions::default()
        }),
    };
    client.ready().await?;
    let response = client
        .server_streaming(
            Request::new(request),
            PathAndQuery::from_static("/event_store.client.streams.Streams/Read"),
            ProstCodec::<ReadReq, ReadResp>::default(),
        )
        .await?;
    let mut events = response.into_inner();
    while events.message().await?.is_some() {}
    Ok(())
}

fn parts(stream: &str, revision: u64, event: NewEvent) -> [AppendReq; 2] {
    let metadata = serde_json::to_vec(&event.metadata).expect("metadata is JSON");
    let options = AppendOptions {
        stream: Some(StreamIdentifier {
            name: format!("plain.{stream}").into_bytes(),
        }),
        revision: revision.checked_sub(1),
        no_stream: (revision == 0).then_some(()),
        any: None,
    };
    let proposed = Proposed {
        id: Some(Uuid::text(event.id.0)),
        metadata: [("type", event.kind), ("content-type", "application/json")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        custom_metadata: metadata,
        data: event.data.into_bytes(),
    };
    [
        AppendReq {
            options: Some(options),
            proposed: None,
        },
        AppendReq {
            options: None,
            proposed: Some(proposed),
        },
    ]
}
