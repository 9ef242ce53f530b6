//! Append through KurrentDB's protocol, against a plain client's calls to the same double.
//!
//! The plain client makes the one call that appends; the log makes it too, and learns besides at
//! which position the event came to stand.

use std::{sync::Arc, time::Duration};

use domain::es::NewEvent;
use infra::event_store::KurrentEventStore;
use tests::kurrentdb::{
    Double,
    messages::{AppendOptions, AppendReq, AppendResp, Proposed, StreamIdentifier, Uuid},
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

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for clients in [1, 32] {
        let double = Double::start();
        let channel = Endpoint::from_shared(format!("http://{}", double.address()))?
            .connect()
            .await?;
        let store = Arc::new(KurrentEventStore::open(&double.url())?);
        let samples = Samples::new();
        let measured = take_turns(
            plan,
            async |span| plain_calls(&channel, &samples, clients, span).await,
            async |span| appends(store.clone(), &samples, clients, span).await,
        )
        .await?;
        let row = Row {
            what: "append through KurrentDB's protocol",
            clients,
            measured,
            bound: Bound::Floor(0.5),
        };
        rows.push(row.print());
    }
    Ok(rows)
}

async fn plain_calls(
    channel: &Channel,
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
                let request = parts(&stream, revision, samples.event());
                client.ready().await?;
                let response = client
                    .client_streaming(
                        Request::new(tokio_stream::iter(request)),
                        PathAndQuery::from_static("/event_store.client.streams.Streams/Append"),
                        ProstCodec::<AppendReq, AppendResp>::default(),
                    )
                    .await?;
                if response.into_inner().success.is_none() {
                    return Err("the double refused what fits".into());
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
