//! AWS::ApiGateway::Method with its integration and its responses. A change puts all of it anew: what callers are
//! answered by is a deployment, which is made after it.

use serde_json::{Value, json};

use crate::call::{Call, Verb, path, segment};
use crate::document::Members;
use crate::kind::{Kind, Noun, Subject};
use crate::member::{Change, Member, Shape, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const PATH: &str = "/restapis/{RestApiId}/resources/{ResourceId}/methods/{HttpMethod}";

const INTEGRATION_RESPONSE: &[Member] = &[
    member("ContentHandling", Shape::Text),
    member("ResponseParameters", Shape::TextMap),
    member("ResponseTemplates", Shape::TextMap),
    member("SelectionPattern", Shape::Text),
    member("StatusCode", Shape::Text).required(),
];

const INTEGRATION: &[Member] = &[
    member("CacheKeyParameters", Shape::Texts),
    member("CacheNamespace", Shape::Text),
    member("ConnectionId", Shape::Text),
    member("ConnectionType", Shape::Text),
    member("ContentHandling", Shape::Text),
    member("Credentials", Shape::Text),
    member("IntegrationHttpMethod", Shape::Text).wire("httpMethod"),
    member("IntegrationResponses", Shape::Objects(INTEGRATION_RESPONSE)),
    member("IntegrationTarget", Shape::Text),
    member("PassthroughBehavior", Shape::Text),
    member("RequestParameters", Shape::TextMap),
    member("RequestTemplates", Shape::TextMap),
    member("ResponseTransferMode", Shape::Text),
    member("TimeoutInMillis", Shape::Integer),
    member("Type", Shape::Text).required(),
    member("Uri", Shape::Text),
];

const METHOD_RESPONSE: &[Member] = &[
    member("ResponseModels", Shape::TextMap),
    member("ResponseParameters", Shape::FlagMap),
    member("StatusCode", Shape::Text).required(),
];

const MEMBERS: &[Member] = &[
    member("ApiKeyRequired", Shape::Flag).changing(Change::Own),
    member("AuthorizationScopes", Shape::Texts).changing(Change::Own),
    member("AuthorizationType", Shape::Text).changing(Change::Own),
    member("AuthorizerId", Shape::Text).changing(Change::Own),
    member("HttpMethod", Shape::Text).required().apart(),
    member("Integration", Shape::Object(INTEGRATION)).apart().changing(Change::Own),
    member("MethodResponses", Shape::Objects(METHOD_RESPONSE)).apart().changing(Change::Own),
    member("OperationName", Shape::Text).changing(Change::Own),
    member("RequestModels", Shape::TextMap).changing(Change::Own),
    member("RequestParameters", Shape::FlagMap).changing(Change::Own),
    member("RequestValidatorId", Shape::Text).changing(Change::Own),
    member("ResourceId", Shape::Text).required().apart(),
    member("RestApiId", Shape::Text).required().apart(),
];

pub(crate) static KIND: Kind =
    Kind { name: "AWS::ApiGateway::Method", members: MEMBERS, attributes: &[], noun: &Method };

struct Method;

impl Noun for Method {
    fn identity(&self, subject: &Subject<'_>) -> Option<String> {
        let text = |name| subject.text(name);
        Some(format!("{} {} {}", text("RestApiId")?, text("ResourceId")?, text("HttpMethod")?))
    }

    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let path = path(PATH, subject.properties, None);
        let mut body = subject.body()?;
        body.entry("authorizationType").or_insert_with(|| json!("NONE"));
        let mut calls = vec![Call::new(Verb::Put, path.clone(), Value::Object(body))];
        let responses = subject.value("MethodResponses")?;
        calls.extend(response_calls(&path, responses));
        if let Some(Value::Object(mut integration)) = subject.value("Integration")? {
            let responses = integration.remove("integrationResponses");
            let path = format!("{path}/integration");
            calls.push(Call::new(Verb::Put, path.clone(), Value::Object(integration)));
            calls.extend(response_calls(&path, responses));
        }
        Ok(calls)
    }

    fn id(&self, subject: &Subject<'_>, _: &Value) -> String {
        self.identity(subject).unwrap_or_default().replace(' ', "|")
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        let difference = subject.difference(before)?;
        if difference.replaces {
            return Ok(None);
        }
        if difference.own.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let mut calls = self.delete(before, &[]);
        calls.extend(self.create(subject)?);
        Ok(Some(calls))
    }

    fn delete(&self, entry: &Entry, _: &[&Entry]) -> Vec<Call> {
        vec![Call::delete(path(PATH, &entry.properties, None))]
    }
}

/// Puts responses, each under its status code.
fn response_calls(path: &str, responses: Option<Value>) -> Vec<Call> {
    let responses = match responses {
        Some(Value::Array(responses)) => responses,
        _ => Vec::new(),
    };
    let call = |response: Value| {
        let mut body: Members = response.as_object().cloned()?;
        let status = body.remove("statusCode")?;
        let path = format!("{path}/responses/{}", segment(status.as_str()?));
        Some(Call::new(Verb::Put, path, Value::Object(body)))
    };
    responses.into_iter().filter_map(call).collect()
}
