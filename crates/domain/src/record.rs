//! Records: the parts of the catalog that are stored and edited one at a time.

use serde::{Deserialize, Serialize};

use crate::Tags;
use crate::account::Account;
use crate::authorizer::Authorizer;
use crate::client_certificate::ClientCertificate;
use crate::deployment::Deployment;
use crate::documentation::{DocumentationPart, DocumentationVersion};
use crate::domain_name::{DomainName, DomainNameAccessAssociation};
use crate::function::Function;
use crate::gateway_response::{GatewayResponse, GatewayResponseType};
use crate::id::{DeploymentId, ResourceId, RestApiId, StageName, UsagePlanId};
use crate::model::Model;
use crate::request_validator::RequestValidator;
use crate::resource::Resource;
use crate::rest_api::RestApi;
use crate::stage::Stage;
use crate::usage_plan::UsagePlan;
use crate::vpc_link::VpcLink;

/// One record of the catalog, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// The account.
    Account(Account),
    /// An API's settings.
    RestApi(RestApi),
    /// A resource of an API.
    Resource(RestApiId, Resource),
    /// A deployment of an API.
    Deployment(RestApiId, Deployment),
    /// A stage of an API.
    Stage(RestApiId, Stage),
    /// A model of an API, by name.
    Model(RestApiId, Model),
    /// A request validator of an API.
    RequestValidator(RestApiId, RequestValidator),
    /// An authorizer of an API.
    Authorizer(RestApiId, Authorizer),
    /// A gateway response of an API.
    GatewayResponse(RestApiId, GatewayResponse),
    /// A documentation part of an API.
    DocumentationPart(RestApiId, DocumentationPart),
    /// A version of the documentation of an API.
    DocumentationVersion(RestApiId, DocumentationVersion),
    /// A usage plan.
    UsagePlan(UsagePlan),
    /// A custom domain name with its mappings.
    DomainName(DomainName),
    /// A domain name access association, by ARN.
    DomainNameAccessAssociation(DomainNameAccessAssociation),
    /// A VPC link.
    VpcLink(VpcLink),
    /// A client certificate.
    ClientCertificate(ClientCertificate),
    /// A function, by name.
    Function(Function),
}

/// Names a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecordKey {
    /// The account.
    Account,
    /// An API; deleting it deletes all that hangs on it.
    RestApi(RestApiId),
    /// A resource of an API.
    Resource(RestApiId, ResourceId),
    /// A deployment of an API.
    Deployment(RestApiId, DeploymentId),
    /// A stage of an API.
    Stage(RestApiId, StageName),
    /// A model of an API, by name.
    Model(RestApiId, String),
    /// A request validator of an API.
    RequestValidator(RestApiId, String),
    /// An authorizer of an API.
    Authorizer(RestApiId, String),
    /// A gateway response of an API.
    GatewayResponse(RestApiId, GatewayResponseType),
    /// A documentation part of an API.
    DocumentationPart(RestApiId, String),
    /// A version of the documentation of an API.
    DocumentationVersion(RestApiId, String),
    /// A usage plan.
    UsagePlan(UsagePlanId),
    /// A custom domain name with its mappings.
    DomainName(String),
    /// A domain name access association, by ARN.
    DomainNameAccessAssociation(String),
    /// A VPC link.
    VpcLink(String),
    /// A client certificate.
    ClientCertificate(String),
    /// A function, by name.
    Function(String),
}

/// One step of a change. A change is a list of these, applied together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Adds or replaces a record.
    Put(Box<Record>),
    /// Removes a record; one that is not there is no error.
    Delete(RecordKey),
}

impl Edit {
    /// Adds or replaces a record.
    pub fn put(record: Record) -> Self {
        Self::Put(Box::new(record))
    }
}

impl Record {
    /// The name of this record.
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Account(_) => RecordKey::Account,
            Self::RestApi(api) => RecordKey::RestApi(api.id.clone()),
            Self::Resource(api, resource) => RecordKey::Resource(api.clone(), resource.id.clone()),
            Self::Deployment(api, deployment) => RecordKey::Deployment(api.clone(), deployment.id.clone()),
            Self::Stage(api, stage) => RecordKey::Stage(api.clone(), stage.name.clone()),
            Self::Model(api, part) => RecordKey::Model(api.clone(), part.name.clone()),
            Self::RequestValidator(api, part) => RecordKey::RequestValidator(api.clone(), part.id.clone()),
            Self::Authorizer(api, part) => RecordKey::Authorizer(api.clone(), part.id.clone()),
            Self::GatewayResponse(api, part) => RecordKey::GatewayResponse(api.clone(), part.kind),
            Self::DocumentationPart(api, part) => RecordKey::DocumentationPart(api.clone(), part.id.clone()),
            Self::DocumentationVersion(api, part) => RecordKey::DocumentationVersion(api.clone(), part.version.clone()),
            Self::UsagePlan(plan) => RecordKey::UsagePlan(plan.id),
            Self::DomainName(record) => RecordKey::DomainName(record.name.clone()),
            Self::DomainNameAccessAssociation(record) => RecordKey::DomainNameAccessAssociation(record.arn.clone()),
            Self::VpcLink(record) => RecordKey::VpcLink(record.id.clone()),
            Self::ClientCertificate(record) => RecordKey::ClientCertificate(record.id.clone()),
            Self::Function(record) => RecordKey::Function(record.name.clone()),
        }
    }

    /// Its tags, if it is of a kind that carries them.
    pub fn tags(&self) -> Option<&Tags> {
        match self {
            Self::RestApi(api) => Some(&api.tags),
            Self::Stage(_, stage) => Some(&stage.tags),
            Self::UsagePlan(plan) => Some(&plan.tags),
            Self::DomainName(name) => Some(&name.tags),
            Self::DomainNameAccessAssociation(association) => Some(&association.tags),
            Self::VpcLink(link) => Some(&link.tags),
            Self::ClientCertificate(certificate) => Some(&certificate.tags),
            Self::Function(function) => Some(&function.tags),
            Self::Account(_)
            | Self::Resource(..)
            | Self::Deployment(..)
            | Self::Model(..)
            | Self::RequestValidator(..)
            | Self::Authorizer(..)
            | Self::GatewayResponse(..)
            | Self::DocumentationPart(..)
            | Self::DocumentationVersion(..) => None,
        }
    }

    /// Its tags, to be changed.
    pub fn tags_mut(&mut self) -> Option<&mut Tags> {
        match self {
            Self::RestApi(api) => Some(&mut api.tags),
            Self::Stage(_, stage) => Some(&mut stage.tags),
            Self::UsagePlan(plan) => Some(&mut plan.tags),
            Self::DomainName(name) => Some(&mut name.tags),
            Self::DomainNameAccessAssociation(association) => Some(&mut association.tags),
            Self::VpcLink(link) => Some(&mut link.tags),
            Self::ClientCertificate(certificate) => Some(&mut certificate.tags),
            Self::Function(function) => Some(&mut function.tags),
            _ => None,
        }
    }
}
