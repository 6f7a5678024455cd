//! The Tollgate under test: a process on a data directory of its own, on free ports of the loopback.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use aws_sdk_apigateway::config::retry::RetryConfig;
use aws_sdk_apigateway::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_apigateway::{Client, Config};
use tempfile::TempDir;

use crate::coverage::Coverage;

const ACCESS_KEY_ID: &str = "AKIASDKSUITE00000000";
const SECRET_ACCESS_KEY: &str = "sdk/suite/secret/sdk/suite/secret/sdk/00";
/// How long it may take to listen.
const START: Duration = Duration::from_secs(30);

/// The process. It ends when this is dropped.
pub struct Node {
    process: Child,
    endpoint: String,
    folder: TempDir,
}

impl Node {
    /// Starts it and waits until it listens.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = File::create(folder.path().join("log")).expect("a log");
        let mut process = Command::new(binary())
            .args(["serve", "--gateway", "127.0.0.1:0", "--management", "127.0.0.1:0", "--print-addresses"])
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .env_clear()
            .env("TOLLGATE_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("TOLLGATE_ROOT_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("tollgate starts");
        let stdout = process.stdout.take().expect("a pipe");
        let mut node = Self { process, endpoint: String::new(), folder };
        let (lines, line) = mpsc::channel();
        // Read to its end, whoever listens, so that the process never waits for us.
        std::thread::spawn(move || BufReader::new(stdout).lines().for_each(|line| drop(lines.send(line))));
        let line = line.recv_timeout(START).map_err(|_| node.log()).expect("the addresses within their time");
        let addresses: serde_json::Value = serde_json::from_str(&line.expect("text")).expect("addresses");
        node.endpoint = format!("http://{}", addresses["management"].as_str().expect("an address"));
        node
    }

    /// The administrator's client. It asks once: what it says is what was answered.
    pub fn client(&self, coverage: &Coverage) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "suite"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(RetryConfig::disabled())
            .interceptor(coverage.clone());
        Client::from_conf(config.build())
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Whether any of its threads panicked.
    pub fn panicked(&self) -> bool {
        self.log().contains("panicked")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself, which the cases have noticed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The binary that `TOLLGATE_BIN` names, or the debug build.
fn binary() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = std::env::var_os("TOLLGATE_BIN").map(PathBuf::from);
    root.join(named.unwrap_or_else(|| "target/debug/tollgate".into()))
}
