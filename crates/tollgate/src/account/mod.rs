//! An account of API Gateway, or of what answers as it does, read by its management API.

pub(crate) mod aws;
mod aws_credentials;
pub(crate) mod inventory;
mod reader;
mod resources_document;
mod usage;

pub(crate) use inventory::{Inventory, Scope};
pub(crate) use reader::{Reader, Unread, segment, text};
