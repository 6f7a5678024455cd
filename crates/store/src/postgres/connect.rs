//! Connections: where the database is, how it is spoken to, and who may know the password.

use std::fmt;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Manager, ManagerConfig, Pool, PoolConfig, RecyclingMethod, Runtime, Timeouts};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::sync::mpsc;
use tokio_postgres::AsyncMessage;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::StoreError;

/// How long connecting, or waiting for a connection, may take.
const CONNECTING: Duration = Duration::from_secs(3);

/// How long a connection that was idle may take to show that it is alive.
const RECYCLING: Duration = Duration::from_secs(2);

/// How long a statement may take, in PostgreSQL's words. What looks at all keys or all usage is given more.
const STATEMENT_TIMEOUT: &str = "20s";

/// Where the shared database is.
#[derive(Clone)]
pub struct PostgresSettings {
    /// `postgres://user@host:port/database`. Of its parameters `sslmode` takes `disable`, `prefer`, `require` and
    /// `verify-full`, and `sslrootcert` a file; the others are PostgreSQL's own.
    pub url: String,
    /// The password, if the URL has none.
    pub password: Option<String>,
    /// Certificates, in PEM, of who vouches for the server. Without them the authorities of browsers do.
    pub root_certificate: Option<PathBuf>,
    /// Connections at most, beside the two that listen and take turns.
    pub connections: usize,
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There may be a password in the URL.
        f.write_str("PostgresSettings(..)")
    }
}

/// What makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("database", &self.config.get_dbname())
            .finish()
    }
}

impl Connector {
    pub(super) fn new(settings: &PostgresSettings) -> Result<Self, StoreError> {
        let (url, tls) = TlsWish::take(settings)?;
        let mut config: tokio_postgres::Config = url.parse().map_err(unusable)?;
        if let Some(password) = &settings.password {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("tollgate");
        }
        let options = format!("{} -c statement_timeout={STATEMENT_TIMEOUT}", config.get_options().unwrap_or_default());
        config.options(options.trim_start());
        config.ssl_mode(tls.mode).connect_timeout(CONNECTING);
        // A server that is cut off is noticed within seconds and not within hours.
        config
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(10));
        Ok(Self { config, tls: tls.connect()? })
    }

    pub(super) fn pool(&self, connections: usize) -> Result<Pool, StoreError> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Verified };
        let manager = Manager::from_config(self.config.clone(), self.tls.clone(), recycling);
        let mut sizes = PoolConfig::new(connections.max(1));
        sizes.timeouts = Timeouts { wait: Some(CONNECTING), create: Some(CONNECTING), recycle: Some(RECYCLING) };
        let pool = Pool::builder(manager).config(sizes).runtime(Runtime::Tokio1).build();
        pool.map_err(|error| StoreError::Io(format!("the pool of connections: {error}")))
    }

    /// A connection of its own. What the server notifies of is sent to `told`, as channel and payload.
    pub(super) async fn client(
        &self,
        told: Option<mpsc::UnboundedSender<(String, String)>>,
    ) -> Result<ClientWrapper, StoreError> {
        let (client, mut connection) = self.config.connect(self.tls.clone()).await?;
        let serving = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|task| connection.poll_message(task)).await {
                if let (AsyncMessage::Notification(notice), Some(told)) = (message, &told) {
                    let _ = told.send((notice.channel().to_owned(), notice.payload().to_owned()));
                }
            }
        });
        Ok(ClientWrapper::new(client, serving))
    }
}

/// What is asked of TLS. `tokio_postgres` knows neither `verify-full` nor a file of certificates.
struct TlsWish {
    mode: SslMode,
    verified: bool,
    roots: Option<PathBuf>,
}

