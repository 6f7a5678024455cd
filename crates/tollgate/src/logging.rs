//! Log lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Starts logging as configured. A filter that does not read is a mistake of the operator.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    let mut filter = EnvFilter::try_new(&config.log)?;
    if !config.log.contains("redis") {
        // It says of each server of a cluster, each time, what is said once a minute.
        filter = filter.add_directive("redis=off".parse()?);
    }
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}
