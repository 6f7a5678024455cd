//! Integration: what answers a call.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::integration::PassthroughBehavior;
use tollgate_domain::{Catalog, Integration, IntegrationType, ResourceId};

use crate::Control;
use crate::answer::{Answer, Reply, is_empty, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::patch;
use crate::request::Request;
use crate::resources::choice;
use crate::resources::integration_patch;
use crate::resources::integration_response::IntegrationResponseWire;
use crate::resources::mapping;
use crate::resources::method::MethodPath;
use crate::resources::validation::Validation;

const DEFAULT_TIMEOUT_MILLIS: i64 = 29_000;

/// An integration on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntegrationWire<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<&'a str>,
    #[serde(skip_serializing_if = "is_empty")]
    request_parameters: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_empty")]
    request_templates: &'a mapping::Templates,
    passthrough_behavior: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_handling: Option<&'a str>,
    timeout_in_millis: u32,
    cache_namespace: &'a str,
    cache_key_parameters: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    integration_responses: BTreeMap<&'a str, IntegrationResponseWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_config: Option<TlsConfigWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_transfer_mode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_target: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsConfigWire {
    insecure_skip_verification: bool,
}

impl<'a> IntegrationWire<'a> {
    pub(crate) fn new(integration: &'a Integration) -> Self {
        let responses = integration.responses.iter();
        let tls = integration.insecure_skip_verification;
        Self {
            kind: integration.kind.as_str(),
            http_method: text(&integration.http_method),
            uri: text(&integration.uri),
            connection_type: text(&integration.connection_type),
            connection_id: text(&integration.connection_id),
            credentials: text(&integration.credentials),
            request_parameters: &integration.request_parameters,
            request_templates: &integration.request_templates,
            passthrough_behavior: passthrough_word(integration.passthrough_behavior),
            content_handling: text(&integration.content_handling),
            timeout_in_millis: integration.timeout_millis,
            cache_namespace: &integration.cache_namespace,
            cache_key_parameters: &integration.cache_key_parameters,
            integration_responses: responses
                .map(|(code, response)| (code.as_str(), IntegrationResponseWire::new(code, response)))
                .collect(),
            tls_config: tls.map(|insecure_skip_verification| TlsConfigWire { insecure_skip_verification }),
            response_transfer_mode: text(&integration.response_transfer_mode),
            integration_target: text(&integration.integration_target),
        }
    }
}

pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let body = request.body()?;
    let kind = read_kind(&body)?;
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        at.change(catalog, |resource, method| {
            let integration = read(kind, &body, resource)?;
            method.integration = Some(integration.clone());
            Ok(integration)
        })
    };
    let integration = control.writer().write(decide).await?;
    Answer::json(&IntegrationWire::new(&integration))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let (_, method) = MethodPath::of(request).find(&catalog)?;
    let integration = method.integration.as_ref().ok_or(Conflict::NoSuchIntegration)?;
    Answer::json(&IntegrationWire::new(integration))
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateIntegrationInput")?;
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        at.change(catalog, |_, method| {
            let integration = method.integration.as_mut().ok_or(Conflict::NoSuchIntegration)?;
            *integration = patch::apply(integration, &operations, integration_patch::run)?;
            check(integration)?;
            Ok(integration.clone())
        })
    };
    let integration = control.writer().write(decide).await?;
    Answer::json(&IntegrationWire::new(&integration))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        at.change(catalog, |_, method| {
            method.integration.take().map(|_| ()).ok_or_else(|| Conflict::NoSuchIntegration.into())
        })
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

fn read_kind(body: &Members) -> Result<IntegrationType, Failure> {
    let mut validation = Validation::default();
    let word = validation.required(body.string("type")?, "putIntegrationInput.type");
    let kind = IntegrationType::parse(&word);
    if kind.is_none() && !word.is_empty() {
        validation.not_in(&word, "putIntegrationInput.type", "[HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]");
    }
    validation.finish()?;
    Ok(kind.unwrap_or(IntegrationType::Mock))
}

