//! Authorizers that read a token of a user pool.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use regex::Regex;
use serde_json::{Map, Value};
use tollgate_domain::Authorizer;

use super::claims;
use super::function::expression;
use super::token::{self, Token};
use crate::call::Call;
use crate::gateway::Shared;
use crate::parameter::Parameter;
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::user_pools::{UserPool, UserPools};

/// An authorizer that reads a token of a user pool.
#[derive(Debug)]
pub(crate) struct UserPoolAuthorizer {
    pools: Vec<Arc<UserPool>>,
    identity: Parameter,
    /// What the audience of a token has to look like.
    expression: Option<Regex>,
}

impl UserPoolAuthorizer {
    /// Compiles an authorizer of type COGNITO_USER_POOLS.
    pub(super) fn compile(
        given: &Authorizer,
        stage_variables: &BTreeMap<String, String>,
        user_pools: &UserPools,
    ) -> Result<Self, String> {
        let pool = |arn: &String| user_pools.named(arn).ok_or_else(|| format!("{arn:?} names no user pool"));
        let source = given.identity_source.as_deref().unwrap_or_default().trim();
        Ok(Self {
            pools: given.provider_arns.iter().map(pool).collect::<Result<_, _>>()?,
            identity: Parameter::parse(source, stage_variables)
                .ok_or_else(|| format!("the identity source {source:?} is unknown"))?,
            expression: expression(given)?,
        })
    }

    /// Who the caller is, if its token is one of the pools' and fits a method with these scopes.
    pub(crate) async fn judge(
        &self,
        shared: &Shared,
        call: &Call<'_>,
        headers: &HeaderMap,
        scopes: &[String],
    ) -> Result<Principal, Refusal> {
        let sent = self.identity.value(call, headers).ok_or(Refusal::Unauthorized)?;
        let token = Token::read(&sent).ok_or(Refusal::Unauthorized)?;
        let claims = self.verify(shared, call, &token).await?;
        token::judge(&claims, scopes, call.at.wall)?;
        if self
            .expression
            .as_ref()
            .is_some_and(|wanted| !token::audiences(&claims).iter().any(|one| wanted.is_match(one)))
        {
            return Err(Refusal::Unauthorized);
        }
        Ok(Principal { claims: claims::written(&claims), ..Principal::default() })
    }

    /// The claims of a token that one of the pools signed.
    async fn verify(&self, shared: &Shared, call: &Call<'_>, token: &Token<'_>) -> Result<Map<String, Value>, Refusal> {
        let pool = self.pools.iter().find(|pool| pool.issuer() == token.issuer).ok_or(Refusal::Unauthorized)?;
        let key = pool.key(&token.key_id, call.at.ticks, &shared.tls).await.map_err(Refusal::AuthorizerFailed)?;
        key.and_then(|key| key.verify(token.text)).ok_or(Refusal::Unauthorized)
    }
}
