//! A PostgreSQL server for all tests of this program, which ends with it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::NoTls;
use tollgate_store::PostgresSettings;

pub(crate) struct Server {
    /// Where its socket is.
    folder: String,
    databases: AtomicU32,
    /// It ends when this is closed, at the latest with this process.
    _lines: ChildStdin,
    _script: Child,
}

impl Server {
    pub(crate) fn of_all_tests() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../e2e/postgres.sh");
        let mut script =
            Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the script starts");
        let (lines, said) = (script.stdin.take().expect("piped"), script.stdout.take().expect("piped"));
        let mut ready = String::new();
        BufReader::new(said).read_line(&mut ready).expect("it says something");
        let folder = ready.trim().strip_prefix("ready ").expect("PostgreSQL serves").to_owned();
        Self { folder, databases: AtomicU32::new(0), _lines: lines, _script: script }
    }

    pub(crate) async fn make_database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let client = self.client("postgres").await;
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("made");
        name
    }

    pub(crate) fn settings(&self, database: &str) -> PostgresSettings {
        PostgresSettings { url: self.url(database), password: None, root_certificate: None, connections: 4 }
    }

    /// Every row of every table, as text.
    pub(crate) async fn dump(&self, database: &str) -> String {
        let client = self.client(database).await;
        let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'";
        let mut text = String::new();
        for table in client.query(tables, &[]).await.expect("tables") {
            let sql = format!("SELECT t::text FROM {} t", table.get::<_, &str>(0));
            text.extend(client.query(&sql, &[]).await.expect("rows").iter().map(|row| row.get::<_, String>(0)));
        }
        text
    }

    pub(crate) async fn client(&self, database: &str) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls).await.expect("connects");
        tokio::spawn(connection);
        client
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://tollgate@{}/{database}", self.folder.replace('/', "%2F"))
    }
}
