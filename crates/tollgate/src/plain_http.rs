//! Requests to the listeners of this machine's nodes: one connection, one request, no TLS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long an answer may take; functions and upstreams have half of it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Sends a request and reads the whole answer.
pub(crate) async fn exchange(address: SocketAddr, mut request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
    if !request.headers().contains_key(header::HOST) {
        request.headers_mut().insert(header::HOST, HeaderValue::try_from(address.to_string())?);
    }
    let conversation = async {
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // What breaks the connection shows in the answer.
        tokio::spawn(async move { drop(connection.await) });
        let (parts, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    };
    tokio::time::timeout(TIMEOUT, conversation).await.context("no answer came in time")?
}

/// An address that a listener can be reached at from here: one that listens everywhere listens on loopback, too.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
