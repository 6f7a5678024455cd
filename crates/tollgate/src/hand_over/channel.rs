//! What two processes say to each other while one hands over to the other: single bytes, some with sockets beside them.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::sockets::Door;

/// Sockets that can be passed at once: the most that Linux takes.
const MAX_SOCKETS: usize = 253;

/// What is said, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// The holder: these are the sockets of a door.
    Sockets(Door),
    /// The holder: these were all.
    Complete,
    /// The successor: all is prepared that can be without the data directory.
    Ready,
    /// The holder: the data directory is free.
    Released,
    /// The successor: it serves.
    Serving,
}

impl Message {
    const ALL: [(Self, u8); 8] = [
        (Self::Sockets(Door::Gateway), b'g'),
        (Self::Sockets(Door::GatewayTls), b'G'),
        (Self::Sockets(Door::Management), b'm'),
        (Self::Sockets(Door::ManagementTls), b'M'),
        (Self::Complete, b'.'),
        (Self::Ready, b'r'),
        (Self::Released, b'f'),
        (Self::Serving, b's'),
    ];

    fn byte(self) -> u8 {
        Self::ALL.into_iter().find(|(message, _)| *message == self).map(|(_, byte)| byte).expect("all are listed")
    }

    fn of(byte: u8) -> io::Result<Self> {
        let found = Self::ALL.into_iter().find(|(_, known)| *known == byte);
        found.map(|(message, _)| message).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "an unknown message"))
    }
}

/// A connection between the two.
#[derive(Debug)]
pub(super) struct Channel(UnixStream);

impl Channel {
    pub(super) async fn connect(path: &Path) -> io::Result<Self> {
        UnixStream::connect(path).await.map(Self)
    }

    pub(super) fn new(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// Sends a message with copies of sockets.
    pub(super) async fn send(&self, message: Message, sockets: &[BorrowedFd<'_>]) -> io::Result<()> {
        let byte = [message.byte()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
        self.0
            .async_io(Interest::WRITABLE, || {
                let mut beside = SendAncillaryBuffer::new(&mut space);
                if !sockets.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(sockets)) {
                    return Err(io::Error::new(ErrorKind::InvalidInput, "too many sockets to pass on"));
                }
                rustix::net::sendmsg(&self.0, &[IoSlice::new(&byte)], &mut beside, SendFlags::NOSIGNAL)?;
                Ok(())
            })
            .await
    }

    /// Receives a message and the sockets beside it. When the other side is gone, that is an error.
    pub(super) async fn receive(&self) -> io::Result<(Message, Vec<OwnedFd>)> {
        let mut byte = [0];
        let mut sockets = Vec::new();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
        let received = self.0.async_io(Interest::READABLE, || {
            let mut beside = RecvAncillaryBuffer::new(&mut space);
            let mut bytes = [IoSliceMut::new(&mut byte)];
            let received = rustix::net::recvmsg(&self.0, &mut bytes, &mut beside, RecvFlags::CMSG_CLOEXEC)?;
            for message in beside.drain() {
                if let RecvAncillaryMessage::ScmRights(passed) = message {
                    sockets.extend(passed);
                }
            }
            Ok(received.bytes)
        });
        if received.await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok((Message::of(byte[0])?, sockets))
    }

    /// Receives this message and no other.
    pub(super) async fn expect(&self, expected: Message) -> io::Result<()> {
        match self.receive().await? {
            (message, _) if message == expected => Ok(()),
            (message, _) => Err(io::Error::new(ErrorKind::InvalidData, format!("{message:?} instead of {expected:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;

    use tollgate_gateway::Sockets;

    use super::*;

    #[tokio::test]
    async fn sockets_arrive_beside_their_message_and_no_other() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let (ours, theirs) = (Channel::new(ours), Channel::new(theirs));
        let passed = Sockets::bind(([127, 0, 0, 1], 0).into(), 3).expect("a free port");
        ours.send(Message::Sockets(Door::Gateway), &passed.as_fds()).await.expect("sent");
        ours.send(Message::Complete, &[]).await.expect("sent");
        let (message, sockets) = theirs.receive().await.expect("received");
        assert_eq!((message, sockets.len()), (Message::Sockets(Door::Gateway), 3));
        let adopted = Sockets::adopt(sockets).expect("sockets").expect("some");
        assert_eq!(adopted.local_addr(), passed.local_addr());
        assert!(
            matches!(theirs.receive().await.expect("received"), (Message::Complete, sockets) if sockets.is_empty())
        );
    }

    #[tokio::test]
    async fn more_sockets_than_can_be_passed_are_an_error() {
        let (ours, _theirs) = UnixStream::pair().expect("a pair");
        let (ours, socket) = (Channel::new(ours), std::io::stdin());
        let many = vec![socket.as_fd(); MAX_SOCKETS + 1];
        assert_eq!(ours.send(Message::Complete, &many).await.expect_err("too many").kind(), ErrorKind::InvalidInput);
    }

    #[tokio::test]
    async fn a_side_that_is_gone_is_an_error() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        drop(theirs);
        assert!(Channel::new(ours).receive().await.is_err());
    }

    #[test]
    fn every_message_is_its_own_byte() {
        for (message, byte) in Message::ALL {
            assert_eq!((Message::of(byte).expect("known"), message.byte()), (message, byte));
        }
        assert!(Message::of(b'?').is_err());
    }
}
