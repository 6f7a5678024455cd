//! Authorizers, compiled: who is asked whether a caller may call.

mod answer;
mod claims;
mod event;
mod function;
mod kept;
mod token;
mod user_pool;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use tollgate_domain::authorizer::AuthorizerType;
use tollgate_domain::{Authorizer, Clock, DeployedApi};

pub(crate) use self::answer::Said;
pub(crate) use self::function::FunctionAuthorizer;
pub(crate) use self::user_pool::UserPoolAuthorizer;
use crate::call::Call;
use crate::peers::Functions;
use crate::policy::{Asked, Verdict};
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::user_pools::UserPools;

/// How the callers of a method are authorized.
#[derive(Debug)]
pub(crate) enum Authorization {
    /// Anybody may call.
    Open,
    /// Whoever signs the call may.
    Signature,
    /// A function says who may.
    Function(Arc<FunctionAuthorizer>),
    /// Whoever has a token of a user pool may: an access token with one of the scopes or, where there are none, an
    /// identity token.
    UserPools { authorizer: Arc<UserPoolAuthorizer>, scopes: Vec<String> },
    /// Nobody can be asked; says why. Nobody may call.
    Unusable(String),
}

impl Authorization {
    /// Whether somebody is authorized by the name of what is called.
    pub(crate) fn wants_a_name(&self) -> bool {
        match self {
            Self::Signature | Self::Function(_) | Self::UserPools { .. } => true,
            Self::Open | Self::Unusable(_) => false,
        }
    }
}

/// The authorizers of a deployed API, by id, with the answers that they keep.
#[derive(Debug, Default)]
pub(crate) struct Authorizers(BTreeMap<String, Result<Compiled, String>>);

/// An authorizer, ready to be asked.
#[derive(Clone, Debug)]
enum Compiled {
    Function(Arc<FunctionAuthorizer>),
    UserPools(Arc<UserPoolAuthorizer>),
}

impl Authorizers {
    pub(crate) fn compile(
        deployed: &DeployedApi,
        stage_variables: &BTreeMap<String, String>,
        user_pools: &UserPools,
    ) -> Self {
        let compiled = deployed.authorizers.iter();
        Self(compiled.map(|(id, given)| (id.clone(), compile(given, stage_variables, user_pools))).collect())
    }

    /// How the callers of a method are authorized.
    pub(crate) fn authorization(&self, method: &tollgate_domain::Method) -> Authorization {
        // As it was put: PutMethod takes it in any case.
        match method.authorization_type.to_ascii_uppercase().as_str() {
            "NONE" => Authorization::Open,
            "AWS_IAM" => Authorization::Signature,
            "CUSTOM" | "COGNITO_USER_POOLS" => {
                self.named(method.authorizer_id.as_deref().unwrap_or_default(), &method.authorization_scopes)
            }
            other => Authorization::Unusable(format!("there is no authorization of type {other}")),
        }
    }

    /// The authorizer of this id, for a method with these scopes.
    pub(crate) fn named(&self, id: &str, scopes: &[String]) -> Authorization {
        match self.0.get(id).cloned() {
            Some(Ok(Compiled::Function(authorizer))) => Authorization::Function(authorizer),
            Some(Ok(Compiled::UserPools(authorizer))) => {
                Authorization::UserPools { authorizer, scopes: scopes.to_vec() }
            }
            Some(Err(why)) => Authorization::Unusable(why),
            None => Authorization::Unusable("the method names an authorizer that was not deployed".to_owned()),
        }
    }

    /// Forgets all answers that are kept.
    pub(crate) fn flush(&self) {
        for authorizer in self.0.values().flatten() {
            match authorizer {
                Compiled::Function(authorizer) => authorizer.flush(),
                // Tokens are verified for each call: nothing is kept.
                Compiled::UserPools(_) => {}
            }
        }
    }
}

fn compile(
    given: &Authorizer,
    stage_variables: &BTreeMap<String, String>,
    user_pools: &UserPools,
) -> Result<Compiled, String> {
    match given.kind {
        AuthorizerType::Token | AuthorizerType::Request => {
            Ok(Compiled::Function(Arc::new(FunctionAuthorizer::compile(given, stage_variables)?)))
        }
        AuthorizerType::CognitoUserPools => {
            Ok(Compiled::UserPools(Arc::new(UserPoolAuthorizer::compile(given, stage_variables, user_pools)?)))
        }
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
