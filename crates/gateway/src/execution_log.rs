//! The execution log: what happened to one call, in the words of AWS's own execution logs.
//!
//! Steps note lines as they go; a line is only made when somebody will read it.

use std::cell::RefCell;

/// How much is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LogLevel {
    /// What went wrong.
    Error,
    /// Every step.
    Info,
}

/// The lines of one call.
#[derive(Debug)]
pub(crate) struct ExecutionLog {
    level: LogLevel,
    /// Whether headers and bodies are noted, too.
    data_trace: bool,
    lines: RefCell<Vec<String>>,
}

impl ExecutionLog {
    /// A log without lines.
    pub(crate) fn new(level: LogLevel, data_trace: bool) -> Self {
        Self { level, data_trace, lines: RefCell::default() }
    }

    /// Notes a line of a level.
    pub(crate) fn note(&self, level: LogLevel, line: impl FnOnce() -> String) {
        if level <= self.level {
            self.lines.borrow_mut().push(line());
        }
    }

    /// Notes a line that shows what a caller or an upstream sent.
    pub(crate) fn trace(&self, line: impl FnOnce() -> String) {
        if self.data_trace {
            self.note(LogLevel::Info, line);
        }
    }

    /// The lines so far, oldest first.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_is_noted() {
        let log = ExecutionLog::new(LogLevel::Error, true);
        log.note(LogLevel::Info, || unreachable!("nobody reads it"));
        log.trace(|| unreachable!("nobody reads it"));
        log.note(LogLevel::Error, || "wrong".to_owned());
        assert_eq!(log.into_lines(), ["wrong"]);
        let log = ExecutionLog::new(LogLevel::Info, false);
        log.note(LogLevel::Info, || "step".to_owned());
        log.trace(|| unreachable!("data is not traced"));
        assert_eq!(log.into_lines(), ["step"]);
    }
}
