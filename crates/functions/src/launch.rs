//! Starts programs that end with this process, even when it is killed.
//!
//! The kernel can be asked to kill a process when its parent ends, but only by that process itself. So a small program,
//! the launcher, asks for it and then becomes the function's program.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;

/// A program that calls [`run`] with the arguments after its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// Arguments that make it call [`run`].
    pub arguments: Vec<OsString>,
}

impl Launcher {
    /// A command that becomes `program` and ends with this process.
    pub(crate) fn command(&self, program: &str) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.program);
        command.args(&self.arguments).arg(std::process::id().to_string()).arg(program);
        command
    }
}

/// Binds this process to its parent and becomes the program that `arguments` name: the parent's id, the program, its
/// arguments. Returns only if that fails.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> io::Error {
    let mut arguments = arguments.into_iter();
    let parent = arguments.next().and_then(|id| id.to_str()?.parse::<i32>().ok());
    let Some(program) = arguments.next() else {
        return io::Error::new(io::ErrorKind::InvalidInput, "no program is named");
    };
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::KILL)) {
        return error.into();
    }
    // A parent that ended before the signal was asked for has left this process to another.
    let actual = rustix::process::getppid().map(rustix::process::Pid::as_raw_pid);
    if actual != parent {
        return io::Error::other("the parent has ended");
    }
    Command::new(program).args(arguments).exec()
}

/// Kills a process with all that it started in its group.
pub(crate) fn kill_group(leader: u32) {
    let leader = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(leader) = leader {
        // A group that is gone is what was wanted.
        let _ = rustix::process::kill_process_group(leader, Signal::KILL);
    }
}
