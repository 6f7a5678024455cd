//! Writes what a node has for AWS, or another node, to take in.

pub(crate) mod aws_cli;
pub(crate) mod csv;
mod files;
mod hcl;
mod shell;
pub(crate) mod terraform;

pub(crate) use files::{File, write_all, write_one};
