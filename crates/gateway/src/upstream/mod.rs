//! Upstreams: connections to what stands behind the gateway, kept and reused on each thread.

mod connect;
mod endpoint;
mod errand;
mod pool;
mod tls;

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::body::{BodyError, RequestBody};
use crate::config::GatewayConfig;
pub(crate) use endpoint::Endpoint;
pub(crate) use errand::get;
use pool::{Pool, Pooled};
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
    Exchange(#[from] hyper::Error),
}

/// The connections of one thread.
pub(crate) struct Upstreams {
    pool: Rc<Pool>,
    tls: Arc<TlsSettings>,
    body_timeout: Duration,
}

impl Upstreams {
    pub(crate) fn new(config: &GatewayConfig, tls: Arc<TlsSettings>) -> Self {
        let pool = Rc::new(Pool::new(config.upstream_max_idle_per_host, config.upstream_idle_timeout));
        Self { pool, tls, body_timeout: config.upstream_body_timeout }
    }

    /// Closes connections that nobody used for a while, forever.
    pub(crate) async fn watch(&self) {
        self.pool.watch().await;
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// A kept connection may have been closed by the other side. While hyper hands the request back, none of it was
    /// sent, and it is sent again; never otherwise, since an upstream may have acted on it.
    pub(crate) async fn send(
        &self,
        endpoint: &Arc<Endpoint>,
        mut request: Request<RequestBody>,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        while let Some(mut sender) = self.pool.take(endpoint) {
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.receive(endpoint, sender, response)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(error.into_error().into()),
                },
            }
        }
        // Boxed: a handshake's state is large and rare, and each call would carry room for it.
        let mut sender = Box::pin(connect::connect(endpoint, &self.tls)).await?;
        let response = sender.send_request(request).await?;
        Ok(self.receive(endpoint, sender, response))
    }

    fn receive(
        &self,
        endpoint: &Arc<Endpoint>,
        sender: pool::Sender,
        response: Response<Incoming>,
    ) -> Response<UpstreamBody> {
        let pooled = Pooled::new(sender, Arc::clone(endpoint), Rc::clone(&self.pool));
        response.map(|incoming| UpstreamBody::new(incoming, pooled, self.body_timeout))
    }
}

/// The body of an upstream's answer. Its connection is kept once the body is read to its end, and closed otherwise.
#[derive(Debug)]
pub(crate) struct UpstreamBody {
    incoming: Incoming,
    connection: Option<Pooled>,
    timeout: Duration,
    /// Runs while the upstream pauses.
    pause: Option<Pin<Box<Sleep>>>,
}

impl UpstreamBody {
    fn new(incoming: Incoming, connection: Pooled, timeout: Duration) -> Self {
        let mut body = Self { incoming, connection: Some(connection), timeout, pause: None };
        body.keep_connection_at_end();
        body
    }

    fn keep_connection_at_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.keep_connection();
        }
    }

    fn keep_connection(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.keep();
        }
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
            return self.poll_pause(cx);
        };
        self.pause = None;
        match frame.transpose()?.map(Frame::into_data) {
            Some(Ok(data)) => {
                self.keep_connection_at_end();
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            // Trailers end the body here: they are not passed on.
            None | Some(Err(_)) => {
                self.keep_connection();
                Poll::Ready(None)
            }
        }
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let timeout = self.timeout;
        let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(pause.as_mut().poll(cx));
        self.connection = None;
        Poll::Ready(Some(Err(BodyError::Stalled)))
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
