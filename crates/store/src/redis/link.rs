//! Connections to Redis: made when one is needed, and made anew after whatever went wrong.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::cluster::{ClusterClient, ClusterClientBuilder};
use ::redis::cluster_async::ClusterConnection;
use ::redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use ::redis::{AsyncConnectionConfig, Client, RedisError, TlsCertificates, TlsMode};

use super::address::Address;
use super::{RedisSettings, unavailable};
use crate::error::StoreError;

/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(1);

/// How long an answer may take, after which the connection is given up. Whoever waits for it gives up sooner.
const ANSWERING: Duration = Duration::from_millis(500);

/// A connection, of which clones are the same.
#[derive(Clone)]
pub(super) enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// Makes connections.
pub(super) struct Links {
    door: Door,
    current: Mutex<Option<Numbered>>,
    made: AtomicU64,
    /// Held while connecting, so that one does for all.
    connecting: tokio::sync::Mutex<()>,
}

/// A connection and its number, by which it is known from those before.
#[derive(Clone)]
pub(super) struct Numbered {
    number: u64,
    pub(super) link: Link,
}

/// Where connections begin.
enum Door {
    One(Box<Client>),
    Sentinel(Box<tokio::sync::Mutex<SentinelClient>>),
    Cluster(Box<ClusterClient>),
}

impl Links {
    pub(super) fn new(settings: &RedisSettings) -> Result<Self, StoreError> {
        let mut address = Address::parse(&settings.url)?;
        if let Some(password) = &settings.password {
            address.set_password(password);
        }
        let certificates = settings.root_certificate.as_ref().map(|path| {
            let failed = |error| StoreError::Unavailable(format!("redis: {}: {error}", path.display()));
            let root_cert = Some(std::fs::read(path).map_err(failed)?);
            Ok::<_, StoreError>(TlsCertificates { client_tls: None, root_cert })
        });
        let sentinel_password = settings.sentinel_password.as_deref();
        let door = Door::new(address, certificates.transpose()?, sentinel_password).map_err(unavailable)?;
        Ok(Self { door, current: Mutex::default(), made: AtomicU64::new(0), connecting: tokio::sync::Mutex::default() })
    }

    /// The connection in use, or a new one.
    pub(super) async fn get(&self) -> Result<Numbered, StoreError> {
        if let Some(current) = &*self.current() {
            return Ok(current.clone());
        }
        let _connecting = self.connecting.lock().await;
        if let Some(current) = &*self.current() {
            return Ok(current.clone());
        }
        let link = self.door.connect().await.map_err(unavailable)?;
        let mut current = self.current();
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        Ok(current.insert(Numbered { number, link }).clone())
    }

    /// Uses a connection no longer.
    pub(super) fn drop(&self, broken: &Numbered) {
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| current.number == broken.number) {
            *current = None;
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Numbered>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    fn new(
        address: Address,
        certificates: Option<TlsCertificates>,
        sentinel_password: Option<&str>,
    ) -> Result<Self, RedisError> {
        // Where they are given, the library takes that for TLS.
        let is_tls = address.is_tls();
        let certificates = certificates.filter(|_| is_tls);
        match address {
            Address::One(server) => {
                let client = match certificates {
                    Some(certificates) => Client::build_with_tls(server, certificates)?,
                    None => Client::open(server)?,
                };
                Ok(Self::One(Box::new(client)))
            }
            Address::Sentinel { sentinels, service, server } => {
                let addresses = sentinels.iter().map(|sentinel| sentinel.addr().clone());
                let mut builder = SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?;
                builder = builder.set_client_to_redis_db(server.redis_settings().db());
                if let Some(username) = server.redis_settings().username() {
                    builder = builder.set_client_to_redis_username(username);
                }
                if let Some(password) = server.redis_settings().password() {
                    builder = builder.set_client_to_redis_password(password);
                }
                if let Some(password) = sentinel_password {
                    builder = builder.set_client_to_sentinel_password(password);
                }
                if is_tls {
                    builder = builder
                        .set_client_to_redis_tls_mode(TlsMode::Secure)
                        .set_client_to_sentinel_tls_mode(TlsMode::Secure);
                }
                if let Some(certificates) = certificates {
                    builder = builder
                        .set_client_to_redis_certificates(certificates.clone())
                        .set_client_to_sentinel_certificates(certificates);
                }
                Ok(Self::Sentinel(Box::new(tokio::sync::Mutex::new(builder.build()?))))
            }
            Address::Cluster(servers) => {
                let mut builder = ClusterClientBuilder::new(servers)
                    .retries(2)
                    .connection_timeout(CONNECTING)
                    .response_timeout(ANSWERING);
                if let Some(certificates) = certificates {
                    builder = builder.certs(certificates);
                }
                Ok(Self::Cluster(Box::new(builder.build()?)))
            }
        }
    }

    async fn connect(&self) -> Result<Link, RedisError> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECTING)).set_response_timeout(Some(ANSWERING));
        match self {
            Self::One(client) => client.get_multiplexed_async_connection_with_config(&config).await.map(Link::One),
            Self::Sentinel(sentinel) => {
                sentinel.lock().await.get_async_connection_with_config(&config).await.map(Link::One)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Link::Cluster),
        }
    }
}
