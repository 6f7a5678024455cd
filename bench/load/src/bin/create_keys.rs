//! Creates API keys through the management API, from several clients, as fast as it answers.
//!
//! Calls are signed before the clock starts: what is measured is the server, not the signer of its clients.

use std::error::Error;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use clap::Parser;
use hdrhistogram::{CreationError, Histogram};
use tollgate_bench_load::{Connection, Progress};

/// Calls CreateApiKey, and prints how many keys a second were created, and how long calls took.
#[derive(Parser)]
struct Given {
    /// The management API.
    #[arg(long)]
    to: SocketAddr,
    #[arg(long)]
    access_key_id: String,
    #[arg(long)]
    secret_access_key: String,
    #[arg(long)]
    region: String,
    /// Clients, each with a connection and one call at a time.
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// Keys that each client creates.
    #[arg(long)]
    keys: usize,
    /// Begins the names of the keys.
    #[arg(long, default_value = "created")]
    name: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = Given::parse();
    let sign = |client| (0..given.keys).map(|key| signed(&given, client, key)).collect::<Result<Vec<_>, _>>();
    let clients = (0..given.clients).map(sign).collect::<Result<Vec<_>, _>>()?;
    let began = Instant::now();
    let nanos = std::thread::scope(|scope| {
        let threads: Vec<_> = clients.iter().map(|calls| scope.spawn(|| run(given.to, calls))).collect();
        let ended = threads.into_iter().map(|thread| thread.join().expect("a client does not panic"));
        ended.collect::<std::io::Result<Vec<_>>>()
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let mut all = histogram()?;
    nanos.iter().try_for_each(|one| all.add(one))?;
    let micros = |quantile| all.value_at_quantile(quantile) as f64 / 1000.0;
    let counted = serde_json::json!({
        "keys": all.len(), "seconds": seconds, "rate": all.len() as f64 / seconds,
        "p50": micros(0.5), "p99": micros(0.99), "p99.9": micros(0.999), "most": all.max() as f64 / 1000.0,
    });
    println!("{counted}");
    Ok(())
}

/// A call of CreateApiKey, signed, as it goes over the wire.
fn signed(given: &Given, client: usize, key: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let host = given.to.to_string();
    let body = format!(r#"{{"name":"{}-{client}-{key}","enabled":true}}"#, given.name);
    let identity = Credentials::new(&given.access_key_id, &given.secret_access_key, None, None, "given").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&given.region)
        .name("apigateway")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?;
    let uri = format!("http://{host}/apikeys");
    let headers = [("host", host.as_str()), ("content-type", "application/json")];
    let request = SignableRequest::new("POST", uri, headers.into_iter(), SignableBody::Bytes(body.as_bytes()))?;
    let (instructions, _) = sign(request, &params.into())?.into_parts();
    let mut head = format!("POST /apikeys HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n");
    for (name, value) in instructions.headers() {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    Ok(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

/// Makes the calls of one client, one after the other. Returns how long each took, in nanoseconds.
fn run(to: SocketAddr, calls: &[Vec<u8>]) -> std::io::Result<Histogram<u64>> {
    let mut connection = Connection::open(to)?;
    let mut nanos = histogram().map_err(std::io::Error::other)?;
    for call in calls {
        let began = Instant::now();
        connection.send(call)?;
        let status = loop {
            if let Progress::Done(status) = connection.receive()? {
                break status;
            }
        };
        if status != 201 {
            return Err(std::io::Error::new(ErrorKind::InvalidData, format!("CreateApiKey answered {status}")));
        }
        nanos.saturating_record(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(nanos)
}

/// For nanoseconds up to an hour.
fn histogram() -> Result<Histogram<u64>, CreationError> {
    Histogram::new_with_bounds(1, 3_600_000_000_000, 3)
}
