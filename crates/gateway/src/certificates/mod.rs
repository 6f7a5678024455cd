//! The certificates that this process shows to callers: read from files, and read again when those change.
//!
//! A caller always gets a certificate that was whole when it was read: files that cannot be used leave the one before
//! in force.

mod files;
mod table;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use self::files::Site;
use self::table::Table;

pub use self::files::CertificateFiles;

/// HTTP/2, as a caller names it while the connection is made.
pub(crate) const ALPN_HTTP2: &[u8] = b"h2";
const ALPN_HTTP1: &[u8] = b"http/1.1";

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read, or holds no PEM of the kind that it should.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: rustls::pki_types::pem::Error,
    },
    /// A file holds no certificate.
    #[error("{}: there is no certificate in it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The certificate cannot be parsed, or the key is not its own.
    #[error("{} and {}: {cause}", files.chain.display(), files.key.display())]
    Unusable {
        /// The files.
        files: CertificateFiles,
        /// What is wrong with them.
        cause: rustls::Error,
    },
    /// No certificate was named, and there is nothing else to show.
    #[error("TLS needs at least one certificate")]
    NoneNamed,
}

/// Which certificates are read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reread {
    /// All.
    All,
    /// Those whose files changed since they were read.
    Changed,
}

/// What became of reading again.
#[derive(Debug, Default)]
pub struct Renewal {
    /// Certificates that were replaced.
    pub renewed: usize,
    /// Why others were not: what was read before stays in force.
    pub failed: Vec<CertificateError>,
}

/// Certificates by the names that they are for.
#[derive(Debug)]
pub struct Certificates {
    sites: Mutex<Vec<Site>>,
    table: ArcSwap<Table>,
}

/// Secures connections with the certificates in force.
#[derive(Clone)]
pub struct TlsAcceptor {
    acceptor: tokio_rustls::TlsAcceptor,
    patience: Duration,
}

impl Certificates {
    /// Reads all files. The first certificate is for callers who name no host, or one that no certificate is for.
    pub fn load(files: Vec<CertificateFiles>) -> Result<Self, CertificateError> {
        let sites = files.into_iter().map(Site::read).collect::<Result<Vec<_>, _>>()?;
        let table = Table::new(&sites).ok_or(CertificateError::NoneNamed)?;
        Ok(Self { sites: Mutex::new(sites), table: ArcSwap::from_pointee(table) })
    }

    /// Reads files again. Connections that are made after this returns see what was taken. Blocks.
    pub fn renew(&self, which: Reread) -> Renewal {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let mut renewal = Renewal::default();
        for site in sites.iter_mut().filter(|site| which == Reread::All || site.is_changed()) {
            match site.read_again() {
                Ok(()) => renewal.renewed += 1,
                Err(error) => renewal.failed.push(error),
            }
        }
        if renewal.renewed > 0
            && let Some(table) = Table::new(&sites)
        {
            self.table.store(Arc::new(table));
        }
        renewal
    }

    /// Secures connections, as TLS 1.2 or 1.3. `http2`: whether HTTP/2 is offered beside HTTP/1.1. A handshake may take
    /// for `patience`.
    pub fn acceptor(self: &Arc<Self>, http2: bool, patience: Duration) -> TlsAcceptor {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("ring offers TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        let protocols: &[&[u8]] = if http2 { &[ALPN_HTTP2, ALPN_HTTP1] } else { &[ALPN_HTTP1] };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        TlsAcceptor { acceptor: Arc::new(config).into(), patience }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.table.load().find(hello.server_name()))
    }
}

impl TlsAcceptor {
    /// Secures a connection, or fails when the caller takes too long.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        tokio::time::timeout(self.patience, self.acceptor.accept(stream)).await?
    }
}

impl std::fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsAcceptor").field("patience", &self.patience).finish_non_exhaustive()
    }
}
