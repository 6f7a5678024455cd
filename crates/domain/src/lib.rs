//! The nouns and rules of Tollgate: API keys, usage plans, limits and the catalog that holds them.
//!
//! Nothing here does IO, and nothing but [`clock`] and [`id`] reads the time or randomness, so every rule is
//! tested by handing it values.

pub mod account;
pub mod api_key;
pub mod authorizer;
pub mod breath;
pub mod bucket;
pub mod calendar;
pub mod catalog;
pub mod claim;
pub mod client_certificate;
pub mod clock;
pub mod deployment;
pub mod documentation;
pub mod domain_name;
pub mod function;
pub mod function_name;
pub mod gateway_response;
pub mod id;
pub mod integration;
pub mod key_digest;
pub mod lease;
#[cfg(all(test, not(loom)))]
mod many_nodes;
pub mod meter;
pub mod method;
pub mod model;
pub mod owed_tokens;
pub mod portion;
pub mod quota;
pub mod record;
pub mod refused_call;
pub mod request_validator;
pub mod resource;
pub mod rest_api;
pub mod role;
pub mod settlement;
pub mod stage;
pub mod stock;
mod sync;
pub mod tenancy;
pub mod test_invocation;
pub mod throttle;
pub mod token_draw;
pub mod traffic;
pub mod usage_plan;
pub mod vpc_link;

pub use account::Account;
pub use api_key::ApiKey;
pub use authorizer::{Authorizer, AuthorizerType};
pub use calendar::{Day, Period};
pub use catalog::{Catalog, RestApiTree};
pub use client_certificate::ClientCertificate;
pub use clock::{Clock, Moment, Ticks, UnixMillis};
pub use deployment::{DeployedApi, Deployment};
pub use documentation::{DocumentationPart, DocumentationPartLocation, DocumentationVersion};
pub use domain_name::{BasePathMapping, DomainName, DomainNameAccessAssociation};
pub use function::{Function, FunctionCode, FunctionPermission, FunctionSource};
pub use function_name::{FunctionRef, NotAFunctionName};
pub use gateway_response::{GatewayResponse, GatewayResponseType};
pub use id::{ApiKeyId, DeploymentId, IdSource, ResourceId, RestApiId, StageName, UsagePlanId};
pub use integration::{Integration, IntegrationResponse, IntegrationType};
pub use key_digest::{KeyDigest, KeyDigester, KeyHint};
pub use method::{HttpMethod, Method, MethodResponse};
pub use model::Model;
pub use quota::{QuotaPeriod, QuotaSettings};
pub use record::{Edit, Record, RecordKey};
pub use refused_call::{BucketState, QuotaState, RefusalLevel, RefusedCall};
pub use request_validator::RequestValidator;
pub use resource::Resource;
pub use rest_api::RestApi;
pub use role::Role;
pub use settlement::{Adjustment, Draw, Grant, LeftElsewhere, Return, Settlement, UsageDelta, UsageImport};
pub use stage::{MethodSetting, Stage};
pub use test_invocation::{AuthorizerAnswer, AuthorizerTest, TestAnswer, TestInvocation, TestRefusal};
pub use throttle::ThrottleSettings;
pub use traffic::{LATENCY_BOUNDS_MICROS, Traffic};
pub use usage_plan::{ApiStage, UsagePlan};
pub use vpc_link::VpcLink;

/// Tags of a resource: key to value, in key order.
pub type Tags = std::collections::BTreeMap<String, String>;
