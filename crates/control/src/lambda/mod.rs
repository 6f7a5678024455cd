//! AWS Lambda's API, as far as functions of this node need it: defining them, reading them back, calling them.
//!
//! Keeps the promises of the rest of the management API: nobody without a valid signature is answered, a change is made
//! whole or not at all, and a function that was made can be called.
//!
//! `routes` is the contents page. Functions are records of the catalog; their code is in the [`CodeStore`]; who runs
//! them is behind the port [`FunctionHost`].

mod code;
mod configuration;
mod conflict;
mod edge;
mod function;
mod host;
mod input;
mod invoke;
mod pack;
mod permission;
mod routes;
mod unpack;

use std::sync::Arc;

use tollgate_domain::{Catalog, Function, FunctionRef};

use crate::Control;
pub use code::CodeStore;
pub(crate) use conflict::FunctionConflict;
pub use host::{FunctionFuture, FunctionHost, InvokeKind, InvokeRefusal, Invoked};

/// The ARN of a function.
pub fn function_arn(region: &str, account_id: &str, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{account_id}:function:{name}")
}

/// AWS Lambda's API. A clone is another handle to the same one.
#[derive(Clone)]
pub struct Lambda {
    control: Control,
    host: Arc<dyn FunctionHost>,
    code: CodeStore,
}

impl Lambda {
    /// The API over the catalog of `control`. Functions run at `host`, with code from `code`.
    pub fn new(control: Control, host: Arc<dyn FunctionHost>, code: CodeStore) -> Self {
        Self { control, host, code }
    }

    /// The service: all paths of Lambda's API, to be merged with those of the rest.
    pub fn router(self) -> axum::Router {
        edge::router(self)
    }

    fn arn(&self, name: &str) -> String {
        let config = self.control.config();
        function_arn(&config.region, &config.account_id, name)
    }

    /// The function that a caller names. What the operator configured hides what was made.
    fn find(&self, catalog: &Catalog, named: &FunctionRef) -> Result<Arc<Function>, FunctionConflict> {
        let configured = self.host.configured().get(&named.name);
        let found = configured.or_else(|| catalog.functions.get(&named.name)).filter(|_| named.is_latest());
        found.cloned().ok_or_else(|| self.not_found(named))
    }

    /// A function that may be changed: one that was made by this API.
    fn find_own(&self, catalog: &Catalog, named: &FunctionRef) -> Result<Arc<Function>, FunctionConflict> {
        self.check_not_configured(&named.name)?;
        self.find(catalog, named)
    }

    fn check_not_configured(&self, name: &str) -> Result<(), FunctionConflict> {
        match self.host.configured().contains_key(name) {
            true => Err(FunctionConflict::Configured(name.to_owned())),
            false => Ok(()),
        }
    }

    fn not_found(&self, named: &FunctionRef) -> FunctionConflict {
        let qualifier = named.qualifier.as_ref().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
        FunctionConflict::NotFound(format!("{}{qualifier}", self.arn(&named.name)))
    }
}
