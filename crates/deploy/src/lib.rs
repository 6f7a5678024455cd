//! CloudFormation templates made true of a running Tollgate: read, resolved, planned and carried out.
//!
//! Keeps three promises: what can be known to be wrong is told before a thing is changed; a deployment that fails is
//! taken back; and what a template does not change is left alone, so that keys keep their values and their counts.
//!
//! `document` reads text, `template` its sections, `scope` says what names stand for and `order` what comes first.
//! `walk` decides of each resource what is to be done, `plan` by imagining it and `deploy` by doing it. `kinds` has a
//! file for each noun. Nothing here reads a disk or a socket: [`Files`] and [`Node`] are who does.

mod call;
mod deploy;
mod document;
mod files;
mod found;
mod kind;
mod kinds;
pub mod lint;
mod member;
mod mistake;
mod order;
mod parameter;
mod plan;
mod sam;
mod scope;
mod stack;
mod sub;
mod template;
mod walk;

use sha2::{Digest, Sha256};

pub use call::{Archive, Call, Service, Verb};
pub use deploy::{Did, Failed, Node, Progress, Refusal, delete, deploy};
pub use document::{Node as Value, TEXT_LIMIT, read};
pub use files::Files;
pub use found::{Found, FoundApi};
pub use mistake::{Fault, Mistake};
pub use plan::{Change, Plan, Step};
pub use scope::Place;
pub use stack::{Entry, OutputValue, Stack, Status};
pub use template::Template;

/// The first hexadecimal digits of a digest, to tell one thing from another.
fn digest(bytes: &[u8], digits: usize) -> String {
    hex::encode(Sha256::digest(bytes)).chars().take(digits).collect()
}