pub(crate) fn read(kind: IntegrationType, body: &Members, resource: &ResourceId) -> Result<Integration, Failure> {
    let passthrough = body.string("passthroughBehavior")?;
    let tls = body.object("tlsConfig")?;
    let http = matches!(kind, IntegrationType::Http | IntegrationType::HttpProxy);
    let integration = Integration {
        kind,
        http_method: body.string("httpMethod")?,
        // A mock has no upstream to name, and AWS drops it.
        uri: body.string("uri")?.filter(|_| kind != IntegrationType::Mock),
        connection_type: body.string("connectionType")?.or_else(|| http.then(|| "INTERNET".to_owned())),
        connection_id: body.string("connectionId")?,
        credentials: body.string("credentials")?,
        request_parameters: body.string_map("requestParameters")?.unwrap_or_default(),
        request_templates: body.nullable_string_map("requestTemplates")?.unwrap_or_default(),
        passthrough_behavior: passthrough.as_deref().map(parse_passthrough).transpose()?.unwrap_or_default(),
        cache_namespace: body.string("cacheNamespace")?.unwrap_or_else(|| resource.to_string()),
        cache_key_parameters: body.strings("cacheKeyParameters")?.unwrap_or_default(),
        content_handling: body.string("contentHandling")?,
        timeout_millis: check_timeout(body.integer("timeoutInMillis")?.unwrap_or(DEFAULT_TIMEOUT_MILLIS))?,
        // Terraform says "false" by an empty `tlsConfig`, and looks for it in what comes back.
        insecure_skip_verification: match tls {
            Some(tls) => Some(tls.bool("insecureSkipVerification")?.unwrap_or(false)),
            None => None,
        },
        response_transfer_mode: body.string("responseTransferMode")?,
        integration_target: body.string("integrationTarget")?,
        responses: BTreeMap::new(),
    };
    check(&integration)?;
    Ok(integration)
}

fn passthrough_word(behavior: PassthroughBehavior) -> &'static str {
    match behavior {
        PassthroughBehavior::WhenNoMatch => "WHEN_NO_MATCH",
        PassthroughBehavior::WhenNoTemplates => "WHEN_NO_TEMPLATES",
        PassthroughBehavior::Never => "NEVER",
    }
}

pub(crate) fn parse_passthrough(text: &str) -> Result<PassthroughBehavior, Conflict> {
    match text {
        "WHEN_NO_MATCH" => Ok(PassthroughBehavior::WhenNoMatch),
        "WHEN_NO_TEMPLATES" => Ok(PassthroughBehavior::WhenNoTemplates),
        "NEVER" => Ok(PassthroughBehavior::Never),
        _ => Err(Conflict::NotAnOption {
            member: "passthroughBehavior",
            options: "WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER",
        }),
    }
}

pub(crate) fn check_timeout(millis: i64) -> Result<u32, Conflict> {
    let millis = Some(millis).filter(|millis| (50..=29_000).contains(millis));
    millis.and_then(|millis| u32::try_from(millis).ok()).ok_or(Conflict::BadTimeout)
}

/// The rules for an integration as a whole.
fn check(integration: &Integration) -> Result<(), Conflict> {
    if integration.kind != IntegrationType::Mock && text(&integration.http_method).is_none() {
        return Err(Conflict::NoIntegrationMethod);
    }
    check_uri(integration.kind, integration.uri.as_deref().unwrap_or_default())?;
    check_connection(integration)?;
    choice::RESPONSE_TRANSFER_MODE.check(text(&integration.response_transfer_mode))?;
    mapping::check_names(integration.request_parameters.keys(), "integration.request.")?;
    mapping::check_values(integration.request_parameters.values(), "method.request")?;
    mapping::check_templates(&integration.request_templates)?;
    mapping::check_content_handling(integration.content_handling.as_deref())?;
    let names_parameter = |key: &String| key.starts_with("method.request.") || key.starts_with("integration.request.");
    if integration.cache_key_parameters.iter().all(names_parameter) { Ok(()) } else { Err(Conflict::BadCacheKey) }
}

fn check_connection(integration: &Integration) -> Result<(), Conflict> {
    match integration.connection_type.as_deref() {
        Some("VPC_LINK") if text(&integration.connection_id).is_none() => Err(Conflict::NoConnectionId),
        None | Some("INTERNET" | "VPC_LINK") => Ok(()),
        Some(_) => Err(Conflict::NotAnOption { member: "connectionType", options: "INTERNET,VPC_LINK" }),
    }
}

