//! The binary: command line, configuration and wiring.

mod access_log;
mod account;
mod buckets;
mod certificates;
mod cli;
mod config;
mod console_files;
mod console_link_command;
mod credential_command;
mod demo;
mod deploy_command;
mod deploy_files;
mod export;
mod export_command;
mod follow;
mod function_command;
mod function_config;
mod functions;
mod gate;
mod hand_over;
mod import;
mod import_command;
mod ledger;
mod lint_command;
mod live_facts;
mod logging;
mod management;
mod management_client;
mod metrics;
mod migrate_command;
mod node;
mod outlets;
mod peers;
mod plain_http;
mod root;
mod self_service;
mod self_service_command;
mod serve;
mod serverless_project;
mod sockets;
mod stack_command;
mod stack_node;
mod state;
mod status_command;
#[cfg(feature = "test-clock")]
mod test_clock;
mod traces;
mod user_pool_config;

use std::process::ExitCode;

use clap::Parser;
/// Each call allocates buffers of some kilobytes, which glibc's allocator is slow at. SQLite's memory comes from it, too
/// (the feature `override`): glibc kept what was freed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
