//! One module for each noun of the API: its wire form, its rules, its operations.

pub(crate) mod account;
pub(crate) mod api_key;
pub(crate) mod api_key_import;
pub(crate) mod deployment;
pub(crate) mod documentation_import;
pub(crate) mod integration;
pub(crate) mod integration_patch;
pub(crate) mod integration_response;
pub(crate) mod mapping;
pub(crate) mod method;
pub(crate) mod method_response;
pub(crate) mod quota;
pub(crate) mod resource;
pub(crate) mod resource_rules;
pub(crate) mod rest_api;
pub(crate) mod rest_api_import;
pub(crate) mod rest_api_patch;
pub(crate) mod stage;
pub(crate) mod stage_patch;
pub(crate) mod tags;
pub(crate) mod throttle;
pub(crate) mod usage;
pub(crate) mod usage_plan;
pub(crate) mod usage_plan_key;
pub(crate) mod usage_plan_patch;
pub(crate) mod validation;
