//! `tollgate lint`: says what users get wrong about keys and plans. It fails where it finds something, for CI.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use tollgate_deploy::lint::{Finding, judge, lint_serverless};
use tollgate_deploy::{Place, Plan, Stack, Template};

use crate::cli::{Settings, say, tell};
use crate::deploy_command::{read, stack_name, told};
use crate::deploy_files::TemplateFiles;
use crate::live_facts;
use crate::management_client::ManagementClient;

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// A template of CloudFormation or SAM, or a serverless.yml.
    #[arg(value_name = "FILE", required_unless_present = "live")]
    file: Option<PathBuf>,
    /// Look at what a running node has instead.
    #[arg(long, conflicts_with = "file")]
    live: bool,
    /// A value of a parameter of the template.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = crate::function_command::variable)]
    parameters: Vec<(String, String)>,
    #[command(flatten)]
    settings: Settings,
}

impl Lint {
    /// Runs the command.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let (name, findings) = match &self.file {
            Some(file) => (file.display().to_string(), self.findings(file)?),
            None => {
                let client = ManagementClient::new(&self.settings.load(&[])?)?;
                ("the node".to_owned(), judge(&live_facts::gather(&client).await?))
            }
        };
        findings.iter().for_each(|finding| say(&format!("{name}: {finding}")));
        match findings.len() {
            0 => {
                tell(&format!("{name}: nothing to say"));
                Ok(())
            }
            1 => bail!("1 finding"),
            many => bail!("{many} findings"),
        }
    }

    fn findings(&self, file: &Path) -> anyhow::Result<Vec<Finding>> {
        let text = read(file)?;
        let stem = file.file_stem().context("the file has no name")?.to_string_lossy();
        if stem.starts_with("serverless") {
            return lint_serverless(&text).map_err(|mistake| told(file, &[mistake]));
        }
        let template = Template::read(&text).map_err(|mistake| told(file, &[mistake]))?;
        let config = self.settings.load(&[])?;
        let place = Place {
            region: config.region,
            account_id: config.account_id,
            stack: stack_name(file),
            exports: BTreeMap::new(),
        };
        let parameters = self.parameters.iter().cloned().collect();
        let files = TemplateFiles::beside(file);
        let plan = Plan::new(&template, &parameters, place, &files, Stack::default());
        Ok(plan.map_err(|mistakes| told(file, &mistakes))?.findings())
    }
}
