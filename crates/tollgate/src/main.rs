//! The binary: command line, configuration and wiring.

mod access_log;
mod certificates;
mod cli;
mod config;
mod demo;
mod deploy_command;
mod deploy_files;
mod function_command;
mod function_config;
mod functions;
mod gate;
mod hand_over;
mod ledger;
mod lint_command;
mod live_facts;
mod logging;
mod management;
mod management_client;
mod metrics;
mod node;
mod outlets;
mod peers;
mod root;
mod serve;
mod serverless_project;
mod sockets;
mod stack_command;
mod stack_node;
#[cfg(feature = "test-clock")]
mod test_clock;
mod traces;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Before and after logging; a mistake of the operator is no log line.
            #[expect(clippy::print_stderr, reason = "the command line speaks to a person")]
            {
                eprintln!("tollgate: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
