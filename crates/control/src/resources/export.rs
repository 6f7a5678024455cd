//! GetExport: a deployed API as an OpenAPI document.

use std::sync::Arc;

use tollgate_domain::{Deployment, RestApiTree, Stage};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::openapi::export::{Export, ExportType, Extensions};
use crate::openapi::yaml;
use crate::request::Request;
use crate::resources::rest_api;

/// How a document is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MediaType {
    Json,
    Yaml,
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let form = ExportType::parse(request.label("export_type"))?;
    let extensions = Extensions::parse(request.query("extensions"))?;
    let media_type = MediaType::parse(request.accept())?;
    let exported = Deployed::find(control, request)?;
    let version = exported.stage.documentation_version.as_ref();
    let documentation = version.and_then(|version| exported.tree.documentation_versions.get(version));
    let export = Export {
        deployed: &exported.deployment.snapshot,
        documentation: documentation.map(AsRef::as_ref),
        host: &exported.host(control),
        stage: exported.stage.name.as_str(),
        form,
        extensions,
    };
    let document = export.document();
    match media_type {
        MediaType::Json => {
            let bytes = serde_json::to_vec_pretty(&document).unwrap_or_default();
            Ok(Answer::File { media_type: "application/json", name: exported.file_name("json"), bytes })
        }
        MediaType::Yaml => {
            let bytes = yaml::write(&document).into_bytes();
            Ok(Answer::File { media_type: "application/yaml", name: exported.file_name("yaml"), bytes })
        }
    }
}

impl MediaType {
    /// Reads the header Accept; JSON unless YAML is asked for.
    fn parse(accept: Option<&str>) -> Result<Self, Conflict> {
        match accept.unwrap_or("*/*") {
            "*/*" | "application/*" | "application/json" => Ok(Self::Json),
            "application/yaml" => Ok(Self::Yaml),
            other if other.contains("application/json") || other.contains("*/*") => Ok(Self::Json),
            other => Err(Conflict::BadExportMediaType(other.to_owned())),
        }
    }
}

/// A stage with what it serves.
pub(crate) struct Deployed {
    pub(crate) tree: Arc<RestApiTree>,
    pub(crate) stage: Arc<Stage>,
    pub(crate) deployment: Arc<Deployment>,
}

impl Deployed {
    /// The stage that a request names.
    pub(crate) fn find(control: &Control, request: &Request) -> Result<Self, Conflict> {
        let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
        let stage = Arc::clone(tree.stages.get(&request.stage_name()).ok_or(Conflict::NoSuchStage)?);
        let deployment = Arc::clone(tree.deployments.get(&stage.deployment_id).ok_or(Conflict::NoSuchDeployment)?);
        Ok(Self { tree, stage, deployment })
    }

    /// The API's host on AWS.
    pub(crate) fn host(&self, control: &Control) -> String {
        format!("{}.execute-api.{}.amazonaws.com", self.tree.api.id, control.config().region)
    }

    /// A file's name: that of the API and of the stage, in characters that every system takes.
    pub(crate) fn file_name(&self, extension: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
        let name: String = self.deployment.snapshot.api.name.chars().map(plain).collect();
        format!("{name}-{}.{extension}", self.stage.name)
    }
}
