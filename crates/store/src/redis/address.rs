//! Where Redis is: one server, sentinels that know it, or a cluster.

use ::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::error::StoreError;

/// What an address names.
#[derive(Debug)]
pub(super) enum Address {
    One(ConnectionInfo),
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        service: String,
        /// As whom to speak to the server that they name, and in which database.
        server: ConnectionInfo,
    },
    Cluster(Vec<ConnectionInfo>),
}

/// Whether a text is an address of buckets.
pub fn is_bucket_address(text: &str) -> bool {
    Address::parse(text).is_ok()
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unavailable("redis: the address cannot be read".to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(unreadable)?;
        let (plain, kind) = match scheme.split_once(['+', '-']) {
            Some((plain, kind)) => (plain, kind),
            None => (scheme, ""),
        };
        let plain = match plain {
            "redis" | "valkey" => "redis",
            "rediss" | "valkeys" => "rediss",
            _ => return Err(unreadable()),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
        let read = |user: &str, host: &str, database: &str| {
            let at = if user.is_empty() { "" } else { "@" };
            let url = format!("{plain}://{user}{at}{host}/{database}");
            // What is wrong is not told by its text, which may have a password.
            url.as_str().into_connection_info().map_err(|_| unreadable())
        };
        let each = |user: &str| hosts.split(',').map(|host| read(user, host, "")).collect::<Result<Vec<_>, _>>();
        match kind {
            "" if hosts.contains(',') => Err(unreadable()),
            "" => Ok(Self::One(read(user, hosts, path)?)),
            "sentinel" => {
                let (service, database) = path.split_once('/').unwrap_or((path, ""));
                if service.is_empty() {
                    return Err(unreadable());
                }
                let server = read(user, hosts.split(',').next().unwrap_or_default(), database)?;
                Ok(Self::Sentinel { sentinels: each("")?, service: service.to_owned(), server })
            }
            "cluster" if path.is_empty() => Ok(Self::Cluster(each(user)?)),
            _ => Err(unreadable()),
        }
    }
}

impl Address {
    /// Whether servers, and sentinels, are spoken to by TLS.
    pub(super) fn is_tls(&self) -> bool {
        let servers = match self {
            Self::One(server) | Self::Sentinel { server, .. } => std::slice::from_ref(server),
            Self::Cluster(servers) => servers,
        };
        servers.iter().any(|server| matches!(server.addr(), ConnectionAddr::TcpTls { .. }))
    }

    /// Sets the password of servers that are given none. Sentinels have their own.
    pub(super) fn set_password(&mut self, password: &str) {
        match self {
            Self::One(server) | Self::Sentinel { server, .. } => set_password(server, password),
            Self::Cluster(servers) => servers.iter_mut().for_each(|server| set_password(server, password)),
        }
    }
}

fn set_password(server: &mut ConnectionInfo, password: &str) {
    if server.redis_settings().password().is_none() {
        let settings = server.redis_settings().clone().set_password(password);
        *server = server.clone().set_redis_settings(settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let forms = [
            "redis://localhost",
            "valkey://u:p%40ss@h:1/3",
            "rediss://h:1",
            "redis+sentinel://:secret@a:1,b:2/main",
            "rediss+sentinel://a:1/main/2",
            "redis-cluster://u:p@a:1,b:2,[::1]:3",
        ];
        for form in forms {
            let address = Address::parse(form).expect(form);
            assert_eq!(address.is_tls(), form.starts_with("rediss"), "{form}");
        }
        let Ok(Address::Sentinel { sentinels, service, server }) = Address::parse(forms[3]) else {
            panic!("sentinels are named")
        };
        assert_eq!((sentinels.len(), service.as_str()), (2, "main"));
        assert_eq!(server.redis_settings().password(), Some("secret"));
        assert_eq!(sentinels[0].redis_settings().password(), None, "sentinels have their own");
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        let wrong =
            ["", "h:1", "http://h", "redis://", "redis://a:1,b:2", "redis+sentinel://a:1", "redis-x://a:secret@b"];
        for text in wrong {
            let error = Address::parse(text).expect_err(text).to_string();
            assert!(!error.contains("secret"));
        }
    }
}
