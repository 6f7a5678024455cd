//! Which protocol a caller speaks, told by its first bytes.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::clients::Client;

/// What a caller that speaks HTTP/2 without being asked says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes that are read at once.
const FIRST_READ: usize = 4096;

/// The first bytes of a connection.
#[derive(Debug, Default)]
pub(super) struct Opening {
    pub(super) bytes: Bytes,
    pub(super) is_http2: bool,
}

impl Opening {
    /// Reads as far as needed to tell HTTP/2 from HTTP/1.1. Nothing comes from a caller who hangs up.
    pub(super) async fn read(client: &Client, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut bytes = BytesMut::with_capacity(FIRST_READ);
        loop {
            let ended = stream.read_buf(&mut bytes).await? == 0;
            if !bytes.is_empty() {
                client.received();
            }
            let is_http2 = bytes.starts_with(PREFACE);
            if is_http2 || ended || !PREFACE.starts_with(&bytes) {
                return Ok(Self { bytes: bytes.freeze(), is_http2 });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    async fn opening(pieces: &[&[u8]]) -> Opening {
        // Small enough that each piece is read by itself.
        let (mut caller, mut gateway) = tokio::io::duplex(1);
        let pieces = pieces.concat();
        let sending = async move { caller.write_all(&pieces).await };
        let client = Client::new(([10, 0, 0, 1], 4321).into(), 8080);
        tokio::select! {
            opening = Opening::read(&client, &mut gateway) => opening.expect("read"),
            never = async { drop(sending.await); std::future::pending().await } => never,
        }
    }

    #[tokio::test]
    async fn http2_is_told_by_its_preface_however_it_is_cut() {
        assert!(opening(&[PREFACE]).await.is_http2);
    }

    #[tokio::test]
    async fn what_begins_like_the_preface_and_goes_on_otherwise_is_http1() {
        for first in [b"PRI * HTTP/1.1\r\n".as_slice(), b"PRINT / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n", b"PRI"] {
            assert!(!opening(&[first]).await.is_http2, "{first:?}");
        }
    }
}
