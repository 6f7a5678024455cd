//! HTTPS upstreams: whose certificate is taken.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use support::{Served, catalog, config, http_proxy, method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tollgate_domain::HttpMethod;

/// An upstream whose certificate nobody vouches for.
async fn self_signed_upstream() -> SocketAddr {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)
        .expect("a key that fits");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(support::ok("secret").as_bytes()).await;
        }
    });
    addr
}

async fn call(skip_verification: Option<bool>) -> (u16, String) {
    let addr = self_signed_upstream().await;
    let mut integration = http_proxy(format!("https://localhost:{}/", addr.port()));
    integration.insecure_skip_verification = skip_verification;
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Get, method(integration))]));
    let answer = served.get("/a").await;
    (answer.status(), answer.body().to_owned())
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    assert_eq!(call(None).await.0, 504);
    assert_eq!(call(Some(false)).await.0, 504);
}

#[tokio::test]
async fn an_owner_may_ask_to_skip_verification() {
    assert_eq!(call(Some(true)).await, (200, "secret".to_owned()));
}
