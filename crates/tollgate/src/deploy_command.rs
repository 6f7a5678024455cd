//! `tollgate deploy`: makes what a CloudFormation template describes, of a running node.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use tollgate_deploy::{Change, Failed, Place, Plan, Stack, Step, TEXT_LIMIT, Template, deploy};

use crate::cli::{Settings, say, tell};
use crate::config::Config;
use crate::deploy_files::TemplateFiles;
use crate::management_client::ManagementClient;
use crate::plain_http;
use crate::serverless_project::ServerlessProject;
use crate::stack_node::StackNode;

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// A template of CloudFormation or SAM, in YAML or JSON.
    #[arg(value_name = "TEMPLATE", required_unless_present = "serverless")]
    template: Option<PathBuf>,
    /// The folder of a Serverless project: its own tool makes the template.
    #[arg(long, value_name = "DIR", conflicts_with = "template")]
    serverless: Option<PathBuf>,
    /// The stage of the Serverless project.
    #[arg(long, requires = "serverless")]
    stage: Option<String>,
    /// The name of the stack; made of the file's or the project's name unless given.
    #[arg(long)]
    stack: Option<String>,
    /// A value of a parameter of the template.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = crate::function_command::variable)]
    parameters: Vec<(String, String)>,
    /// Show what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Go on where a deployment was cut off. One that is under way would be disturbed.
    #[arg(long)]
    resume: bool,
    /// Take over what the template describes and the node has already, unless another stack has it: APIs, plans and keys
    /// by name, keys by value.
    #[arg(long)]
    adopt: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Deploy {
    /// Runs the command.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load(&[])?;
        let project = match &self.serverless {
            Some(folder) => Some(ServerlessProject::package(folder, self.stage.as_deref())?),
            None => None,
        };
        let path = project.as_ref().map(|project| project.template.clone()).or(self.template.clone());
        let path = path.context("there is no template")?;
        let name = self.stack.clone().or_else(|| project.map(|project| project.stack));
        let name = name.unwrap_or_else(|| stack_name(&path));
        let text = read(&path)?;
        let template = Template::read(&text).map_err(|mistake| told(&path, &[mistake]))?;
        let client = ManagementClient::new(&config)?;
        let node = StackNode::open(client, &name, TemplateFiles::beside(&path)).await?;
        // Names of exports are needed where the template imports one, or exports one itself.
        let exports = if ["ImportValue", "Export"].iter().any(|word| text.contains(word)) {
            node.exports().await?
        } else {
            BTreeMap::new()
        };
        let place = Place {
            region: config.region.clone(),
            account_id: config.account_id.clone(),
            stack: name.clone(),
            exports,
        };
        let parameters = self.parameters.into_iter().collect();
        let found = if self.adopt { Some(node.found().await?) } else { None };
        let plan = Plan::adopting(&template, &parameters, place, &node.files, node.stack(), found.as_ref())
            .map_err(|mistakes| told(&path, &mistakes))?;
        let findings = plan.findings();
        let refused: Vec<_> = findings.iter().filter(|finding| finding.subject.is_refused()).collect();
        if !refused.is_empty() {
            return Err(told(&path, &refused));
        }
        if self.dry_run {
            plan.steps().iter().for_each(|step| say(&shown(step)));
            return Ok(());
        }
        if node.is_in_progress() && !self.resume {
            bail!("a deployment of {name} is under way; if it was cut off, go on with --resume. Nothing was changed");
        }
        findings.iter().for_each(|finding| tell(&format!("warning: {}: {finding}", path.display())));
        let stack = match deploy(&plan, &node).await {
            // A first deployment that is taken back leaves nothing, its record included.
            Err(failed @ Failed::RolledBack { .. }) if node.is_new() => {
                node.forget().await?;
                return Err(failed.into());
            }
            outcome => outcome?,
        };
        if !plan.changes_something() {
            tell(&format!("{name} is as the template describes it; nothing was changed"));
        }
        say_outputs(&stack, &config);
        Ok(())
    }
}

/// Reads a file that is not larger than templates are. It may be a pipe, and one without end.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let unread = || format!("cannot read {}; nothing was changed", path.display());
    let limit = u64::try_from(TEXT_LIMIT).unwrap_or(u64::MAX);
    let (mut file, mut text) = (std::fs::File::open(path).with_context(unread)?, Vec::new());
    file.by_ref().take(limit + 1).read_to_end(&mut text).with_context(unread)?;
    if text.len() > TEXT_LIMIT {
        bail!("{}: the template is too long; at most {TEXT_LIMIT} bytes are read. Nothing was changed", path.display());
    }
    String::from_utf8(text).context("it is no text in UTF-8").with_context(unread)
}

/// All mistakes, each with the file that it is in.
pub(crate) fn told(path: &Path, mistakes: &[impl Display]) -> anyhow::Error {
    let lines: Vec<String> = mistakes.iter().map(|mistake| format!("{}: {mistake}", path.display())).collect();
    anyhow::anyhow!("the template cannot be deployed, and nothing was changed\n{}", lines.join("\n"))
}

/// A step of a plan, as a line.
fn shown(step: &Step) -> String {
    let (sign, rest) = match &step.change {
        Change::Create => ("+", String::new()),
        Change::Update(names) => ("~", format!(": {}", names.join(", "))),
        Change::Adopt(names) if names.is_empty() => (">", ": taken over as it is".to_owned()),
        Change::Adopt(names) => (">", format!(": taken over, with {}", names.join(", "))),
        Change::Replace => ("±", ": made anew, and the old one removed".to_owned()),
        Change::Keep => ("=", String::new()),
        Change::Rename(from) => ("=", format!(": was {from}")),
        Change::Delete => ("-", String::new()),
        Change::Retain => ("-", ": stays, the stack lets go of it".to_owned()),
    };
    format!("{sign} {} ({}){rest}", step.logical_id, step.kind)
}

/// The stack's outputs, and where its stages are called.
pub(crate) fn say_outputs(stack: &Stack, config: &Config) {
    for (name, output) in &stack.outputs {
        say(&format!("{name} = {}", output.value));
    }
    let gateway = plain_http::reachable(config.gateway);
    let mut stages: Vec<(String, String)> =
        stack.resources.values().filter_map(tollgate_deploy::Entry::stage).collect();
    stages.sort();
    stages.dedup();
    for (api, stage) in stages {
        say(&format!("stage {stage} is called at http://{gateway}/_aws/execute-api/{api}/{stage}"));
    }
}

/// A name for the stack of a file: the file's, or its folder's where the file has a name that many have.
pub(crate) fn stack_name(path: &Path) -> String {
    let text =
        |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = text(path.file_stem());
    let stem = stem.strip_suffix(".template").unwrap_or(&stem).to_owned();
    let common = ["template", "sam", "cloudformation", "stack"].contains(&stem.as_str());
    let folder = path.canonicalize().ok().and_then(|path| Some(text(path.parent()?.file_name()))).unwrap_or_default();
    let name = if common { folder } else { stem };
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches(|c: char| !c.is_ascii_alphabetic()).to_owned();
    if name.is_empty() { "stack".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_named_after_its_file() {
        assert_eq!(stack_name(Path::new("/x/Shop.template.json")), "Shop");
        assert_eq!(stack_name(Path::new("/x/my_shop.yaml")), "my-shop");
        assert_eq!(stack_name(Path::new("/x/1.yaml")), "stack");
    }
}
