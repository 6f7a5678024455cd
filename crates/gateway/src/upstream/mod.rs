//! Upstreams: connections to what stands behind the gateway, kept and reused on each thread.
//!
//! HTTP/1.1 is spoken here and not by a library's client: that one runs a connection as a task of its own, and the way
//! there and back costs a call as much as all of its limits.

mod answer_body;
mod answer_head;
mod connect;
mod endpoint;
mod errand;
mod exchange;
mod framing;
mod pool;
mod request_head;
mod stream;
mod tls;

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::Response;

use crate::body::BodyError;
use crate::config::GatewayConfig;
pub(crate) use answer_body::UpstreamBody;
pub(crate) use answer_head::AnswerHead;
pub(crate) use endpoint::Endpoint;
pub(crate) use errand::get;
use exchange::Answer;
pub(crate) use exchange::Exchange;
use pool::{Place, Pool};
pub(crate) use request_head::expects_a_body;
use stream::{Scratch, Stream};
pub(crate) use tls::TlsSettings;

/// Why an upstream gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// Its name cannot be resolved.
    #[error("the name of the upstream cannot be resolved: {0}")]
    Resolve(std::io::Error),
    /// It takes no connection.
    #[error("the upstream takes no connection: {0}")]
    Connect(std::io::Error),
    /// TLS could not be agreed on.
    #[error("no TLS with the upstream: {0}")]
    Tls(std::io::Error),
    /// The exchange failed.
    #[error("the exchange with the upstream failed: {0}")]
    Exchange(#[from] ExchangeError),
}

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    /// The connection failed.
    #[error(transparent)]
    Io(io::Error),
    /// The body that is sent came to no end.
    #[error("the body: {0}")]
    Body(Box<BodyError>),
    /// The body that is sent has not the length that was named.
    #[error("the body has another length than was told")]
    BodyLength,
    /// The upstream hung up.
    #[error("the connection was closed before an answer came")]
    Unanswered,
    /// The head is no head of HTTP/1.
    #[error("the head of the answer cannot be read: {0}")]
    Head(httparse::Error),
    /// The status is no number from 100 to 999.
    #[error("the answer has no status")]
    Status,
    /// A header is not valid.
    #[error("the answer has a header that is not valid")]
    Header,
    /// The head is longer than 64 KiB.
    #[error("the head of the answer is too long")]
    HeadTooLong,
    /// Its headers do not say where its body ends.
    #[error("the answer has no length that can be relied on")]
    Framing,
    /// A chunk is not valid.
    #[error("the body of the answer has a chunk that is not valid")]
    Chunk,
    /// The connection was closed within the body.
    #[error("the body of the answer breaks off")]
    BrokenOff,
}

impl ExchangeError {
    /// Whether it is the caller's doing and not the upstream's.
    fn is_the_callers(&self) -> bool {
        matches!(self, Self::Body(_) | Self::BodyLength)
    }
}

/// The connections of one thread.
pub(crate) struct Upstreams {
    pool: Rc<Pool>,
    scratch: Scratch,
    tls: Arc<TlsSettings>,
    body_timeout: Duration,
}

impl Upstreams {
    pub(crate) fn new(config: &GatewayConfig, tls: Arc<TlsSettings>) -> Self {
        let pool = Rc::new(Pool::new(config.upstream_max_idle_per_host, config.upstream_idle_timeout));
        Self { pool, scratch: Scratch::default(), tls, body_timeout: config.upstream_body_timeout }
    }

    /// Closes connections that nobody used for a while, forever.
    pub(crate) async fn watch(&self) {
        self.pool.watch().await;
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// A kept connection may have been closed by the other side. While none of the request was written it is sent
    /// again over another one; never otherwise, since an upstream may have acted on it.
    pub(crate) async fn send(
        &self,
        endpoint: &Arc<Endpoint>,
        exchange: &mut Exchange,
    ) -> Result<Received, UpstreamError> {
        while let Some(stream) = self.pool.take(endpoint) {
            match exchange.over(stream).await {
                Ok(answer) => return Ok(self.receive(endpoint, answer)),
                Err(error) if error.is_the_callers() || !exchange.is_unsent() => return Err(error.into()),
                // The connection was closed while it was idle.
                Err(_) => {}
            }
        }
        // Boxed: a handshake's state is large and rare, and each call would carry room for it.
        let socket = Box::pin(connect::connect(endpoint, &self.tls)).await?;
        let answer = exchange.over(Stream::new(socket, self.scratch.clone())).await?;
        Ok(self.receive(endpoint, answer))
    }

    fn receive(&self, endpoint: &Arc<Endpoint>, answer: Answer) -> Received {
        let Answer { head, rest } = answer;
        Received { head, body: UpstreamBody::new(rest, Place::new(endpoint, &self.pool), self.body_timeout) }
    }
}

/// An answer, as far as it has come.
pub(crate) struct Received {
    pub(crate) head: Box<AnswerHead>,
    pub(crate) body: UpstreamBody,
}

impl Received {
    /// The same, with its headers in a map.
    pub(crate) fn into_response(self) -> Result<Response<UpstreamBody>, UpstreamError> {
        let Self { head, body } = self;
        let mut response = Response::new(body);
        *response.status_mut() = head.status;
        *response.headers_mut() = head.lines.to_map().map_err(|_| ExchangeError::Header)?;
        if let Some(reason) = head.reason {
            response.extensions_mut().insert(reason);
        }
        Ok(response)
    }
}
