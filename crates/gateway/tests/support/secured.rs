//! A gateway that serves TLS too, certificates for it, and callers who look at them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tollgate_domain::Catalog;
use tollgate_gateway::certificates::{CertificateFiles, Certificates};
use tollgate_gateway::{GatewayConfig, Sockets};

use super::{Served, soon};

/// Writes a self-signed certificate and its key, both named after `file`.
pub(crate) fn write_certificate(dir: &Path, file: &str, names: &[&str]) -> CertificateFiles {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let pair = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let files = CertificateFiles { chain: dir.join(format!("{file}.crt")), key: dir.join(format!("{file}.key")) };
    std::fs::write(&files.chain, pair.cert.pem()).expect("a file");
    std::fs::write(&files.key, pair.signing_key.serialize_pem()).expect("a file");
    files
}

/// A gateway, and where it serves TLS.
pub(crate) fn start(
    config: GatewayConfig,
    catalog: &Catalog,
    certificates: &Arc<Certificates>,
) -> (Served, SocketAddr) {
    let sockets = Sockets::bind(([127, 0, 0, 1], 0).into(), 1).expect("a free port");
    let addr = sockets.local_addr();
    let acceptor = certificates.acceptor(config.http2, config.tls_handshake_timeout);
    (Served::start_on(config, catalog, |bound| bound.with_tls(sockets, acceptor)), addr)
}

/// Connects to a host, offering protocols, whatever certificate is shown.
pub(crate) async fn connect(addr: SocketAddr, host: &str, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let stream = TcpStream::connect(addr).await.expect("a connection");
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    soon(TlsConnector::from(Arc::new(config)).connect(name, stream)).await.expect("a handshake")
}

/// The certificate that is shown to who asks for a host.
pub(crate) async fn shown(addr: SocketAddr, host: &str) -> Vec<u8> {
    let stream = connect(addr, host, &[]).await;
    stream.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec()
}

#[derive(Debug)]
struct Anyone;

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
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
