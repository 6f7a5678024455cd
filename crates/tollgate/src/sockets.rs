//! The sockets of a node, which outlive it when it hands over to another.

use std::io;
use std::net::SocketAddr;

use anyhow::Context;
use tollgate_gateway::Sockets;

use crate::config::Config;

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Door {
    Gateway,
    GatewayTls,
    Management,
    ManagementTls,
}

impl Door {
    pub(crate) const ALL: [Self; 4] = [Self::Gateway, Self::GatewayTls, Self::Management, Self::ManagementTls];

    /// Where it is to be, if at all.
    fn address(self, config: &Config) -> Option<SocketAddr> {
        match self {
            Self::Gateway => Some(config.gateway),
            Self::GatewayTls => config.gateway_tls,
            Self::Management => Some(config.management),
            Self::ManagementTls => config.management_tls,
        }
    }

    fn bind(self, address: SocketAddr, config: &Config) -> anyhow::Result<Sockets> {
        let (bound, side) = match self {
            Self::Gateway | Self::GatewayTls => {
                (Sockets::bind(address, config.gateway_config().thread_count()), "gateway")
            }
            Self::Management | Self::ManagementTls => (Sockets::bind_alone(address), "management"),
        };
        bound.with_context(|| format!("cannot listen on {address} ({side})"))
    }
}

/// All sockets of a node.
#[derive(Debug)]
pub(crate) struct NodeSockets(Vec<(Door, Sockets)>);

impl NodeSockets {
    /// Takes what is passed where it listens where it should, and opens the rest.
    pub(crate) fn open(config: &Config, passed: Vec<(Door, Sockets)>) -> anyhow::Result<Self> {
        let mut passed = passed;
        let mut open = Vec::new();
        for door in Door::ALL {
            let Some(address) = door.address(config) else { continue };
            let fits = |(of, sockets): &(Door, Sockets)| *of == door && listens_at(sockets.local_addr(), address);
            let sockets = match passed.iter().position(fits) {
                Some(index) => passed.swap_remove(index).1,
                None => door.bind(address, config)?,
            };
            open.push((door, sockets));
        }
        Ok(Self(open))
    }

    /// The same sockets again.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        let copies = self.0.iter().map(|(door, sockets)| Ok((*door, sockets.try_clone()?)));
        Ok(Self(copies.collect::<io::Result<_>>()?))
    }

    /// Each door that is open, with its sockets.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Door, &Sockets)> {
        self.0.iter().map(|(door, sockets)| (*door, sockets))
    }

    /// Takes the sockets of a door out.
    pub(crate) fn take(&mut self, door: Door) -> Option<Sockets> {
        let index = self.0.iter().position(|(of, _)| *of == door)?;
        Some(self.0.swap_remove(index).1)
    }
}

/// Whether a socket is where it should be. Port 0 is any.
fn listens_at(actual: SocketAddr, wanted: SocketAddr) -> bool {
    actual.ip() == wanted.ip() && (wanted.port() == 0 || actual.port() == wanted.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_is_elsewhere_is_not_taken() {
        let addr = |text: &str| text.parse::<SocketAddr>().expect("an address");
        assert!(listens_at(addr("127.0.0.1:80"), addr("127.0.0.1:80")));
        assert!(listens_at(addr("127.0.0.1:80"), addr("127.0.0.1:0")));
        assert!(!listens_at(addr("127.0.0.1:80"), addr("127.0.0.1:81")));
        assert!(!listens_at(addr("127.0.0.1:80"), addr("0.0.0.0:80")));
    }
}
