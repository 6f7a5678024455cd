//! The bytes of a connection to an upstream, secured or not.

use std::cell::RefCell;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Bytes that are read at once. What comes is copied out of a buffer that the thread's connections share, so that one
/// that waits has none of its own.
const READ: usize = 16_384;

/// Bytes that are read at once of an answer that has more than [`READ`] left, into a buffer of their own. Nothing is
/// read ahead of that for a caller who is slow to read.
const LONG_READ: usize = 65_536;

/// The buffer that the connections of a thread read by.
#[derive(Clone)]
pub(super) struct Scratch(Rc<RefCell<Box<[u8]>>>);

impl Default for Scratch {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(vec![0; READ].into_boxed_slice())))
    }
}

/// A connection's bytes.
pub(super) struct Stream {
    socket: Socket,
    scratch: Scratch,
}

/// What a connection is made of.
pub(super) enum Socket {
    Plain(TcpStream),
    Secured(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(super) fn new(socket: Socket, scratch: Scratch) -> Self {
        Self { socket, scratch }
    }

    /// Whether nothing came that nobody asked for: neither bytes nor an end.
    pub(super) fn is_silent(&mut self) -> bool {
        match &self.socket {
            // Whoever waited for it is not known to it any more.
            Socket::Plain(stream) => {
                matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
            Socket::Secured(_) => self.poll_read(&mut Context::from_waker(Waker::noop()), 0).is_pending(),
        }
    }

    /// Waits for bytes. None are an end. `left` is how many are expected at least.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, left: u64) -> Poll<io::Result<Bytes>> {
        if left > READ as u64 {
            return self.poll_read_long(cx);
        }
        let mut scratch = self.scratch.0.borrow_mut();
        let mut read = ReadBuf::new(&mut scratch);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut read))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(read.filled())))
    }

    fn poll_read_long(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut bytes = BytesMut::with_capacity(LONG_READ);
        // What is read is in the buffer as soon as the future says so; one that waits has read nothing.
        ready!(pin!(self.socket.read_buf(&mut bytes)).poll(cx))?;
        Poll::Ready(Ok(bytes.freeze()))
    }

    /// Where bytes are written to.
    pub(super) fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secured(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secured(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Secured(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secured(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secured(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
