//! Errands: what the gateway itself asks of others, now and then, each on a connection of its own.

use bytes::Bytes;
use http::{Request, header};
use http_body::Body;
use std::future::poll_fn;
use std::pin::Pin;

use super::connect;
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
    let mut sender = connect::connect(&endpoint, tls).await.map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    if response.status() != http::StatusCode::OK {
        return Err(format!("{url} answered {}", response.status()));
    }
    let (mut body, mut bytes) = (response.into_body(), Vec::new());
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        bytes.extend_from_slice(&frame.map_err(|error| error.to_string())?.into_data().unwrap_or_default());
        if bytes.len() > max {
            return Err(format!("{url} answered with more than {max} bytes"));
        }
    }
    Ok(bytes.into())
}