/// HTTP integrations have an address, AWS ones an ARN: `arn:aws:apigateway:{region}:{service}:{path|action}/…`.
fn check_uri(kind: IntegrationType, uri: &str) -> Result<(), Conflict> {
    match kind {
        IntegrationType::Mock => Ok(()),
        IntegrationType::Http | IntegrationType::HttpProxy => {
            let host = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
            if host.is_some_and(|host| !host.is_empty()) { Ok(()) } else { Err(Conflict::BadHttpUri) }
        }
        IntegrationType::Aws | IntegrationType::AwsProxy => {
            let ["arn", _, "apigateway", _, service, target] = *uri.splitn(6, ':').collect::<Vec<_>>() else {
                return Err(Conflict::BadArn);
            };
            if !target.starts_with("path/") && !target.starts_with("action/") {
                return Err(Conflict::ArnWithoutAction);
            }
            let proxied = matches!(service, "lambda" | "firehose");
            if kind == IntegrationType::AwsProxy && !proxied { Err(Conflict::ProxyNeedsLambda) } else { Ok(()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::{Op, PatchOperation, operation};

    fn made(body: &str) -> Result<Integration, String> {
        let body = Members::parse(body.as_bytes()).expect("an object");
        let made = read_kind(&body).and_then(|kind| read(kind, &body, &ResourceId::new("res1")));
        made.map_err(|failure| failure.to_string())
    }

    fn patched(operations: &[PatchOperation]) -> Result<Integration, String> {
        let before = made(r#"{"type":"HTTP_PROXY","httpMethod":"GET","uri":"http://a"}"#).expect("an integration");
        patch::apply(&before, operations, integration_patch::run).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_defaults_of_aws_are_shown() {
        assert_eq!(made(r#"{"type":"MOCK","uri":"http://example.com"}"#).expect("one").uri, None);
        let integration = made(r#"{"type":"HTTP","httpMethod":"GET","uri":"http://example.com"}"#).expect("one");
        assert_eq!(
            serde_json::to_value(IntegrationWire::new(&integration)).expect("json"),
            serde_json::json!({
                "type": "HTTP", "httpMethod": "GET", "uri": "http://example.com", "connectionType": "INTERNET",
                "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": "res1",
                "cacheKeyParameters": []
            })
        );
        let mock = made(r#"{"type":"MOCK","requestTemplates":{"application/json":null}}"#).expect("one");
        let wire = serde_json::to_value(IntegrationWire::new(&mock)).expect("json");
        assert_eq!(wire["requestTemplates"], serde_json::json!({"application/json": null}));
        assert_eq!(wire.get("connectionType"), None);
    }

    #[test]
    fn an_empty_tls_config_is_one_that_verifies() {
        let integration = made(r#"{"type":"HTTP","httpMethod":"GET","uri":"http://a","tlsConfig":{}}"#).expect("one");
        let wire = serde_json::to_value(IntegrationWire::new(&integration)).expect("json");
        assert_eq!(wire["tlsConfig"], serde_json::json!({"insecureSkipVerification": false}));
    }

    #[test]
    fn integrations_are_refused_in_the_words_of_aws() {
        let refused = |body: &str| made(body).expect_err("a refusal");
        assert_eq!(
            refused(r#"{"type":"HTTPS_PROXY"}"#),
            "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy \
             constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"
        );
        assert_eq!(
            refused(r#"{"type":"HTTP","uri":"http://a"}"#),
            "Enumeration value for HttpMethod must be non-empty"
        );
        let uri = |kind: &str, uri: &str| refused(&format!(r#"{{"type":"{kind}","httpMethod":"POST","uri":"{uri}"}}"#));
        assert_eq!(uri("HTTP", "ftp://a"), "Invalid HTTP endpoint specified for URI");
        assert_eq!(uri("AWS", "http://a"), "Invalid ARN specified in the request");
        assert_eq!(
            uri("AWS", "arn:aws:apigateway:us-east-1:lambda:functions/x"),
            "AWS ARN for integration must contain path or action"
        );
        assert_eq!(
            uri("AWS_PROXY", "arn:aws:apigateway:us-east-1:sqs:action/SendMessage"),
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        );
        assert_eq!(
            refused(r#"{"type":"MOCK","requestParameters":{"integration.request.header.x":"true"}}"#),
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping \
             expression specified: true]"
        );
        assert_eq!(refused(r#"{"type":"MOCK","timeoutInMillis":49}"#), "Timeout should be between 50 ms and 29000 ms");
    }

    #[test]
    fn patches_change_what_they_name() {
        let integration = patched(&[
            operation(Op::Replace, "/uri", "https://b"),
            operation(Op::Replace, "/timeoutInMillis", "50"),
            operation(Op::Add, "/requestTemplates/application~1json", "{}"),
            operation(Op::Add, "/cacheKeyParameters/method.request.path.id", None),
            operation(Op::Replace, "/tlsConfig/insecureSkipVerification", "true"),
        ])
        .expect("an integration");
        assert_eq!((integration.uri.as_deref(), integration.timeout_millis), (Some("https://b"), 50));
        assert_eq!(integration.request_templates["application/json"].as_deref(), Some("{}"));
        assert_eq!(integration.cache_key_parameters, ["method.request.path.id"]);
        assert_eq!(integration.insecure_skip_verification, Some(true));
        assert!(patched(&[operation(Op::Replace, "/type", "MOCK")]).is_err());
    }
}
