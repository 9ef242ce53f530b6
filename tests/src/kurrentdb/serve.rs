//! The services, by hand: which call is which, and how bytes come in.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures::stream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codec::ProstCodec,
    codegen::http,
    server::Grpc,
    transport::{Server, server::Connected},
};
use tower::service_fn;

use super::{
    log::Log,
    messages::{
        AppendReq, AppendResp, ClusterInfo, Endpoint, Member, ReadReq, ReadResp, SupportedMethods,
        Uuid,
    },
};

type Shared = Arc<Mutex<Log>>;

/// Serves until its runtime ends.
pub(super) async fn serve(listener: std::net::TcpListener, address: SocketAddr, log: Shared) {
    listener.set_nonblocking(true).expect("a fresh socket");
    let listener = TcpListener::from_std(listener).expect("a runtime is there");
    let incoming = stream::unfold(listener, |listener| async {
        let accepted = listener.accept().await;
        let accepted = accepted.and_then(|(socket, _)| {
            socket.set_nodelay(true)?;
            Ok(Prompt(socket))
        });
        Some((accepted, listener))
    });
    let services = service_fn(move |request| answer(request, address, Arc::clone(&log)));
    Server::builder()
        .serve_with_incoming(services, Box::pin(incoming))
        .await
        .expect("the double serves");
}

async fn answer(
    request: http::Request<Body>,
    address: SocketAddr,
    log: Shared,
) -> Result<http::Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    Ok(match path.as_str() {
        "/event_store.client.streams.Streams/Append" => {
            let append = service_fn(move |request| append(request, Arc::clone(&log)));
            Grpc::new(ProstCodec::default())
                .client_streaming(append, request)
                .await
        }
        "/event_store.client.streams.Streams/Read" => {
            let read = service_fn(move |request: Request<ReadReq>| {
                let log = Arc::clone(&log);
                async move { page(&request.into_inner(), &log).map_err(|status| *status) }
            });
            Grpc::new(ProstCodec::default())
                .server_streaming(read, request)
                .await
        }
        "/event_store.client.server_features.ServerFeatures/GetSupportedMethods" => {
            log.lock().expect("the double does not panic").connected();
            let methods = service_fn(async |_: Request<()>| {
                Ok::<_, Status>(Response::new(SupportedMethods {
                    version: "25.0.0".to_owned(),
                }))
            });
            Grpc::new(ProstCodec::default())
                .unary(methods, request)
                .await
        }
        "/event_store.client.gossip.Gossip/Read" => {
            let gossip = service_fn(move |_: Request<()>| async move {
                Ok::<_, Status>(Response::new(members(address)))
            });
            Grpc::new(ProstCodec::default())
                .unary(gossip, request)
                .await
        }
        _ => Status::unimplemented("the double does not know this call").into_http(),
    })
}

async fn append(
    request: Request<Streaming<AppendReq>>,
    log: Shared,
) -> Result<Response<AppendResp>, Status> {
    let mut parts = request.into_inner();
    let first = parts.message().await?;
    let options = first
        .and_then(|first| first.options)
        .ok_or_else(|| Status::invalid_argument("the options come first"))?;
    let mut proposed = Vec::new();
    while let Some(part) = parts.message().await? {
        proposed.extend(part.proposed);
    }
    let mut log = log.lock().expect("the double does not panic");
    let answer = log.append(&options, proposed);
    answer.map(Response::new).map_err(|status| *status)
}

type Page = stream::Iter<std::vec::IntoIter<Result<ReadResp, Status>>>;

fn page(request: &ReadReq, log: &Shared) -> Result<Response<Page>, Box<Status>> {
    let options = request.options.as_ref();
    let options = options.ok_or_else(|| Status::invalid_argument("the call lacks its options"))?;
    let page = log
        .lock()
        .expect("the double does not panic")
        .read(options)?;
    let page: Vec<_> = page.into_iter().map(Ok).collect();
    Ok(Response::new(stream::iter(page)))
}

/// A cluster of one.
fn members(address: SocketAddr) -> ClusterInfo {
    ClusterInfo {
        members: vec![Member {
            id: Some(Uuid::text(uuid::Uuid::from_u128(1))),
            state: 8,
            alive: true,
            endpoint: Some(Endpoint {
                address: address.ip().to_string(),
                port: address.port().into(),
            }),
        }],
    }
}

/// A socket that sends at once, as a server's does, and acknowledges at once what it reads: the client sends a call in two parts, the
/// second when the first is acknowledged, and an idle machine takes 40 ms for that.
struct Prompt(TcpStream);

impl Connected for Prompt {
    type ConnectInfo = ();
    fn connect_info(&self) {}
}

impl AsyncRead for Prompt {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.0).poll_read(context, buffer);
        #[cfg(target_os = "linux")]
        self.0.set_quickack(true).ok();
        read
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
