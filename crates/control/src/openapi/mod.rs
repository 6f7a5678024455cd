//! OpenAPI documents: an API read from one, and an API written as one.
//!
//! Swagger 2.0 and OpenAPI 3.0 differ in where things stand, and [`dialect`] is the only one to know. What is read
//! becomes a [`definition`], in the catalog's own nouns; [`import`] makes the next tree of an API out of that and the
//! tree before. [`export`] goes the other way.

pub(crate) mod base_path;
pub(crate) mod definition;
pub(crate) mod dialect;
pub(crate) mod difference;
pub(crate) mod document;
pub(crate) mod documentation;
pub(crate) mod export;
pub(crate) mod export_operation;
pub(crate) mod export_security;
pub(crate) mod gateway_responses;
pub(crate) mod import;
pub(crate) mod integration;
pub(crate) mod notes;
pub(crate) mod operation;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod schema;
pub(crate) mod security;
pub(crate) mod settings;
pub(crate) mod validators;
pub(crate) mod yaml;
