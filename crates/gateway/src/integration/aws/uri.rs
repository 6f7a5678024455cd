//! The URIs of AWS integrations: `arn:aws:apigateway:{region}:{subdomain.}{service}:{path|action}/{what}`.

use super::super::Site;

/// A URI of an AWS integration, with its stage variables filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AwsUri {
    pub(super) region: String,
    pub(super) service: String,
    pub(super) target: AwsTarget,
}

/// What of a service is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AwsTarget {
    /// A path, with a slash in front, and a query.
    Path(String),
    /// An action by name, with parameters as they stand in a query.
    Action { name: String, parameters: String },
}

impl AwsUri {
    pub(super) fn parse(uri: &str, site: &Site<'_>) -> Result<Self, String> {
        let uri = site.fill_stage_variables(uri)?;
        let unknown = || format!("the URI {uri:?} names no service of AWS");
        let ["arn", partition, "apigateway", region, service, target] = *uri.splitn(6, ':').collect::<Vec<_>>() else {
            return Err(unknown());
        };
        // A subdomain names an account's own endpoint, which here the operator chooses.
        let service = service.rsplit('.').next().unwrap_or(service);
        if !partition.starts_with("aws") || service.is_empty() {
            return Err(unknown());
        }
        let target = match target.split_once('/') {
            Some(("path", path)) => AwsTarget::Path(format!("/{}", path.trim_start_matches('/'))),
            Some(("action", action)) => {
                let (name, parameters) = action.split_once('&').unwrap_or((action, ""));
                AwsTarget::Action { name: name.to_owned(), parameters: parameters.to_owned() }
            }
            _ => return Err(unknown()),
        };
        Ok(Self { region: region.to_owned(), service: service.to_owned(), target })
    }

    /// The function that is invoked: its ARN, or its name with a qualifier.
    pub(super) fn function(&self) -> Option<&str> {
        match &self.target {
            AwsTarget::Path(path) if self.service == "lambda" => {
                path.split_once("/functions/")?.1.strip_suffix("/invocations").filter(|function| !function.is_empty())
            }
            AwsTarget::Path(_) | AwsTarget::Action { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tollgate_domain::{RestApiId, StageName};

    use super::*;
    use crate::config::GatewayConfig;

    fn parse(uri: &str) -> Result<AwsUri, String> {
        let (api, stage) = (RestApiId::new("a"), StageName::new("s"));
        let stage_variables = BTreeMap::from([("fn".to_owned(), "hello".to_owned())]);
        let config = GatewayConfig::default();
        AwsUri::parse(
            uri,
            &Site { config: &config, api: &api, stage: &stage, stage_variables: &stage_variables, resource_path: "/" },
        )
    }

    #[test]
    fn a_function_is_named_by_its_arn_with_stage_variables_filled_in() {
        let function = "arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.fn}:live";
        let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations");
        let parsed = parse(&uri).expect("a URI");
        assert_eq!(parsed.function(), Some("arn:aws:lambda:us-east-1:000000000000:function:hello:live"));
    }

    #[test]
    fn a_service_is_called_by_path_or_by_action() {
        let path = parse("arn:aws:apigateway:eu-west-1:s3:path/bucket/key?acl").expect("a URI");
        assert_eq!((path.service.as_str(), path.region.as_str()), ("s3", "eu-west-1"));
        assert_eq!(path.target, AwsTarget::Path("/bucket/key?acl".to_owned()));
        let action =
            parse("arn:aws:apigateway:eu-west-1:acc.sqs:action/SendMessage&Version=2012-11-05").expect("a URI");
        let target = AwsTarget::Action { name: "SendMessage".to_owned(), parameters: "Version=2012-11-05".to_owned() };
        assert_eq!((action.service.as_str(), action.target), ("sqs", target));
        assert_eq!(path.function(), None);
    }

    #[test]
    fn a_uri_that_names_no_service_is_told() {
        for uri in [
            "http://up.example/",
            "arn:aws:lambda:us-east-1:000000000000:function:hello",
            "arn:aws:apigateway:us-east-1:s3:bucket",
            "arn:aws:apigateway:us-east-1::path/x",
            "arn:aws:apigateway:us-east-1:lambda:path/functions/${stageVariables.absent}/invocations",
        ] {
            assert!(parse(uri).is_err(), "{uri}");
        }
    }
}
