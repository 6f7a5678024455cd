//! Authorizers, compiled: who is asked whether a caller may call.

mod answer;
mod event;
mod function;
mod kept;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use tollgate_domain::authorizer::AuthorizerType;
use tollgate_domain::{Authorizer, Clock, DeployedApi};

pub(crate) use self::answer::Said;
pub(crate) use self::function::FunctionAuthorizer;
use crate::call::Call;
use crate::peers::Functions;
use crate::policy::{Asked, Verdict};
use crate::principal::Principal;
use crate::refusal::Refusal;

/// How the callers of a method are authorized.
#[derive(Debug)]
pub(crate) enum Authorization {
    /// Anybody may call.
    Open,
    /// A function says who may.
    Function(Arc<FunctionAuthorizer>),
    /// Nobody can be asked; says why. Nobody may call.
    Unusable(String),
}

/// The authorizers of a deployed API, by id, with the answers that they keep.
#[derive(Debug, Default)]
pub(crate) struct Authorizers(BTreeMap<String, Result<Arc<FunctionAuthorizer>, String>>);

impl Authorizers {
    pub(crate) fn compile(deployed: &DeployedApi, stage_variables: &BTreeMap<String, String>) -> Self {
        let compiled = deployed.authorizers.iter();
        Self(compiled.map(|(id, given)| (id.clone(), compile(given, stage_variables))).collect())
    }

    /// How the callers of a method are authorized.
    pub(crate) fn authorization(&self, method: &tollgate_domain::Method) -> Authorization {
        let unusable = |why: &str| Authorization::Unusable(why.to_owned());
        match method.authorization_type.as_str() {
            "NONE" => Authorization::Open,
            "CUSTOM" => self.named(method.authorizer_id.as_deref().unwrap_or_default()),
            other => unusable(&format!("authorization of type {other} is not supported yet")),
        }
    }

    /// The authorizer of this id.
    pub(crate) fn named(&self, id: &str) -> Authorization {
        match self.0.get(id) {
            Some(Ok(authorizer)) => Authorization::Function(Arc::clone(authorizer)),
            Some(Err(why)) => Authorization::Unusable(why.clone()),
            None => Authorization::Unusable("the method names an authorizer that was not deployed".to_owned()),
        }
    }

    /// Forgets all answers that are kept.
    pub(crate) fn flush(&self) {
        self.0.values().flatten().for_each(|authorizer| authorizer.flush());
    }
}

fn compile(given: &Authorizer, stage_variables: &BTreeMap<String, String>) -> Result<Arc<FunctionAuthorizer>, String> {
    match given.kind {
        AuthorizerType::Token | AuthorizerType::Request => {
            FunctionAuthorizer::compile(given, stage_variables).map(Arc::new)
        }
        AuthorizerType::CognitoUserPools => Err("user pools are not supported yet".to_owned()),
    }
}

impl FunctionAuthorizer {
    /// Who the caller is, and whether the function lets it call what it calls.
    pub(crate) async fn judge(
        &self,
        functions: Option<&dyn Functions>,
        clock: &dyn Clock,
        call: &Call<'_>,
        headers: &HeaderMap,
        asked: &Asked<'_>,
    ) -> Result<(Principal, Verdict), Refusal> {
        let grant = self.ask(functions, clock, call, headers, asked.arn).await?;
        Ok((grant.principal.clone(), grant.policy.verdict(asked)))
    }
}
