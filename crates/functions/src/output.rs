//! What an instance prints: lines for the log, and the tail of each call.
//!
//! Reading never waits for anyone, so that a function that prints much is not slowed by it, nor anything by the
//! function: lines beyond a rate are counted and dropped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::tail::Tail;

/// Lines of one instance that are logged in one second.
const LINES_A_SECOND: u32 = 200;
/// Bytes of a line; a longer one becomes several.
const LINE_LIMIT: usize = 4 << 10;
/// Bytes that are read at once.
const CHUNK: usize = 16 << 10;
/// How long the end of a call waits for what the instance printed before it answered.
const CATCH_UP: Duration = Duration::from_millis(50);

/// The output of one instance. Reading ends when this is dropped.
pub(crate) struct Output {
    tail: Arc<Mutex<Tail>>,
    flushes: mpsc::Sender<oneshot::Sender<()>>,
    reading: tokio::task::JoinHandle<()>,
}

impl Output {
    /// Reads both streams from now on. Lines are logged with `name` before them.
    pub(crate) fn read(name: String, stdout: Option<ChildStdout>, stderr: Option<ChildStderr>) -> Self {
        let tail = Arc::new(Mutex::new(Tail::default()));
        let (flushes, asked) = mpsc::channel(1);
        let lines = Lines { name, partial: Vec::new(), budget: Budget::new() };
        let reading = tokio::spawn(read(Reader::new(stdout), Reader::new(stderr), asked, Arc::clone(&tail), lines));
        Self { tail, flushes, reading }
    }

    /// Begins the tail of a call.
    pub(crate) fn begin(&self, line: &str) {
        let mut tail = lock(&self.tail);
        tail.take();
        tail.push(line.as_bytes());
    }

    /// Ends the tail of a call and returns it, with all that was printed before now.
    pub(crate) async fn end(&self, line: &str) -> Bytes {
        self.catch_up().await;
        let mut tail = lock(&self.tail);
        tail.push(line.as_bytes());
        tail.take()
    }

    /// Returns when what was printed before now is read. What an instance prints without end is not waited for.
    async fn catch_up(&self) {
        let (reply, done) = oneshot::channel();
        if self.flushes.try_send(reply).is_ok() {
            let _ = tokio::time::timeout(CATCH_UP, done).await;
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// One stream, until its end.
struct Reader<R> {
    stream: Option<R>,
    chunk: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    fn new(stream: Option<R>) -> Self {
        Self { stream, chunk: vec![0; CHUNK] }
    }

    /// The next bytes; none at the end.
    async fn next(&mut self) -> &[u8] {
        let Some(stream) = &mut self.stream else { return &[] };
        match stream.read(&mut self.chunk).await {
            Ok(length) if length > 0 => &self.chunk[..length],
            Ok(_) | Err(_) => {
                self.stream = None;
                &[]
            }
        }
    }
}

async fn read(
    mut stdout: Reader<ChildStdout>,
    mut stderr: Reader<ChildStderr>,
    mut flushes: mpsc::Receiver<oneshot::Sender<()>>,
    tail: Arc<Mutex<Tail>>,
    mut lines: Lines,
) {
    loop {
        // In this order: a flush is answered when nothing is left to read.
        tokio::select! {
            biased;
            bytes = stdout.next(), if stdout.stream.is_some() => take(bytes, &tail, &mut lines),
            bytes = stderr.next(), if stderr.stream.is_some() => take(bytes, &tail, &mut lines),
            flush = flushes.recv() => match flush {
                Some(reply) => drop(reply.send(())),
                None => return,
            },
        }
    }
}

fn take(bytes: &[u8], tail: &Mutex<Tail>, lines: &mut Lines) {
    lock(tail).push(bytes);
    lines.push(bytes);
}

fn lock(tail: &Mutex<Tail>) -> MutexGuard<'_, Tail> {
    tail.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cuts bytes into lines and logs them.
struct Lines {
    name: String,
    partial: Vec<u8>,
    budget: Budget,
}

impl Lines {
    fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = LINE_LIMIT - self.partial.len();
            let end = bytes.iter().take(room).position(|byte| *byte == b'\n');
            let length = end.unwrap_or_else(|| room.min(bytes.len()));
            self.partial.extend_from_slice(&bytes[..length]);
            if end.is_some() || self.partial.len() == LINE_LIMIT {
                self.log();
            }
            bytes = &bytes[length + usize::from(end.is_some())..];
        }
    }

    fn log(&mut self) {
        if let Some(dropped) = self.budget.take(Instant::now()) {
            if dropped > 0 {
                tracing::warn!(target: "tollgate::function", "{}: {dropped} lines were too many and are dropped", self.name);
            }
            let line = String::from_utf8_lossy(&self.partial);
            tracing::info!(target: "tollgate::function", "{}: {}", self.name, line.trim_end());
        }
        self.partial.clear();
    }
}

/// How many lines may still be logged in this second.
struct Budget {
    since: Instant,
    left: u32,
    dropped: u64,
}

impl Budget {
    fn new() -> Self {
        Self { since: Instant::now(), left: LINES_A_SECOND, dropped: 0 }
    }

    /// Whether a line may be logged at `now`: if so, how many were dropped before it.
    fn take(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            (self.since, self.left) = (now, LINES_A_SECOND);
        }
        if self.left == 0 {
            self.dropped += 1;
            return None;
        }
        self.left -= 1;
        Some(std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_rate_are_counted_and_told_in_the_next_second() {
        let mut budget = Budget::new();
        let start = budget.since;
        let logged = (0..1000).filter(|_| budget.take(start).is_some()).count();
        assert_eq!(logged, 200);
        assert_eq!(budget.take(start + Duration::from_secs(1)), Some(800));
        assert_eq!(budget.take(start + Duration::from_secs(1)), Some(0));
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let mut lines = Lines { name: "f".to_owned(), partial: Vec::new(), budget: Budget::new() };
        for _ in 0..1000 {
            lines.push(&[b'x'; 1000]);
            assert!(lines.partial.len() < LINE_LIMIT);
        }
        lines.push(b"a\nb");
        assert_eq!(lines.partial, b"b");
    }
}
