//! Connections and requests.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::backend::{Backend, Refusal};
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::work;

/// The largest body.
const LONGEST_BODY: usize = 1 << 20;
/// The largest number up to which primes are counted.
const LARGEST: u64 = 100_000_000;

type Answer = Response<Full<Bytes>>;

/// The server, bound and not yet serving.
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    backend: Backend,
    metrics: Metrics,
}

impl Server {
    /// Binds it.
    ///
    /// # Errors
    ///
    /// What the system or the pool says.
    pub async fn bind(settings: Settings) -> Result<Self, Box<dyn std::error::Error>> {
        let listener = TcpListener::bind(settings.listen).await?;
        let backend = Backend::new(&settings)?;
        let metrics = Metrics::new(&backend)?;
        Ok(Server { listener, shared: Arc::new(Shared { settings, backend, metrics }) })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until that future is ready, and then ends gracefully. Returns how many requests were read, and how many answered.
    pub async fn serve_until(self, stop: impl Future<Output = ()>) -> (u64, u64) {
        let Server { listener, shared } = self;
        let connections = GracefulShutdown::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                accepted = listener.accept() => take(accepted, &connections, &shared).await,
                () = &mut stop => break,
            }
        }
        // What the system has completed by now is accepted as well.
        while let Ok(accepted) = timeout(Duration::ZERO, listener.accept()).await {
            take(accepted, &connections, &shared).await;
        }
        drop(listener);
        connections.shutdown().await;
        if let Backend::Pool(pool) = &shared.backend {
            // All requests are answered. A job that was told to stop may still run.
            let _ = pool.shutdown();
        }
        shared.metrics.totals()
    }
}

/// Has a connection served, by a task of its own.
async fn take(
    accepted: io::Result<(TcpStream, SocketAddr)>,
    connections: &GracefulShutdown,
    shared: &Arc<Shared>,
) {
    let Ok((socket, _)) = accepted else {
        // Out of descriptors, most often: another connection has to end first.
        return tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let shared = shared.clone();
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.settings.read_limit())
        .serve_connection(
            TokioIo::new(socket),
            service_fn(move |request| {
                let shared = shared.clone();
                async move { Ok::<_, Infallible>(shared.counted(request).await) }
            }),
        );
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // What is no HTTP, and a client that is too slow or gone, ends the connection and nothing else.
        let _ = connection.await;
    });
}

/// A request that was read, until it is answered or its client has gone.
struct InFlight<'a> {
    metrics: &'a Metrics,
    status: u16,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.metrics.end(self.status);
    }
}

/// The client has closed the connection, in nginx's words.
const CLIENT_CLOSED: u16 = 499;

impl Shared {
    async fn counted(&self, request: Request<Incoming>) -> Answer {
        self.metrics.begin();
        let mut in_flight = InFlight { metrics: &self.metrics, status: CLIENT_CLOSED };
        let answer = self.answer(request).await;
        in_flight.status = answer.status().as_u16();
        answer
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let path = request.uri().path();
        match (request.method(), path.strip_prefix("/primes/")) {
            (&Method::GET, Some(limit)) => match limit.parse() {
                Ok(limit) if limit <= LARGEST => self.primes(limit).await,
                _ => text(StatusCode::BAD_REQUEST, format!("/primes/N wants a number from 0 to {LARGEST}\n")),
            },
            (&Method::POST, None) if path == "/checksum" => self.checksum(request.into_body()).await,
            // Not in the pool: it is wanted most when that is full.
            (&Method::GET, None) if path == "/metrics" => self.page(),
            _ => text(StatusCode::NOT_FOUND, "GET /primes/N, POST /checksum, GET /metrics\n"),
        }
    }

    async fn primes(&self, limit: u64) -> Answer {
        let deadline = Instant::now() + self.settings.deadline();
        let counted =
            self.backend.run(deadline, move |is_stopped| work::primes_below(limit, is_stopped)).await;
        self.respond(counted)
    }

    async fn checksum(&self, body: Incoming) -> Answer {
        // First the whole body, then a worker.
        let body = Limited::new(body, LONGEST_BODY).collect();
        let body = match timeout(self.settings.read_limit(), body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return text(StatusCode::PAYLOAD_TOO_LARGE, format!("at most {LONGEST_BODY} bytes\n"));
            }
            Ok(Err(_)) => return text(StatusCode::BAD_REQUEST, "the body is broken\n"),
            Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the body took too long\n"),
        };
        let deadline = Instant::now() + self.settings.deadline();
        self.respond(self.backend.run(deadline, move |_| Some(work::checksum(&body))).await)
    }

    fn respond(&self, computed: Result<u64, Refusal>) -> Answer {
        match computed {
            Ok(answer) => text(StatusCode::OK, format!("{answer}\n")),
            Err(Refusal::TooLate) => text(StatusCode::GATEWAY_TIMEOUT, "it took too long\n"),
            Err(Refusal::Failed) => text(StatusCode::INTERNAL_SERVER_ERROR, "it failed\n"),
            Err(Refusal::Overloaded) => {
                let mut answer = text(StatusCode::SERVICE_UNAVAILABLE, "too many requests wait\n");
                answer.headers_mut().insert(RETRY_AFTER, self.settings.retry_after.into());
                answer
            }
        }
    }

    fn page(&self) -> Answer {
        let mut page = text(StatusCode::OK, self.metrics.page());
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        page
    }
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    answer
}
