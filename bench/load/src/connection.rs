//! A connection that has one call at a time.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::answer::{Answer, Broken};

/// A kept connection, and what has come of the answer to its call.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// How far the answer to a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to come.
    Waiting,
    /// All of it came; it has this status.
    Done(u16),
}

impl Connection {
    /// Connects.
    pub fn open(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    /// The socket.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a call. Calls are short: they fit the socket's buffer.
    pub fn send(&mut self, call: &[u8]) -> io::Result<()> {
        self.received.clear();
        self.stream.write_all(call)
    }

    /// Reads what has come, once.
    pub fn receive(&mut self) -> io::Result<Progress> {
        let mut part = [0; 4096];
        match self.stream.read(&mut part) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => self.received.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Progress::Waiting),
            Err(error) => return Err(error),
        }
        let answer = Answer::read(&self.received).map_err(invalid)?;
        Ok(match answer {
            Some(answer) if self.received.len() >= answer.length => Progress::Done(answer.status),
            _ => Progress::Waiting,
        })
    }
}

fn invalid(broken: Broken) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, broken)
}
