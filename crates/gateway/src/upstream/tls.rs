//! TLS towards upstreams.

use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Settings of TLS, made once for all threads.
pub(crate) struct TlsSettings {
    verified: TlsConnector,
    unverified: TlsConnector,
}

impl TlsSettings {
    /// Trusts the authorities that browsers trust.
    pub(crate) fn new() -> Result<Self, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        let builder =
            || ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let verified = builder()?.with_root_certificates(roots).with_no_client_auth();
        let anyone = Arc::new(Anyone(Arc::clone(&provider)));
        let unverified = builder()?.dangerous().with_custom_certificate_verifier(anyone).with_no_client_auth();
        Ok(Self { verified: Arc::new(verified).into(), unverified: Arc::new(unverified).into() })
    }

    /// Secures a connection with the host that the certificate names.
    pub(super) async fn verified(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.verified.connect(server_name(host)?, stream).await
    }

    /// Secures a connection with whoever answers.
    pub(super) async fn unverified(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.unverified.connect(server_name(host)?, stream).await
    }
}

fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// Takes every certificate, for integrations whose owner set `insecureSkipVerification`.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
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
