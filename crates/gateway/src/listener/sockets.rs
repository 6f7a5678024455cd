//! Sockets that listen on one address.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel keeps for each socket until they are accepted.
const BACKLOG: i32 = 4096;

/// Sockets on one address; the kernel spreads connections over them. A copy, in this process or in another, shares
/// their queues: as long as one is open, whoever waits in a queue is not reset.
#[derive(Debug)]
pub struct Sockets {
    addr: SocketAddr,
    sockets: Vec<TcpListener>,
}

impl Sockets {
    /// Opens `count` sockets, at least one. Others on the same port may join.
    pub fn bind(addr: SocketAddr, count: usize) -> io::Result<Self> {
        let first = open(addr, true)?;
        // The others share whatever port was given to the first.
        let addr = first.local_addr()?;
        let mut sockets = vec![first];
        for _ in 1..count {
            sockets.push(open(addr, true)?);
        }
        Ok(Self { addr, sockets })
    }

    /// Opens one socket that nobody may join.
    pub fn bind_alone(addr: SocketAddr) -> io::Result<Self> {
        let socket = open(addr, false)?;
        Ok(Self { addr: socket.local_addr()?, sockets: vec![socket] })
    }

    /// Takes sockets that listen already, all on the same address. None without a socket.
    pub fn adopt(sockets: Vec<OwnedFd>) -> io::Result<Option<Self>> {
        let sockets: Vec<TcpListener> = sockets.into_iter().map(TcpListener::from).collect();
        let Some(first) = sockets.first() else { return Ok(None) };
        let addr = first.local_addr()?;
        for socket in &sockets {
            socket.set_nonblocking(true)?;
        }
        Ok(Some(Self { addr, sockets }))
    }

    /// The address that they listen on.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// The same sockets again.
    pub fn try_clone(&self) -> io::Result<Self> {
        let sockets = self.sockets.iter().map(TcpListener::try_clone).collect::<io::Result<_>>()?;
        Ok(Self { addr: self.addr, sockets })
    }

    /// The sockets, to be passed on.
    pub fn as_fds(&self) -> Vec<BorrowedFd<'_>> {
        self.sockets.iter().map(AsFd::as_fd).collect()
    }

    /// The sockets for each of `threads`: every socket is somebody's, and nobody is without one.
    pub(super) fn spread(self, threads: usize) -> io::Result<Vec<Vec<TcpListener>>> {
        let mut spread: Vec<Vec<TcpListener>> = (0..threads).map(|_| Vec::new()).collect();
        for index in 0..threads.max(self.sockets.len()) {
            spread[index % threads].push(self.sockets[index % self.sockets.len()].try_clone()?);
        }
        Ok(spread)
    }
}

impl From<Sockets> for Vec<TcpListener> {
    fn from(sockets: Sockets) -> Self {
        sockets.sockets
    }
}

fn open(addr: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_socket_is_accepted_from_and_every_thread_has_one() {
        for (count, threads, expected) in [(2, 2, vec![1, 1]), (3, 2, vec![2, 1]), (1, 3, vec![1, 1, 1])] {
            let sockets = Sockets::bind(([127, 0, 0, 1], 0).into(), count).expect("a free port");
            let spread = sockets.spread(threads).expect("descriptors");
            assert_eq!(spread.iter().map(Vec::len).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn adopted_sockets_listen_where_they_did() {
        let sockets = Sockets::bind(([127, 0, 0, 1], 0).into(), 2).expect("a free port");
        let passed = sockets.as_fds().iter().map(|fd| fd.try_clone_to_owned().expect("a descriptor")).collect();
        let adopted = Sockets::adopt(passed).expect("sockets").expect("some");
        assert_eq!((adopted.local_addr(), adopted.sockets.len()), (sockets.local_addr(), 2));
        assert!(Sockets::adopt(Vec::new()).expect("nothing to fail").is_none());
    }
}
