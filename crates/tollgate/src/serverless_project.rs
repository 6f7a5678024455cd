//! A project of the Serverless Framework: its own tool packages it, and so resolves what only that tool defines.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

/// The tools that package, the open one first.
const TOOLS: [&str; 3] = ["osls", "serverless", "sls"];

/// A project that has been packaged.
pub(crate) struct ServerlessProject {
    /// The template that the tool made.
    pub(crate) template: PathBuf,
    /// A name for its stack: service and stage, as the tool has it.
    pub(crate) stack: String,
}

impl ServerlessProject {
    /// Packages the project in a folder. What the tool says goes to standard error.
    pub(crate) fn package(folder: &Path, stage: Option<&str>) -> anyhow::Result<Self> {
        let tool = tool(folder)?;
        let mut command = Command::new(&tool);
        command.arg("package").current_dir(folder).stdin(Stdio::null()).stdout(std::io::stderr());
        if let Some(stage) = stage {
            command.args(["--stage", stage]);
        }
        let status = command.status().with_context(|| format!("{} cannot be run", tool.display()))?;
        if !status.success() {
            bail!("{} package failed in {}; nothing was changed", tool.display(), folder.display());
        }
        let made = folder.join(".serverless");
        let state = std::fs::read_to_string(made.join("serverless-state.json"));
        let state: Value = serde_json::from_str(&state.context("the tool left no state of the package")?)?;
        let text = |pointer: &str| state.pointer(pointer).and_then(Value::as_str);
        let service = text("/service/service").or(text("/service/service/name")).unwrap_or("service");
        let stage = stage.or(text("/service/provider/stage")).unwrap_or("dev");
        Ok(Self {
            template: made.join("cloudformation-template-update-stack.json"),
            stack: text("/service/provider/stackName").map_or_else(|| format!("{service}-{stage}"), str::to_owned),
        })
    }
}

/// The project's own tool, else one of the search path.
fn tool(folder: &Path) -> anyhow::Result<PathBuf> {
    let own = TOOLS.iter().map(|tool| folder.join("node_modules/.bin").join(tool)).find(|path| path.exists());
    if let Some(own) = own {
        return own.canonicalize().context("the project's tool cannot be found");
    }
    let on_path = |tool: &&&str| {
        let mut asked = Command::new(tool);
        asked.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    };
    let found = TOOLS.iter().find(on_path);
    found.map(PathBuf::from).with_context(|| {
        format!("none of {} is there: install one in {} (npm install osls)", TOOLS.join(", "), folder.display())
    })
}
