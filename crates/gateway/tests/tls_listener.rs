//! TLS with callers: which certificate they are shown, and what becomes of those who take their time.

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use support::secured::{connect, shown, start, write_certificate};
use support::{Served, Upstream, catalog, config, http_proxy, method, ok, soon};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_domain::HttpMethod;
use tollgate_gateway::GatewayConfig;
use tollgate_gateway::certificates::{CertificateError, CertificateFiles, Certificates, Reread};

const GET: &str = "GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nConnection: close\r\n\r\n";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn load(files: Vec<CertificateFiles>) -> Arc<Certificates> {
    Arc::new(Certificates::load(files).expect("certificates"))
}

fn on_disk(files: &CertificateFiles) -> Vec<u8> {
    CertificateDer::from_pem_file(&files.chain).expect("a certificate").to_vec()
}

async fn serve(config: GatewayConfig, upstream: &Upstream, dir: &Path) -> (Served, SocketAddr) {
    let open = method(http_proxy(upstream.uri("/{proxy}")));
    let certificates = load(vec![write_certificate(dir, "a", &["localhost"])]);
    start(config, &catalog(vec![("/{proxy+}", HttpMethod::Any, open)]), &certificates)
}

async fn call(addr: SocketAddr, request: &str) -> String {
    let mut stream = connect(addr, "localhost", &[]).await;
    stream.write_all(request.as_bytes()).await.expect("a reader");
    let mut answer = Vec::new();
    // The gateway may close without the formalities.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_call_by_tls_is_served_and_its_upstream_told_so() {
    let (upstream, dir) = (Upstream::answering(&ok("hi")).await, folder());
    let (served, secured) = serve(config(), &upstream, dir.path()).await;
    let answer = call(secured, GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hi"), "{answer}");
    assert_eq!(served.get("/a").await.status(), 200, "the plain port is served beside it");
    let requests = upstream.requests();
    let says = |request: &str, line: &str| request.contains(&format!("\r\n{line}\r\n"));
    assert!(says(&requests[0], "x-forwarded-proto: https"), "{requests:?}");
    assert!(says(&requests[0], &format!("x-forwarded-port: {}", secured.port())), "{requests:?}");
    assert!(says(&requests[1], "x-forwarded-proto: http"), "{requests:?}");
}

#[tokio::test]
async fn a_caller_is_shown_the_certificate_for_the_name_it_asks_for() {
    let dir = folder();
    let certificate = |file: &str, names: &[&str]| write_certificate(dir.path(), file, names);
    let (first, wildcard) = (certificate("first", &["first.test"]), certificate("wildcard", &["*.shop.test"]));
    let exact = certificate("exact", &["api.shop.test", "www.test"]);
    let all = [&first, &wildcard, &exact];
    let certificates = load(all.into_iter().cloned().collect());
    let (_served, addr) = start(config(), &catalog(Vec::new()), &certificates);
    for (host, expected) in [
        ("first.test", &first),
        ("api.shop.test", &exact),
        ("API.Shop.Test", &exact),
        ("www.test", &exact),
        ("other.shop.test", &wildcard),
        ("deep.other.shop.test", &first),
        ("shop.test", &first),
        ("unknown.test", &first),
        ("127.0.0.1", &first),
    ] {
        assert_eq!(shown(addr, host).await, on_disk(expected), "{host}");
    }
}

#[tokio::test]
async fn certificates_that_changed_on_disk_are_shown_without_a_restart() {
    let dir = folder();
    let certificates = load(vec![write_certificate(dir.path(), "a", &["localhost"])]);
    let (_served, addr) = start(config(), &catalog(Vec::new()), &certificates);
    let before = shown(addr, "localhost").await;
    assert_eq!(certificates.renew(Reread::Changed).renewed, 0);
    // Of another length, so that the change is seen however coarse the clock of the files is.
    let files = write_certificate(dir.path(), "a", &["localhost", "another.name.test"]);
    assert_eq!(certificates.renew(Reread::Changed).renewed, 1);
    let after = shown(addr, "localhost").await;
    assert_eq!(after, on_disk(&files));
    assert_ne!(after, before);
}

#[tokio::test]
async fn files_that_cannot_be_used_leave_the_certificate_in_force() {
    let dir = folder();
    let files = write_certificate(dir.path(), "a", &["localhost"]);
    let good = on_disk(&files);
    let certificates = load(vec![files.clone()]);
    let (_served, addr) = start(config(), &catalog(Vec::new()), &certificates);
    let strangers = write_certificate(dir.path(), "b", &["localhost"]);
    let key_of_another = std::fs::read(&strangers.key).expect("a file");
    for (path, bytes) in [(&files.chain, b"no PEM".to_vec()), (&files.key, Vec::new()), (&files.key, key_of_another)] {
        let kept = std::fs::read(path).expect("a file");
        std::fs::write(path, bytes).expect("a file");
        let renewal = certificates.renew(Reread::All);
        assert_eq!((renewal.renewed, renewal.failed.len()), (0, 1));
        assert_eq!(shown(addr, "localhost").await, good);
        std::fs::write(path, kept).expect("a file");
    }
}

#[test]
fn certificates_that_cannot_be_used_are_no_start() {
    let dir = folder();
    let (one, other) =
        (write_certificate(dir.path(), "a", &["a.test"]), write_certificate(dir.path(), "b", &["b.test"]));
    let error = |files| Certificates::load(files).expect_err("unusable");
    assert!(matches!(error(Vec::new()), CertificateError::NoneNamed));
    let swapped = CertificateFiles { chain: one.chain.clone(), key: other.key };
    assert!(matches!(error(vec![swapped]), CertificateError::Unusable { .. }));
    let keys_only = CertificateFiles { chain: one.key.clone(), key: one.key.clone() };
    assert!(matches!(error(vec![keys_only]), CertificateError::Empty { .. }));
    let absent = CertificateFiles { chain: dir.path().join("absent"), key: one.key };
    assert!(error(vec![absent]).to_string().contains("absent"));
}

#[tokio::test]
async fn a_caller_that_dawdles_with_the_handshake_is_cut_off() {
    let (upstream, dir) = (Upstream::answering(&ok("")).await, folder());
    let impatient = GatewayConfig { tls_handshake_timeout: Duration::from_millis(50), ..config() };
    let (_served, addr) = serve(impatient, &upstream, dir.path()).await;
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    stream.write_all(&[0x16, 3, 1, 0, 0xff]).await.expect("a reader");
    assert_eq!(soon(stream.read(&mut [0; 16])).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn the_waits_of_the_plain_port_hold_for_tls_too() {
    let (upstream, dir) = (Upstream::answering(&ok("")).await, folder());
    let short = Duration::from_millis(50);
    let impatient =
        GatewayConfig { header_read_timeout: short, client_idle_timeout: short, body_read_timeout: short, ..config() };
    let (_served, addr) = serve(impatient, &upstream, dir.path()).await;
    let half = "POST /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nContent-Length: 10\r\n\r\nhalf";
    for request in ["", "GET /prod/a HT", half] {
        // `call` reads until the gateway closes: it would wait forever otherwise.
        assert!(!call(addr, request).await.starts_with("HTTP/1.1 200"), "{request:?}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn one_connection_at_a_time_may_come_by_either_port() {
    let (upstream, dir) = (Upstream::answering(&ok("hi")).await, folder());
    let (served, secured) = serve(GatewayConfig { max_connections: 1, ..config() }, &upstream, dir.path()).await;
    for _ in 0..3 {
        assert_eq!(served.get("/a").await.status(), 200);
        assert!(call(secured, GET).await.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn a_caller_by_tls_that_does_not_read_is_cut_off() {
    const CALLS: usize = 2000;
    let (upstream, dir) = (Upstream::answering(&ok(&"x".repeat(20_000))).await, folder());
    let config = GatewayConfig { body_read_timeout: Duration::from_millis(100), ..config() };
    let (served, secured) = serve(config, &upstream, dir.path()).await;
    let (mut reading, mut writing) = tokio::io::split(connect(secured, "localhost", &[]).await);
    let one = "GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n";
    let sending = tokio::spawn(async move {
        for _ in 0..CALLS {
            if writing.write_all(one.as_bytes()).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    });
    // What TLS has taken and cannot send waits for the reader as much as what it has not.
    soon(async {
        let mut before = usize::MAX;
        while before != upstream.requests().len() {
            before = upstream.requests().len();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    })
    .await;
    let mut received = Vec::new();
    let _ = soon(reading.read_to_end(&mut received)).await;
    sending.abort();
    assert!(received.len() < CALLS * 20_000, "{}", received.len());
    soon(served.running.drain()).await;
}
