//! UpdateAuthorizer: the paths of an authorizer.

use tollgate_domain::{Authorizer, AuthorizerType};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::patch::{Op, PatchOperation, Paths};
use crate::resources::authorizer;

const PATHS: Paths = Paths {
    add: &["/identitySource", "/providerARNs"],
    replace: &[
        "/name",
        "/type",
        "/authType",
        "/authorizerUri",
        "/authorizerCredentials",
        "/identitySource",
        "/identityValidationExpression",
        "/authorizerResultTtlInSeconds",
    ],
    remove: &["/identitySource", "/providerARNs"],
};

/// Runs one operation.
pub(crate) fn run(authorizer: &mut Authorizer, operation: &PatchOperation) -> Result<(), Failure> {
    match (operation.op, operation.path()) {
        (Op::Add, "/providerARNs") => add_provider(authorizer, operation.value()),
        (Op::Remove, "/providerARNs") => authorizer.provider_arns.retain(|arn| arn != operation.value()),
        (Op::Add | Op::Replace, "/identitySource") => authorizer.identity_source = operation.text(),
        (Op::Remove, "/identitySource") => authorizer.identity_source = None,
        (Op::Replace, "/name") => authorizer.name = operation.value().to_owned(),
        (Op::Replace, "/type") => {
            become_of(authorizer, AuthorizerType::parse(operation.value()).ok_or(Conflict::BadAuthorizerType)?);
        }
        (Op::Replace, "/authType") => authorizer.auth_type = operation.text(),
        (Op::Replace, "/authorizerUri") => authorizer.authorizer_uri = operation.text(),
        (Op::Replace, "/authorizerCredentials") => authorizer.authorizer_credentials = operation.text(),
        (Op::Replace, "/identityValidationExpression") => {
            authorizer.identity_validation_expression = operation.text();
        }
        (Op::Replace, "/authorizerResultTtlInSeconds") => {
            let seconds = operation.value().parse().map_err(|_| Conflict::BadResultTtl)?;
            authorizer.result_ttl_in_seconds = Some(authorizer::check_result_ttl(seconds)?);
        }
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

/// Changes the type, and with it what was left to the type's defaults.
fn become_of(authorizer: &mut Authorizer, kind: AuthorizerType) {
    if authorizer.auth_type.as_deref() == Some(authorizer::default_auth_type(authorizer.kind)) {
        authorizer.auth_type = Some(authorizer::default_auth_type(kind).to_owned());
    }
    authorizer.result_ttl_in_seconds = authorizer.result_ttl_in_seconds.or(authorizer::default_result_ttl(kind));
    authorizer.kind = kind;
}

fn add_provider(authorizer: &mut Authorizer, arn: &str) {
    if !authorizer.provider_arns.iter().any(|known| known == arn) {
        authorizer.provider_arns.push(arn.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::{self, operation};

    #[test]
    fn patches_are_refused_in_the_words_of_aws() {
        let token = authorizer::sample("auth", AuthorizerType::Token);
        let refused = |op, path, value| {
            patch::apply(&token, &[operation(op, path, value)], run).expect_err("a refusal").to_string()
        };
        assert_eq!(
            refused(Op::Remove, "/name", "x"),
            "Invalid patch path  '/name' specified for op 'remove'. Must be one of: [/identitySource, /providerARNs]"
        );
        assert_eq!(
            refused(Op::Copy, "/name", "x"),
            "Invalid patch path  '/name' specified for op 'copy'. Please choose supported operations"
        );
        for bad in ["3601", "-1", "soon", ""] {
            assert_eq!(
                refused(Op::Replace, "/authorizerResultTtlInSeconds", bad),
                "Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 seconds."
            );
        }
    }

    #[test]
    fn what_was_left_to_a_types_defaults_changes_with_the_type() {
        let pool = authorizer::sample("pool", AuthorizerType::CognitoUserPools);
        let token = patch::apply(&pool, &[operation(Op::Replace, "/type", "TOKEN")], run).expect("an authorizer");
        assert_eq!((token.auth_type.as_deref(), token.result_ttl_in_seconds), (Some("custom"), Some(300)));
        let named = [operation(Op::Replace, "/authType", "ours"), operation(Op::Replace, "/type", "TOKEN")];
        assert_eq!(patch::apply(&pool, &named, run).expect("an authorizer").auth_type.as_deref(), Some("ours"));
    }

    #[test]
    fn providers_are_added_and_removed_one_by_one() {
        let (old, new) = ("arn:aws:cognito-idp:us-east-1:1:userpool/p", "arn:aws:cognito-idp:us-east-1:1:userpool/q");
        let pool = authorizer::sample("pool", AuthorizerType::CognitoUserPools);
        let operations = [
            operation(Op::Add, "/providerARNs", new),
            operation(Op::Add, "/providerARNs", new),
            operation(Op::Remove, "/providerARNs", old),
        ];
        assert_eq!(patch::apply(&pool, &operations, run).expect("an authorizer").provider_arns, [new]);
    }
}
