//! Where the lines of access logs go: standard output, or a file for each log group.
//!
//! A thread of its own writes them. What it cannot keep up with is dropped and counted, so that a slow disk or reader
//! never slows a call.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tollgate_gateway::AccessLogs;

/// Bytes of lines that wait to be written, at most.
const MAX_WAITING: usize = 32 << 20;
/// Bytes that are gathered before they are written.
const BATCH: usize = 1 << 20;
/// What of a log group's name stays as it is in the name of its file.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    StandardOutput,
    /// Files in this folder, one for each log group.
    Folder(PathBuf),
}

/// Takes lines and hands them to the thread that writes them.
#[derive(Debug)]
pub(crate) struct AccessLogWriter {
    queue: Sender<Message>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    waiting: AtomicUsize,
    dropped: AtomicU64,
}

enum Message {
    Line {
        destination: String,
        line: String,
    },
    /// Answered when all lines before it are written.
    Flush(SyncSender<()>),
}

impl AccessLogWriter {
    /// Starts the thread. It ends with this.
    pub(crate) fn start(destination: Destination) -> io::Result<Self> {
        let (queue, lines) = channel();
        let counts = Arc::new(Counts::default());
        let writing = Writing { destination, counts: Arc::clone(&counts), failing: false };
        std::thread::Builder::new().name("access-logs".to_owned()).spawn(move || writing.run(&lines))?;
        Ok(Self { queue, counts })
    }

    /// Lines that were not written since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }

    /// Waits until all lines so far are written.
    pub(crate) fn flush(&self) {
        let (done, flushed) = sync_channel(1);
        if self.queue.send(Message::Flush(done)).is_ok() {
            // An error is a thread that ended: nothing will be written any more.
            let _ = flushed.recv();
        }
    }
}

impl AccessLogs for AccessLogWriter {
    fn write(&self, destination: &str, line: String) {
        let counts = &self.counts;
        let length = line.len();
        if counts.waiting.fetch_add(length, Ordering::Relaxed) + length <= MAX_WAITING
            && self.queue.send(Message::Line { destination: destination.to_owned(), line }).is_ok()
        {
            return;
        }
        counts.waiting.fetch_sub(length, Ordering::Relaxed);
        counts.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// The thread that writes.
struct Writing {
    destination: Destination,
    counts: Arc<Counts>,
    /// Whether the last write failed, so that one failure is told once.
    failing: bool,
}

/// Lines that are written together.
#[derive(Default)]
struct Batch {
    by_destination: BTreeMap<String, (Vec<u8>, u64)>,
    bytes: usize,
    flushed: Vec<SyncSender<()>>,
}

impl Batch {
    fn add(&mut self, message: Message) {
        match message {
            Message::Flush(done) => self.flushed.push(done),
            Message::Line { destination, line } => {
                let (text, lines) = self.by_destination.entry(destination).or_default();
                text.extend_from_slice(line.as_bytes());
                text.push(b'\n');
                *lines += 1;
                self.bytes += line.len();
            }
        }
    }
}

impl Writing {
    fn run(mut self, lines: &Receiver<Message>) {
        while let Ok(first) = lines.recv() {
            let mut batch = Batch::default();
            batch.add(first);
            while batch.bytes < BATCH
                && let Ok(next) = lines.try_recv()
            {
                batch.add(next);
            }
            self.write(&batch);
            self.counts.waiting.fetch_sub(batch.bytes, Ordering::Relaxed);
            for done in batch.flushed {
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
    }

    fn write(&mut self, batch: &Batch) {
        for (destination, (text, lines)) in &batch.by_destination {
            match self.destination.append(destination, text) {
                Ok(()) => self.failing = false,
                Err(error) => {
                    self.counts.dropped.fetch_add(*lines, Ordering::Relaxed);
                    if !std::mem::replace(&mut self.failing, true) {
                        tracing::error!(%error, destination, "access logs cannot be written; lines are dropped");
                    }
                }
            }
        }
    }
}

impl Destination {
    /// Appends to what an ARN names. A file is opened anew each time, so that it may be moved away.
    fn append(&self, arn: &str, text: &[u8]) -> io::Result<()> {
        match self {
            Self::StandardOutput => {
                let mut output = io::stdout().lock();
                output.write_all(text)?;
                output.flush()
            }
            Self::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                OpenOptions::new().create(true).append(true).open(file(folder, arn))?.write_all(text)
            }
        }
    }
}

/// The file of a log group or a delivery stream: its name, with what a file's name may not have as `%` and digits.
fn file(folder: &Path, arn: &str) -> PathBuf {
    let name = match arn.split_once(":log-group:") {
        Some((_, group)) => group.trim_end_matches(":*"),
        None => arn.rsplit('/').next().unwrap_or(arn),
    };
    let name = utf8_percent_encode(name.trim_start_matches('/'), ESCAPED).to_string();
    // What follows keeps `..` a name like any other.
    folder.join(format!("{name}.log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_group_has_a_file_of_its_name_and_none_leads_out_of_the_folder() {
        let name = |arn: &str| file(Path::new("/logs"), arn).display().to_string();
        assert_eq!(name("arn:aws:logs:us-east-1:000000000000:log-group:api-prod:*"), "/logs/api-prod.log");
        assert_eq!(name("arn:aws:logs:us-east-1:000000000000:log-group:/aws/api"), "/logs/aws%2Fapi.log");
        let stream = "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-a";
        assert_eq!(name(stream), "/logs/amazon-apigateway-a.log");
        assert_eq!(name("x:log-group:../../etc/passwd"), "/logs/..%2F..%2Fetc%2Fpasswd.log");
        assert_eq!(name("x:log-group:.."), "/logs/...log");
    }

    #[test]
    fn lines_are_written_in_order_and_a_file_that_was_moved_away_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = AccessLogWriter::start(Destination::Folder(folder.path().join("logs"))).expect("a writer");
        let file = folder.path().join("logs/g.log");
        (0..1000).for_each(|n| writer.write("x:log-group:g", n.to_string()));
        writer.flush();
        let expected: String = (0..1000).map(|n| format!("{n}\n")).collect();
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), expected);
        std::fs::rename(&file, folder.path().join("logs/g.1")).expect("moved");
        writer.write("x:log-group:g", "again".to_owned());
        writer.flush();
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), "again\n");
        assert_eq!((writer.dropped(), writer.counts.waiting.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn what_cannot_be_written_is_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let blocked = folder.path().join("a file");
        std::fs::write(&blocked, "").expect("a file");
        let writer = AccessLogWriter::start(Destination::Folder(blocked)).expect("a writer");
        writer.write("g", "line".to_owned());
        writer.flush();
        assert_eq!(writer.dropped(), 1);
    }
}
