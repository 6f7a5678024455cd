//! Opens connections.

use std::io;

use tokio::net::{TcpStream, lookup_host};

use super::UpstreamError;
use super::endpoint::{Endpoint, Security};
use super::stream::Socket;
use super::tls::TlsSettings;

/// Opens a connection. The caller bounds the time.
pub(super) async fn connect(endpoint: &Endpoint, tls: &TlsSettings) -> Result<Socket, UpstreamError> {
    let stream = open(endpoint).await?;
    let secured = match endpoint.security {
        Security::Plain => return Ok(Socket::Plain(stream)),
        Security::Tls => tls.verified(&endpoint.host, stream).await,
        Security::UnverifiedTls => tls.unverified(&endpoint.host, stream).await,
    };
    Ok(Socket::Secured(Box::new(secured.map_err(UpstreamError::Tls)?)))
}

/// Tries the addresses of the host in turn.
async fn open(endpoint: &Endpoint) -> Result<TcpStream, UpstreamError> {
    let addresses = lookup_host((endpoint.host.as_str(), endpoint.port)).await.map_err(UpstreamError::Resolve)?;
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(UpstreamError::Connect)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(UpstreamError::Connect(failure))
}
