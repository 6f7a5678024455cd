//! The command line.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tollgate_gateway::certificates::Certificates;

use crate::config::{Config, Flag};
use crate::credential_command::CredentialCommand;
use crate::deploy_command::Deploy;
use crate::export_command::ExportCommand;
use crate::function_command::FunctionCommand;
use crate::import_command::ImportCommand;
use crate::lint_command::Lint;
use crate::migrate_command::MigrateStore;
use crate::self_service_command::SelfServiceCommand;
use crate::serve::{Start, serve};
use crate::stack_command::StackCommand;
use crate::status_command::Status;
use crate::{console_link_command, demo, logging};

/// An API gateway that enforces API keys and usage plans, driven by AWS API Gateway's own management API.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve calls and the management API until SIGTERM or Ctrl-C.
    Serve {
        #[command(flatten)]
        settings: Settings,
        /// Take over from the process that serves on the data directory, without a call that fails.
        #[arg(long)]
        take_over: bool,
    },
    /// Serve a sample API with three usage plans, and print what to paste.
    Demo(Settings),
    /// Check the configuration, tell all mistakes, and start nothing.
    CheckConfig(Settings),
    /// Make, list, remove and call functions of a running node, as its administrator.
    #[command(subcommand)]
    Function(FunctionCommand),
    /// Make, list and remove access key pairs that may do less than the administrator's.
    #[command(subcommand)]
    Credential(CredentialCommand),
    /// Print a link that signs in to the console of a running node, once.
    ConsoleLink(Settings),
    /// Make what a CloudFormation template describes, of a running node.
    Deploy(Deploy),
    /// Serve the self-service app: an API by which keys of plans are listed, given out and reported on.
    #[command(subcommand)]
    SelfService(SelfServiceCommand),
    /// Say what is most likely wrong about keys and plans; fail if something is.
    Lint(Lint),
    /// Move all state from a data directory into a PostgreSQL database that nodes share.
    MigrateStore(MigrateStore),
    /// Show the nodes that share a store, and how far each has come.
    Status(Status),
    /// List, show and delete what was deployed.
    #[command(subcommand)]
    Stack(StackCommand),
    /// Bring what an account elsewhere has to a running node: its keys go on working.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Write what a running node has, for AWS or another node to take in.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Become another program, which ends when this one's parent does. For functions.
    #[command(hide = true)]
    Launch {
        /// The parent's id, the program and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Settings that have flags. All of them, and all others, are in tollgate.default.toml.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// A file of settings, in TOML.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where all state is kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// The PostgreSQL database that nodes share, as postgres://USER@HOST/DATABASE.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Where token buckets are kept that nodes share: Redis or Valkey, instead of each node.
    #[arg(long, value_name = "URL")]
    buckets: Option<String>,
    /// Where callers come in.
    #[arg(long, value_name = "ADDR")]
    gateway: Option<String>,
    /// Where the management API is served.
    #[arg(long, value_name = "ADDR")]
    management: Option<String>,
    /// Print the bound addresses as one line of JSON.
    #[arg(long)]
    print_addresses: bool,
}

impl Settings {
    /// Settings of which the caller gave a file, if any.
    pub(crate) fn of(config: Option<PathBuf>) -> Self {
        Self {
            config,
            data_dir: None,
            store: None,
            buckets: None,
            gateway: None,
            management: None,
            print_addresses: false,
        }
    }

    /// Reads the configuration. `defaults` are flags that the caller's own beat.
    pub(crate) fn load(&self, defaults: &[Flag]) -> anyhow::Result<Config> {
        let mut flags = defaults.to_vec();
        let given = [
            ("data_dir", &self.data_dir),
            ("store.url", &self.store),
            ("buckets.url", &self.buckets),
            ("gateway", &self.gateway),
            ("management", &self.management),
        ];
        flags.extend(given.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        if self.print_addresses {
            flags.push(("print_addresses", "true".to_owned()));
        }
        Ok(Config::load(self.config.as_deref(), &flags)?)
    }

    /// Whether the caller named a data directory by flag.
    pub(crate) fn names_data_dir(&self) -> bool {
        self.data_dir.is_some()
    }
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Serve { settings, take_over } => {
                let config = settings.load(&[])?;
                logging::start(&config)?;
                let how = if take_over { Start::TakeOver } else { Start::Fresh };
                runtime()?.block_on(serve(&config, how))
            }
            Command::Demo(settings) => runtime()?.block_on(demo::run(&settings)),
            Command::CheckConfig(settings) => {
                let config = settings.load(&[])?;
                config.certificates().map(Certificates::load).transpose()?;
                say("the configuration is valid");
                Ok(())
            }
            Command::Function(command) => runtime()?.block_on(command.run()),
            Command::Credential(command) => runtime()?.block_on(command.run()),
            Command::ConsoleLink(settings) => runtime()?.block_on(console_link_command::run(&settings)),
            Command::Deploy(deploy) => runtime()?.block_on(deploy.run()),
            Command::SelfService(command) => runtime()?.block_on(command.run()),
            Command::Lint(lint) => runtime()?.block_on(lint.run()),
            Command::MigrateStore(migrate) => runtime()?.block_on(migrate.run()),
            Command::Status(status) => runtime()?.block_on(status.run()),
            Command::Stack(command) => runtime()?.block_on(command.run()),
            Command::Import(command) => runtime()?.block_on(command.run()),
            Command::Export(command) => runtime()?.block_on(command.run()),
            Command::Launch { arguments } => {
                Err(tollgate_functions::launch::run(arguments)).context("the function's program cannot be started")
            }
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Cli::command(), "tollgate", &mut std::io::stdout());
                Ok(())
            }
        }
    }
}

/// Management, the keeper and timers; calls have threads of their own.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("management")
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// Resolves on SIGTERM or SIGINT. Both are caught from the moment this returns.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Writes a line for programs and people to standard output.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    // Whoever closed the pipe does not want the line.
    let _ = writeln!(std::io::stdout().lock(), "{text}").and_then(|()| std::io::stdout().flush());
}

/// Writes a line for people to standard error.
pub(crate) fn tell(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
