//! The execution log: what happened to one call, in the words of AWS's own execution logs.
//!
//! Steps note lines as they go; a line is only made when somebody will read it.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use tollgate_domain::{Clock, UnixMillis};

use crate::call::Call;

/// Lines that one thread writes in a second. A stage that logs every step of every call would fill any disk.
const LINES_PER_SECOND: u32 = 2000;

/// How much is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LogLevel {
    /// What went wrong.
    Error,
    /// Every step.
    Info,
}

/// One line, and when it was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: UnixMillis,
    pub(crate) text: String,
}

/// The lines of one call.
#[derive(Debug)]
pub(crate) struct ExecutionLog {
    level: LogLevel,
    /// Whether headers and bodies are noted, too.
    data_trace: bool,
    clock: Arc<dyn Clock>,
    lines: RefCell<Vec<Line>>,
}

impl ExecutionLog {
    /// A log without lines.
    pub(crate) fn new(level: LogLevel, data_trace: bool, clock: Arc<dyn Clock>) -> Self {
        Self { level, data_trace, clock, lines: RefCell::default() }
    }

    /// Notes a line of a level.
    pub(crate) fn note(&self, level: LogLevel, line: impl FnOnce() -> String) {
        if level <= self.level {
            let line = Line { at: self.clock.now().wall, text: line() };
            self.lines.borrow_mut().push(line);
        }
    }

    /// Notes a line that shows what a caller or an upstream sent.
    pub(crate) fn trace(&self, line: impl FnOnce() -> String) {
        if self.data_trace {
            self.note(LogLevel::Info, line);
        }
    }

    /// The lines so far, oldest first.
    pub(crate) fn into_lines(self) -> Vec<Line> {
        self.lines.into_inner()
    }
}

/// Writes execution logs, so many lines a second; what is beyond is counted and told.
#[derive(Debug, Default)]
pub(crate) struct LineBudget {
    second: Cell<i64>,
    written: Cell<u32>,
    dropped: Cell<u64>,
}

impl LineBudget {
    /// Writes the lines of a call that ended.
    pub(crate) fn write(&self, call: &mut Call<'_>) {
        let Some(log) = call.log.take() else { return };
        let (request_id, stage) = (call.ids.request_id.as_str(), call.stage);
        let api = stage.map_or("", |stage| stage.deployed.api.id.as_str());
        let stage = stage.map_or("", |stage| stage.name.as_str());
        for line in log.into_lines() {
            if self.takes(line.at) {
                tracing::info!(target: "tollgate::execution", api, stage, "({request_id}) {}", line.text);
            }
        }
    }

    fn takes(&self, at: UnixMillis) -> bool {
        if self.second.replace(at.seconds()) != at.seconds() {
            self.written.set(0);
            let dropped = self.dropped.take();
            if dropped > 0 {
                tracing::warn!(target: "tollgate::execution", dropped, "lines of execution logs were dropped");
            }
        }
        let takes = self.written.get() < LINES_PER_SECOND;
        match takes {
            true => self.written.set(self.written.get() + 1),
            false => self.dropped.set(self.dropped.get() + 1),
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::clock::ManualClock;

    use super::*;

    fn log(level: LogLevel, data_trace: bool) -> ExecutionLog {
        ExecutionLog::new(level, data_trace, Arc::new(ManualClock::at(UnixMillis(0))))
    }

    fn texts(log: ExecutionLog) -> Vec<String> {
        log.into_lines().into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn only_what_is_read_is_noted() {
        let errors = log(LogLevel::Error, true);
        errors.note(LogLevel::Info, || unreachable!("nobody reads it"));
        errors.trace(|| unreachable!("nobody reads it"));
        errors.note(LogLevel::Error, || "wrong".to_owned());
        assert_eq!(texts(errors), ["wrong"]);
        let steps = log(LogLevel::Info, false);
        steps.note(LogLevel::Info, || "step".to_owned());
        steps.trace(|| unreachable!("data is not traced"));
        assert_eq!(texts(steps), ["step"]);
    }

    #[test]
    fn a_second_takes_so_many_lines_and_the_next_begins_anew() {
        let budget = LineBudget::default();
        let taken = (0..LINES_PER_SECOND + 5).filter(|_| budget.takes(UnixMillis(1000))).count();
        assert_eq!(taken, 2000);
        assert_eq!(budget.dropped.get(), 5);
        assert!(budget.takes(UnixMillis(2000)));
    }
}
