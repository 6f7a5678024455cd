//! Every resource type that is deployed, one file for each noun.

mod account;
mod api_key;
mod authorizer;
mod base_path_mapping;
mod client_certificate;
mod deployment;
mod documentation;
mod domain_name;
mod function;
mod function_version;
mod gateway_response;
mod inert;
mod method;
mod model;
mod permission;
mod request_validator;
mod resource;
mod rest_api;
mod stage;
mod stage_settings;
mod usage_plan;
mod usage_plan_key;
mod vpc_link;

use crate::kind::Kind;

pub(crate) use function::{DIGEST as ARCHIVE_SHA256, SIZE as ARCHIVE_SIZE};

/// Every type, in no order that matters.
pub(crate) static ALL: &[&Kind] = &[
    &account::KIND,
    &api_key::KIND,
    &authorizer::KIND,
    &base_path_mapping::KIND,
    &client_certificate::KIND,
    &deployment::KIND,
    &documentation::PART,
    &documentation::VERSION,
    &domain_name::KIND,
    &function::KIND,
    &function_version::VERSION,
    &function_version::ALIAS,
    &gateway_response::KIND,
    &inert::ROLE,
    &inert::POLICY,
    &inert::LOG_GROUP,
    &inert::BUCKET,
    &inert::BUCKET_POLICY,
    &inert::CDK_METADATA,
    &method::KIND,
    &model::KIND,
    &permission::KIND,
    &request_validator::KIND,
    &resource::KIND,
    &rest_api::KIND,
    &stage::KIND,
    &usage_plan::KIND,
    &usage_plan_key::KIND,
    &vpc_link::KIND,
];
