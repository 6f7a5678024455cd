//! The environment that a function sees: what Lambda sets, and its own variables. Nothing is inherited.

use std::net::SocketAddr;
use std::path::Path;

use tollgate_domain::function_name::LATEST;

use crate::host::Host;
use crate::settings::{FunctionSettings, ProcessSettings};

/// The variables of one instance. Its own come first, so that Lambda's win.
pub(crate) fn of_instance(
    host: &Host,
    function: &FunctionSettings,
    process: &ProcessSettings,
    runtime_api: SocketAddr,
    home: &Path,
) -> Vec<(String, String)> {
    let home = home.display().to_string();
    let code = process.code.display().to_string();
    let day = host.clock.now().wall.day().to_string().replace('-', "/");
    let lambda = [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", LATEST.to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", process.memory_mb.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", format!("{day}/[{LATEST}]{:016x}{:016x}", host.ids.word(), host.ids.word())),
        ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", process.runtime_id)),
        ("AWS_REGION", host.config.region.clone()),
        ("AWS_DEFAULT_REGION", host.config.region.clone()),
        ("_HANDLER", process.handler.clone()),
        ("LAMBDA_TASK_ROOT", code.clone()),
        ("LAMBDA_RUNTIME_DIR", host.config.work_dir.display().to_string()),
        ("HOME", home.clone()),
        ("TMPDIR", home),
    ];
    let defaults = [
        ("PATH", host.config.search_path.clone()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TZ", ":UTC".to_owned()),
        // The code's folder may be the developer's own: no caches are left in it.
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
    ];
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    let own = process.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    defaults.into_iter().map(owned).chain(own).chain(lambda.into_iter().map(owned)).collect()
}
