//! Opens connections.

use std::io;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};

use super::UpstreamError;
use super::endpoint::{Endpoint, Security};
use super::pool::Sender;
use super::tls::TlsSettings;
use crate::joined_writes::JoinedWrites;

/// Opens a connection and leaves it to a task of its own. The caller bounds the time.
pub(super) async fn connect(endpoint: &Endpoint, tls: &TlsSettings) -> Result<Sender, UpstreamError> {
    let stream = open(endpoint).await?;
    match endpoint.security {
        Security::Plain => handshake(stream).await,
        Security::Tls => handshake(tls.verified(&endpoint.host, stream).await.map_err(UpstreamError::Tls)?).await,
        Security::UnverifiedTls => {
            handshake(tls.unverified(&endpoint.host, stream).await.map_err(UpstreamError::Tls)?).await
        }
    }
}

/// Bytes of an answer that are read ahead of a caller who is slow to read; a head has to fit, too. With hyper's own
/// bound (417,792) each slow reader held a megabyte.
const ANSWER_BUFFER: usize = 65_536;

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

async fn handshake<S>(stream: S) -> Result<Sender, UpstreamError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(JoinedWrites(stream));
    let (sender, connection) = http1::Builder::new().max_buf_size(ANSWER_BUFFER).handshake(stream).await?;
    tokio::task::spawn_local(async move {
        if let Err(error) = connection.await {
            // The call that used it has told its caller; an idle one hurts nobody.
            tracing::debug!(target: "tollgate::upstream", %error, "a connection to an upstream ended");
        }
    });
    Ok(sender)
}
