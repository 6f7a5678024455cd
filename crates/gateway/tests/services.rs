//! AWS with services: signed requests to the endpoints that the operator set, and the management API beside us.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use support::{Served, Upstream, catalog, config, integration, method, ok};
use tollgate_domain::{HttpMethod, Integration, IntegrationResponse, IntegrationType};
use tollgate_gateway::{Answering, GatewayConfig, Management, Peers, ServiceCredentials};

fn service(uri: &str) -> Integration {
    let mut service = integration(IntegrationType::Aws, Some(uri.to_owned()));
    service.http_method = Some("POST".to_owned());
    service.responses = BTreeMap::from([("200".to_owned(), IntegrationResponse::default())]);
    service
}

fn serve(integration: Integration, upstream: &Upstream, peers: Peers) -> Served {
    let endpoints = ["s3", "sqs", "dynamodb"].map(|service| (service.to_owned(), upstream.uri("")));
    let config = GatewayConfig {
        service_endpoints: BTreeMap::from(endpoints),
        service_credentials: Some(ServiceCredentials {
            access_key_id: "AKEXAMPLE".to_owned(),
            secret_access_key: "secret".to_owned(),
        }),
        ..config()
    };
    Served::start_with(config, &catalog(vec![("/a", HttpMethod::Any, method(integration))]), peers)
}

#[tokio::test]
async fn a_service_gets_a_signed_request() {
    let upstream = Upstream::answering(&ok("done")).await;
    for (uri, line, target) in [
        ("arn:aws:apigateway:eu-west-1:s3:path/bucket/key", "POST /bucket/key HTTP/1.1\r\n", None),
        ("arn:aws:apigateway:eu-west-1:sqs:action/SendMessage&V=1", "POST /?Action=SendMessage&V=1 HTTP/1.1\r\n", None),
        (
            "arn:aws:apigateway:eu-west-1:dynamodb:action/PutItem",
            "POST / HTTP/1.1\r\n",
            Some("DynamoDB_20120810.PutItem"),
        ),
    ] {
        let answer = serve(service(uri), &upstream, Peers::default()).call("POST", "/a", "", "{}").await;
        assert_eq!((answer.status(), answer.body()), (200, "done"), "{uri}");
        let requests = upstream.requests();
        let request = requests.last().expect("a request");
        assert!(request.starts_with(line), "{request}");
        assert!(
            request.contains("authorization: AWS4-HMAC-SHA256 Credential=AKEXAMPLE/20261122/eu-west-1/"),
            "{request}"
        );
        assert!(request.contains("x-amz-date: 20261122T000000Z"), "{request}");
        assert_eq!(target.is_some(), request.contains("x-amz-target: "), "{request}");
        assert!(request.contains(target.unwrap_or_default()), "{request}");
    }
}

#[tokio::test]
async fn a_service_without_an_endpoint_is_a_500() {
    let upstream = Upstream::answering(&ok("")).await;
    let elsewhere = service("arn:aws:apigateway:eu-west-1:sns:action/Publish");
    assert_eq!(serve(elsewhere, &upstream, Peers::default()).get("/a").await.status(), 500);
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn what_a_signed_request_says_of_itself_cannot_be_mapped() {
    let upstream = Upstream::answering(&ok("")).await;
    for (header, status) in [("authorization", 500), ("Connection", 500), ("TE", 500), ("X-Mine", 200)] {
        let mut integration = service("arn:aws:apigateway:eu-west-1:sqs:path/queue");
        let parameter = format!("integration.request.header.{header}");
        integration.request_parameters.insert(parameter, "'x'".to_owned());
        let answer = serve(integration, &upstream, Peers::default()).get("/a").await;
        assert_eq!(answer.status(), status, "{header}");
    }
}

#[derive(Debug, Default)]
struct Operator(Mutex<Vec<String>>);

impl Management for Operator {
    fn answer(&self, request: Request<Bytes>) -> Answering<Response<Bytes>> {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        self.0.lock().expect("unpoisoned").push(format!("{} {} {body}", request.method(), request.uri()));
        Box::pin(async { Response::new(Bytes::from_static(b"{\"id\":\"k\"}")) })
    }
}

#[tokio::test]
async fn the_service_apigateway_is_answered_within_the_process() {
    let upstream = Upstream::answering(&ok("")).await;
    let operator = Arc::new(Operator::default());
    let peers = Peers { management: Some(operator.clone()), ..Peers::default() };
    let mut create = service("arn:aws:apigateway:us-east-1:apigateway:path/apikeys?mode=x");
    create.request_templates.insert("application/json".to_owned(), Some("{\"name\": $input.json('$.n')}".to_owned()));
    let answer = serve(create, &upstream, peers).call("POST", "/a", "", r#"{"n": "joe"}"#).await;
    assert_eq!((answer.status(), answer.body()), (200, r#"{"id":"k"}"#));
    assert_eq!(*operator.0.lock().expect("unpoisoned"), [r#"POST /apikeys?mode=x {"name": "joe"}"#]);
}
