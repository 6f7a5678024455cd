//! Errands: what the gateway itself asks of others, now and then, each on a connection of its own.

use bytes::Bytes;
use http::{Request, header};
use std::future::poll_fn;

use super::connect;
use super::exchange::{Answer, Exchange};
use super::stream::{Scratch, Stream};
use super::{Endpoint, TlsSettings};
use crate::body::RequestBody;

/// Gets a document of at most `max` bytes. The caller bounds the time.
pub(crate) async fn get(url: &str, tls: &TlsSettings, max: usize) -> Result<Bytes, String> {
    let target: http::Uri = url.parse().map_err(|error| format!("{url:?} is no address: {error}"))?;
    let (secure, authority) = match (target.scheme_str(), target.authority()) {
        (Some("https"), Some(authority)) => (true, authority.as_str()),
        (Some("http"), Some(authority)) => (false, authority.as_str()),
        _ => return Err(format!("{url:?} is no address with http or https")),
    };
    let endpoint = Endpoint::parse(secure, true, authority)?;
    let path = target.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path).header(header::HOST, authority).header(header::ACCEPT, "application/json");
    let request = request.body(RequestBody::Empty).map_err(|error| error.to_string())?;
    let socket = connect::connect(&endpoint, tls).await.map_err(|error| error.to_string())?;
    let answered = Exchange::new(request).over(Stream::new(socket, Scratch::default())).await;
    let Answer { head, mut rest } = answered.map_err(|error| error.to_string())?;
    if head.status != http::StatusCode::OK {
        return Err(format!("{url} answered {}", head.status));
    }
    let mut bytes = Vec::new();
    while let Some(piece) = poll_fn(|cx| rest.poll_data(cx)).await.map_err(|error| error.to_string())? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > max {
            return Err(format!("{url} answered with more than {max} bytes"));
        }
    }
    Ok(bytes.into())
}
