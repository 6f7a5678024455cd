//! A stream that writes what is short in one piece.
//!
//! hyper hands over a head and its body as two slices. For a few hundred bytes the kernel takes longer to read a list
//! of slices than it takes to copy them into one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are worth copying.
const SHORT: usize = 2048;

/// The stream.
#[derive(Debug)]
pub(crate) struct JoinedWrites<S>(pub(crate) S);

impl<S: AsyncRead + Unpin> AsyncRead for JoinedWrites<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for JoinedWrites<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(cx, only);
        }
        if slices.iter().map(|slice| slice.len()).sum::<usize>() > SHORT {
            return Pin::new(&mut self.0).poll_write_vectored(cx, slices);
        }
        let mut joined = SmallVec::<[u8; SHORT]>::new();
        slices.iter().for_each(|slice| joined.extend_from_slice(slice));
        self.poll_write(cx, &joined)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;
    use std::task::Waker;

    use super::*;

    /// Takes so many bytes at once, and notes how many slices came with each write.
    #[derive(Default)]
    struct Sink {
        written: Vec<u8>,
        slices: Vec<usize>,
    }

    impl AsyncWrite for Sink {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.written.extend_from_slice(bytes);
            self.slices.push(1);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            slices.iter().for_each(|slice| self.written.extend_from_slice(slice));
            self.slices.push(slices.len());
            Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn write(parts: &[&[u8]]) -> Sink {
        let slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let mut stream = JoinedWrites(Sink::default());
        let written = Pin::new(&mut stream).poll_write_vectored(&mut Context::from_waker(Waker::noop()), &slices);
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        assert!(matches!(written, Poll::Ready(Ok(all)) if all == length));
        assert_eq!(stream.0.written, parts.concat());
        stream.0
    }

    #[test]
    fn what_is_short_is_written_in_one_piece() {
        assert_eq!(write(&[b"head", b"body"]).slices, [1]);
        assert_eq!(write(&[b"head"]).slices, [1]);
    }

    #[test]
    fn what_is_long_is_not_copied() {
        assert_eq!(write(&[b"head", &[7; SHORT]]).slices, [2]);
    }
}
