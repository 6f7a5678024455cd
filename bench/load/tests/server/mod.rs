//! A server for the programs under test.
#![allow(dead_code, reason = "each test uses some of it")]

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How often each key was called with.
pub type Called = Arc<Mutex<HashMap<String, u64>>>;

/// Calls after which a connection is closed instead of answered.
pub const CLOSED_AFTER: usize = 50;

/// How long the key `slow` has to wait.
pub const SLOW: Duration = Duration::from_millis(300);

/// Answers 403 to the key `bad`, nothing to `hung`, and 200 to all others, in two pieces; to `slow` after [`SLOW`].
fn serve(stream: TcpStream, called: &Called) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut lines, mut stream) = (BufReader::new(stream.try_clone()?).lines(), stream);
    for _ in 0..CLOSED_AFTER {
        let mut key = String::new();
        loop {
            let Some(line) = lines.next().transpose()? else { return Ok(()) };
            match line.strip_prefix("x-api-key: ") {
                Some(value) => key = value.to_owned(),
                None if line.is_empty() => break,
                None => {}
            }
        }
        match &*key {
            "hung" => loop {
                thread::park();
            },
            "slow" => thread::sleep(SLOW),
            _ => {}
        }
        let status = if key == "bad" { "403 Forbidden" } else { "200 OK" };
        *called.lock().expect("no panic").entry(key).or_default() += 1;
        stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n").as_bytes())?;
        stream.write_all(b"{}")?;
    }
    Ok(())
}

/// Starts it, and tells what it is called with.
pub fn server() -> (SocketAddr, Called) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (address, called) = (listener.local_addr().expect("an address"), Called::default());
    let all = Arc::clone(&called);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let called = Arc::clone(&all);
            thread::spawn(move || serve(stream, &called));
        }
    });
    (address, called)
}
