//! A caller's connection, which notes for [`Client`] when bytes come and when they cannot go, and puts the refusals of
//! hyper as the gateway's.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tollgate_domain::GatewayResponseType;

use crate::clients::Client;
use crate::head_refusal::HeadRefusal;
use crate::joined_writes::JoinedWrites;
use crate::worker::Worker;

/// Bytes of a head that are read at once.
const HEAD_READ: usize = 4096;

/// A caller's connection.
pub(crate) struct ClientStream<S> {
    stream: TokioIo<JoinedWrites<S>>,
    client: Rc<Client>,
    worker: Rc<Worker>,
    /// What was read before, to be read again.
    opening: Bytes,
    /// What is still to be written in place of an answer of hyper's.
    refusal: Option<Bytes>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> ClientStream<S> {
    pub(crate) fn new(stream: S, client: Rc<Client>, worker: Rc<Worker>) -> Self {
        Self { stream: TokioIo::new(JoinedWrites(stream)), client, worker, opening: Bytes::new(), refusal: None }
    }

    /// Puts what was read from the connection already before what is to come.
    pub(crate) fn after(self, opening: Bytes) -> Self {
        Self { opening, ..self }
    }

    fn read_opening(&mut self, mut buf: ReadBufCursor<'_>) {
        let length = self.opening.len().min(buf.remaining());
        let read = &self.opening[..length];
        match self.client.awaits_head() {
            true => self.client.raw_head.add(read),
            false => self.client.raw_head.read_elsewhere(),
        }
        self.client.received();
        buf.put_slice(read);
        self.opening.advance(length);
        if self.opening.is_empty() {
            // An empty rest would keep all of it in memory for as long as the connection lasts.
            self.opening = Bytes::new();
        }
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

    /// Writes a refusal in place of `answer`, if that is hyper's own.
    fn poll_refuse(&mut self, cx: &mut Context<'_>, answer: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.refusal.is_none() && self.client.awaits_head() {
            let refusal = HeadRefusal::instead_of(answer, || self.worker.call_ids.next())?;
            let metrics = &self.worker.shared.metrics;
            metrics.count_unread(self.worker.thread, refusal.status, Some(GatewayResponseType::Default4xx));
            self.refusal = Some(refusal.bytes);
        }
        let refusal = self.refusal.as_mut()?;
        while !refusal.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, refusal) {
                Poll::Ready(Ok(0)) => return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(written)) => refusal.advance(written),
                other => return Some(other),
            }
        }
        self.refusal = None;
        Some(Poll::Ready(Ok(answer.len())))
    }

    fn wrote<T>(&self, polled: Poll<T>) -> Poll<T> {
        self.client.waits_for_reader(polled.is_pending());
        polled
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Read for ClientStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        if !self.opening.is_empty() {
            self.read_opening(buf);
            return Poll::Ready(Ok(()));
        }
        let awaits_head = self.client.awaits_head();
        let polled = match awaits_head {
            true => self.read_head(cx, buf),
            false => Pin::new(&mut self.stream).poll_read(cx, buf),
        };
        if polled.is_ready() {
            self.client.received();
            if !awaits_head {
                self.client.raw_head.read_elsewhere();
            }
        }
        polled
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Write for ClientStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = match self.poll_refuse(cx, buf) {
            Some(refused) => refused,
            None => Pin::new(&mut self.stream).poll_write(cx, buf),
        };
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = bufs {
            return self.poll_write(cx, only);
        }
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS takes what is written before it can go.
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.wrote(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
