//! A caller's connection, which notes for [`Client`] when bytes come and when they cannot go.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;

use crate::clients::Client;

/// Bytes of a head that are read at once.
const HEAD_READ: usize = 4096;

/// A caller's connection.
pub(crate) struct ClientStream {
    stream: TokioIo<TcpStream>,
    client: Rc<Client>,
}

impl ClientStream {
    pub(crate) fn new(stream: TcpStream, client: Rc<Client>) -> Self {
        Self { stream: TokioIo::new(stream), client }
    }

    /// Reads by way of a buffer of our own, since hyper's cannot be looked into.
    fn read_head(&mut self, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [const { MaybeUninit::uninit() }; HEAD_READ];
        let mut read = ReadBuf::uninit(&mut bytes);
        let mut read = read.take(buf.remaining());
        ready!(Pin::new(self.stream.inner_mut()).poll_read(cx, &mut read))?;
        self.client.raw_head.add(read.filled());
        buf.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }

    fn wrote<T>(&self, polled: Poll<T>) -> Poll<T> {
        self.client.waits_for_reader(polled.is_pending());
        polled
    }
}

impl Read for ClientStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let polled = match self.client.awaits_head() {
            true => self.read_head(cx, buf),
            false => Pin::new(&mut self.stream).poll_read(cx, buf),
        };
        if polled.is_ready() {
            self.client.received();
        }
        polled
    }
}

impl Write for ClientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