impl TlsWish {
    /// Takes TLS's parameters out of a URL.
    fn take(settings: &PostgresSettings) -> Result<(String, Self), StoreError> {
        let mut wish = Self { mode: SslMode::Prefer, verified: false, roots: settings.root_certificate.clone() };
        let (base, query) = settings.url.split_once('?').unwrap_or((&settings.url, ""));
        if !(base.starts_with("postgres://") || base.starts_with("postgresql://")) {
            return Err(StoreError::Settings("the address of the database begins with postgres://".to_owned()));
        }
        let mut rest = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", mode)) => (wish.mode, wish.verified) = read_mode(mode)?,
                Some(("sslrootcert", "system")) => wish.roots = None,
                Some(("sslrootcert", file)) => wish.roots = Some(PathBuf::from(file.replace("%2F", "/"))),
                _ => rest.push(parameter),
            }
        }
        // As in libpq, who names the authorities wants them asked.
        wish.verified |= wish.mode == SslMode::Require && wish.roots.is_some();
        let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        Ok((url, wish))
    }

    fn connect(&self) -> Result<MakeRustlsConnect, StoreError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        let config = match self.verified {
            true => builder.with_root_certificates(roots(self.roots.as_deref())?).with_no_client_auth(),
            false => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyServer(provider)))
                .with_no_client_auth(),
        };
        Ok(MakeRustlsConnect::new(config))
    }
}

fn read_mode(mode: &str) -> Result<(SslMode, bool), StoreError> {
    match mode {
        "disable" => Ok((SslMode::Disable, false)),
        "prefer" => Ok((SslMode::Prefer, false)),
        "require" => Ok((SslMode::Require, false)),
        "verify-full" => Ok((SslMode::Require, true)),
        _ => Err(StoreError::Settings("sslmode takes disable, prefer, require or verify-full".to_owned())),
    }
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, StoreError> {
    let Some(file) = file else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let failed = |error: &dyn fmt::Display| StoreError::Settings(format!("{}: {error}", file.display()));
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))? {
        store.add(certificate.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    }
    if store.is_empty() { Err(failed(&"there is no certificate in it")) } else { Ok(store) }
}

fn unusable(error: impl fmt::Display) -> StoreError {
    StoreError::Settings(error.to_string())
}

/// Takes whatever certificate a server shows, as `sslmode=require` does everywhere: nobody who listens can read, but
/// nobody says who the server is.
#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> PostgresSettings {
        PostgresSettings { url: url.to_owned(), password: None, root_certificate: None, connections: 1 }
    }

    #[test]
    fn what_is_asked_of_tls_is_taken_out_of_the_url() {
        let (url, wish) =
            TlsWish::take(&settings("postgres://u@h/d?sslmode=verify-full&application_name=x")).expect("ok");
        assert_eq!(
            (url.as_str(), wish.mode, wish.verified),
            ("postgres://u@h/d?application_name=x", SslMode::Require, true)
        );
        let (url, wish) = TlsWish::take(&settings("postgres://u@h/d?sslmode=require")).expect("ok");
        assert_eq!((url.as_str(), wish.mode, wish.verified), ("postgres://u@h/d", SslMode::Require, false));
        let (_, wish) = TlsWish::take(&settings("postgres://u@h/d?sslmode=require&sslrootcert=/ca.pem")).expect("ok");
        assert!(wish.verified, "who names the authorities wants them asked");
        assert!(TlsWish::take(&settings("postgres://u@h/d?sslmode=verify-ca")).is_err());
        assert!(TlsWish::take(&settings("mysql://u@h/d")).is_err());
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let given = PostgresSettings { password: Some("s3cret".to_owned()), ..settings("postgres://u:s3cret@h/d") };
        let connector = Connector::new(&given).expect("a connector");
        assert!(!format!("{given:?} {connector:?}").contains("s3cret"));
        for url in ["postgres://u:s3cret@h:port/d", "postgres://u:s3cret@h/d?sslmode=s3cret", "x://u:s3cret@h"] {
            let error = Connector::new(&settings(url)).expect_err("refused");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }
}
