//! A collector of traces and metrics: takes OTLP over HTTP, keeps what it gets, and reads of it what
//! tests ask about.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use prost::Message;

/// Where something was sent, and its body.
type Sent = (String, Vec<u8>);

/// A collector that listens, for as long as the test runs.
pub struct Collector {
    address: String,
    got: Arc<Mutex<Vec<Sent>>>,
}

/// A span, as far as tests ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its name.
    pub name: String,
    /// The trace it belongs to, in hexadecimal digits.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The span it is below; empty if none.
    pub parent: String,
    /// The spans it is linked to: trace and id.
    pub links: Vec<(String, String)>,
}

impl Default for Collector {
    fn default() -> Self {
        Self::listen()
    }
}

impl Collector {
    /// Listens on an address of its own.
    #[must_use]
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free address");
        let address = listener.local_addr().expect("an address").to_string();
        let got = Arc::<Mutex<Vec<Sent>>>::default();
        let kept = Arc::clone(&got);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(connection, &kept));
            }
        });
        Self { address, got }
    }

    /// Where traces and metrics are to be sent.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that was sent, as it came.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let got = self.got.lock().expect("nobody panics while holding it");
        got.iter().flat_map(|(_, body)| body.clone()).collect()
    }

    /// All spans that were sent.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.bodies("/v1/traces")
            .iter()
            .map(|body| wire::Traces::decode(&**body).expect("spans as OTLP has them"))
            .flat_map(|traces| traces.resources)
            .flat_map(|resource| resource.scopes)
            .flat_map(|scope| scope.spans)
            .map(|span| Span {
                name: span.name,
                trace: hex(&span.trace),
                id: hex(&span.id),
                parent: hex(&span.parent),
                links: span
                    .links
                    .iter()
                    .map(|link| (hex(&link.trace), hex(&link.id)))
                    .collect(),
            })
            .collect()
    }

    /// The names and units of all metrics that were sent, each once.
    #[must_use]
    pub fn metrics(&self) -> Vec<(String, String)> {
        let mut metrics: Vec<_> = self
            .bodies("/v1/metrics")
            .iter()
            .map(|body| wire::Metrics::decode(&**body).expect("metrics as OTLP has them"))
            .flat_map(|metrics| metrics.resources)
            .flat_map(|resource| resource.scopes)
            .flat_map(|scope| scope.metrics)
            .map(|metric| (metric.name, metric.unit))
            .collect();
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        let got = self.got.lock().expect("nobody panics while holding it");
        got.iter()
            .filter(|(to, _)| to == path)
            .map(|(_, body)| body.clone())
            .collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes everything");
        text
    })
}

/// Takes one request after the other, until the sender is gone.
fn serve(connection: TcpStream, kept: &Mutex<Vec<Sent>>) {
    let mut reader = BufReader::new(connection);
    while let Some((path, body)) = request(&mut reader) {
        kept.lock()
            .expect("nobody panics while holding it")
            .push((path, body));
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<Sent> {
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}

/// The few fields of OTLP's messages that are read here, by their numbers.
mod wire {
    #[derive(prost::Message)]
    pub(super) struct Traces {
        #[prost(message, repeated, tag = "1")]
        pub(super) resources: Vec<TracesOfResource>,
    }

    #[derive(prost::Message)]
    pub(super) struct TracesOfResource {
        #[prost(message, repeated, tag = "2")]
        pub(super) scopes: Vec<TracesOfScope>,
    }

    #[derive(prost::Message)]
    pub(super) struct TracesOfScope {
        #[prost(message, repeated, tag = "2")]
        pub(super) spans: Vec<Span>,
    }

    #[derive(prost::Message)]
    pub(super) struct Span {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) trace: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) id: Vec<u8>,
        #[prost(bytes = "vec", tag = "4")]
        pub(super) parent: Vec<u8>,
        #[prost(string, tag = "5")]
        pub(super) name: String,
        #[prost(message, repeated, tag = "13")]
        pub(super) links: Vec<Link>,
    }

    #[derive(prost::Message)]
    pub(super) struct Link {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) trace: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) id: Vec<u8>,
    }

    #[derive(prost::Message)]
    pub(super) struct Metrics {
        #[prost(message, repeated, tag = "1")]
        pub(super) resources: Vec<MetricsOfResource>,
    }

    #[derive(prost::Message)]
    pub(super) struct MetricsOfResource {
        #[prost(message, repeated, tag = "2")]
        pub(super) scopes: Vec<MetricsOfScope>,
    }

    #[derive(prost::Message)]
    pub(super) struct MetricsOfScope {
        #[prost(message, repeated, tag = "2")]
        pub(super) metrics: Vec<Metric>,
    }

    #[derive(prost::Message)]
    pub(super) struct Metric {
        #[prost(string, tag = "1")]
        pub(super) name: String,
        #[prost(string, tag = "3")]
        pub(super) unit: String,
    }
}
