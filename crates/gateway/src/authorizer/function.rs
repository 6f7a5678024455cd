//! Authorizers that ask a function.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use regex::Regex;
use serde_json::Value;
use tollgate_domain::authorizer::AuthorizerType;
use tollgate_domain::{Authorizer, Clock, Ticks};

use super::answer::{Fault, Grant, Said};
use super::event;
use super::kept::{KeptAnswers, Outcome};
use crate::call::Call;
use crate::parameter::Parameter;
use crate::peers::{FunctionFault, Functions};
use crate::refusal::Refusal;

/// How long a function may take to answer, as for any integration of AWS.
const PATIENCE: Duration = Duration::from_secs(29);

/// An authorizer that asks a function.
#[derive(Debug)]
pub(crate) struct FunctionAuthorizer {
    function: String,
    /// Whether the function is shown the request, or one header of it.
    shows_request: bool,
    identity: Vec<Parameter>,
    /// What a token has to look like.
    expression: Option<Regex>,
    /// `None` asks for each call.
    kept: Option<KeptAnswers>,
}

impl FunctionAuthorizer {
    /// Compiles an authorizer of type TOKEN or REQUEST.
    pub(super) fn compile(given: &Authorizer, stage_variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let uri = given.authorizer_uri.as_deref().unwrap_or_default();
        let sources = given.identity_source.as_deref().unwrap_or_default();
        let sources = sources.split(',').map(str::trim).filter(|source| !source.is_empty());
        let parameter = |source: &str| {
            Parameter::parse(source, stage_variables)
                .ok_or_else(|| format!("the identity source {source:?} is unknown"))
        };
        let ttl = u64::try_from(given.result_ttl_in_seconds.unwrap_or(300)).unwrap_or(0);
        Ok(Self {
            function: function(uri, stage_variables).ok_or_else(|| format!("{uri:?} names no function"))?,
            shows_request: given.kind == AuthorizerType::Request,
            identity: sources.map(parameter).collect::<Result<_, _>>()?,
            expression: expression(given)?,
            kept: (ttl > 0).then(|| KeptAnswers::new(Ticks::from_duration(Duration::from_secs(ttl)))),
        })
    }

    /// Forgets the answers that are kept.
    pub(super) fn flush(&self) {
        if let Some(kept) = &self.kept {
            kept.flush();
        }
    }

    /// What the function says of the caller, or said of it before.
    pub(super) async fn ask(
        &self,
        functions: Option<&dyn Functions>,
        clock: &dyn Clock,
        call: &Call<'_>,
        headers: &HeaderMap,
        arn: &str,
    ) -> Result<Arc<Grant>, Refusal> {
        let identity = self.identity(call, headers)?;
        let ask = async || -> Outcome {
            let event = self.event(&identity, call, headers, arn);
            let payload = invoke(functions, &self.function, &event).await?;
            Grant::read(&payload).map(Arc::new)
        };
        let outcome = match &self.kept {
            Some(kept) => kept.get(name(&identity), call.at.ticks, clock, ask).await,
            None => ask().await,
        };
        Ok(outcome?)
    }

    /// All that the function says of a caller, asked anew.
    pub(crate) async fn say(
        &self,
        functions: Option<&dyn Functions>,
        call: &Call<'_>,
        headers: &HeaderMap,
        arn: &str,
    ) -> Result<Said, Refusal> {
        let identity = self.identity(call, headers)?;
        let payload = invoke(functions, &self.function, &self.event(&identity, call, headers, arn)).await?;
        Ok(Said::read(&payload)?)
    }

    fn event(&self, identity: &[String], call: &Call<'_>, headers: &HeaderMap, arn: &str) -> Value {
        match (self.shows_request, identity.first()) {
            (false, Some(token)) => event::token(token, arn),
            _ => event::request(call, headers, arn),
        }
    }

    /// The values by which the caller is known. One that is missing or wrong is refused before the function is asked.
    fn identity(&self, call: &Call<'_>, headers: &HeaderMap) -> Result<Vec<String>, Refusal> {
        let value = |parameter: &Parameter| {
            let value = parameter.value(call, headers).filter(|value| !value.is_empty());
            let fits = |value: &str| self.expression.as_ref().is_none_or(|expression| expression.is_match(value));
            value.filter(|value| self.shows_request || fits(value)).map(std::borrow::Cow::into_owned)
        };
        self.identity.iter().map(|parameter| value(parameter).ok_or(Refusal::Unauthorized)).collect()
    }
}

/// What the identity has to look like, all of it.
pub(super) fn expression(given: &Authorizer) -> Result<Option<Regex>, String> {
    let expression = given.identity_validation_expression.as_deref().filter(|expression| !expression.is_empty());
    let compiled = expression.map(|expression| Regex::new(&format!("^(?:{expression})$"))).transpose();
    compiled.map_err(|error| error.to_string())
}

/// One text for a list of values, another for each other list.
fn name(identity: &[String]) -> String {
    identity.iter().map(|value| format!("{}:{value}", value.len())).collect()
}

/// What a function returned, if it did not fail.
async fn invoke(functions: Option<&dyn Functions>, function: &str, event: &Value) -> Result<Bytes, Fault> {
    let functions = functions.ok_or_else(|| Fault::Unusable("no function can be run here".to_owned()))?;
    let invoked = tokio::time::timeout(PATIENCE, functions.invoke(function, Bytes::from(event.to_string()))).await;
    match invoked {
        Ok(Ok(result)) if result.failed => Err(Grant::thrown(&result.payload)),
        Ok(Ok(result)) => Ok(result.payload),
        Ok(Err(fault @ (FunctionFault::Unknown(_) | FunctionFault::Unavailable(_)))) => {
            Err(Fault::Unusable(fault.to_string()))
        }
        Ok(Err(fault @ FunctionFault::Busy(_))) => Err(Fault::Failed(fault.to_string())),
        Err(_elapsed) => Err(Fault::Failed("the function did not answer in time".to_owned())),
    }
}

/// The function that a URI names: `…:lambda:path/2015-03-31/functions/{function}/invocations`.
fn function(uri: &str, stage_variables: &BTreeMap<String, String>) -> Option<String> {
    let (_, rest) = uri.split_once("/functions/")?;
    let mut name = rest.strip_suffix("/invocations").filter(|name| !name.is_empty())?.to_owned();
    for (variable, value) in stage_variables {
        name = name.replace(&format!("${{stageVariables.{variable}}}"), value);
    }
    (!name.contains("${")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_a_function() {
        let variables = BTreeMap::from([("alias".to_owned(), "live".to_owned())]);
        let named = |rest: &str| function(&format!("arn:aws:apigateway:eu-west-1:lambda:path/{rest}"), &variables);
        assert_eq!(named("2015-03-31/functions/f/invocations").as_deref(), Some("f"));
        let arn = "arn:aws:lambda:eu-west-1:1:function:f";
        let uri = format!("2015-03-31/functions/{arn}:${{stageVariables.alias}}/invocations");
        assert_eq!(named(&uri), Some(format!("{arn}:live")));
        assert_eq!(named("2015-03-31/functions/${stageVariables.other}/invocations"), None);
        assert_eq!(named("2015-03-31/functions//invocations"), None);
    }

    #[test]
    fn two_identities_never_share_a_name() {
        let name_of = |values: [&str; 2]| name(&values.map(str::to_owned));
        assert_ne!(name_of(["a", "bc"]), name_of(["ab", "c"]));
        assert_ne!(name_of(["1:a", ""]), name_of(["", "1:a"]));
    }
}
