//! One process of a function, with all that it starts.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tempfile::TempDir;
use tokio::process::Child;

use crate::bootstrap;
use crate::environment;
use crate::host::Host;
use crate::launch;
use crate::output::Output;
use crate::runtime::Runtime;
use crate::settings::{FunctionSettings, ProcessSettings};

/// Megabytes that Node needs beside its heap.
const NODE_OVERHEAD_MB: u32 = 32;

/// A process that leads a group of its own. The whole group is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    /// The group's id, until it is killed.
    group: Option<u32>,
    pub(crate) output: Output,
    /// Its home, removed with it.
    _home: TempDir,
}

impl Process {
    /// Starts a process that will ask the Runtime API at `api` for its calls.
    pub(crate) async fn start(
        host: &Host,
        function: &FunctionSettings,
        settings: &ProcessSettings,
        api: SocketAddr,
    ) -> io::Result<Self> {
        let home = host.scratch()?;
        check_program(host, settings)?;
        let mut command = program(host, settings);
        command
            .env_clear()
            .envs(environment::of_instance(host, function, settings, api, home.path()))
            .current_dir(&settings.code)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = host.spawner.spawn(command).await?;
        let output = Output::read(function.name.clone(), child.stdout.take(), child.stderr.take());
        Ok(Self { group: child.id(), child, output, _home: home })
    }

    /// Waits until it ends by itself; what it started ends with it.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.kill_group();
        status
    }

    /// Ends it with all that it started.
    pub(crate) async fn kill(mut self) {
        self.kill_group();
        if let Err(error) = self.child.wait().await {
            tracing::warn!(target: "tollgate::function", %error, "a process could not be waited for");
        }
    }

    fn kill_group(&mut self) {
        if let Some(group) = self.group.take() {
            launch::kill_group(group);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_group();
    }
}

/// Says what is missing, which the launcher could only do by ending.
fn check_program(host: &Host, settings: &ProcessSettings) -> io::Result<()> {
    if !host.config.processes {
        return Err(io::Error::other("this node starts no processes for functions"));
    }
    let on_path = |name: &str| host.config.search_path.split(':').any(|folder| Path::new(folder).join(name).is_file());
    let (there, name) = match settings.runtime {
        Runtime::NodeJs => (on_path("node"), "`node` on the search path"),
        Runtime::Python => (on_path("python3"), "`python3` on the search path"),
        Runtime::Provided => (settings.code.join("bootstrap").is_file(), "file `bootstrap` in the code"),
    };
    if there { Ok(()) } else { Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no {name}"))) }
}

/// The program of a runtime, with its arguments.
fn program(host: &Host, settings: &ProcessSettings) -> tokio::process::Command {
    let launcher = &host.config.launcher;
    match settings.runtime {
        Runtime::NodeJs => {
            let heap = settings.memory_mb.saturating_sub(NODE_OVERHEAD_MB).max(NODE_OVERHEAD_MB);
            let mut command = launcher.command("node");
            command.arg(format!("--max-old-space-size={heap}")).arg(host.bootstrap(bootstrap::NODE));
            command
        }
        Runtime::Python => {
            let mut command = launcher.command("python3");
            command.arg("-u").arg(host.bootstrap(bootstrap::PYTHON));
            command
        }
        Runtime::Provided => launcher.command(&settings.code.join("bootstrap").display().to_string()),
    }
}
