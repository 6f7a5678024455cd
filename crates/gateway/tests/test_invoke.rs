//! Test invocations: a method answers as its API stands.

mod support;

use std::collections::BTreeMap;

use support::{Served, Upstream, catalog, config, http_proxy, integration, method, ok, soon};
use tollgate_domain::{
    Catalog, HttpMethod, IntegrationResponse, IntegrationType, Method, ResourceId, RestApiId, TestAnswer,
    TestInvocation, TestRefusal,
};

fn test_of(catalog: &Catalog, path: &str, path_and_query: Option<&str>) -> TestInvocation {
    TestInvocation {
        api: catalog.rest_apis[&RestApiId::new("api1")].clone(),
        resource: ResourceId::new(path),
        verb: HttpMethod::Get,
        path_and_query: path_and_query.map(str::to_owned),
        headers: vec![("X-Sent".to_owned(), "yes".to_owned())],
        body: String::new(),
        stage_variables: BTreeMap::new(),
    }
}

/// An API whose method wants a key, in front of an upstream; deployed nowhere that its test could see.
fn keyed(upstream: &Upstream, path: &str) -> Catalog {
    let mut keyed = method(http_proxy(upstream.uri("/{id}")));
    keyed.api_key_required = true;
    undeployed(path, keyed)
}

/// An API with one method, deployed nowhere.
fn undeployed(path: &str, method: Method) -> Catalog {
    let mut catalog = catalog(vec![(path, HttpMethod::Get, method)]);
    let id = RestApiId::new("api1");
    let mut tree = (*catalog.rest_apis[&id]).clone();
    tree.resources = tree.deployments.values().next().expect("a deployment").snapshot.resources.clone();
    (tree.deployments, tree.stages) = (BTreeMap::new(), BTreeMap::new());
    catalog.rest_apis.insert(id, tree.into());
    catalog
}

async fn invoke(served: &Served, test: TestInvocation) -> Result<TestAnswer, TestRefusal> {
    let gateway = served.gateway.clone();
    soon(tokio::task::spawn_blocking(move || gateway.test_invoke(&test))).await.expect("a thread")
}

#[tokio::test]
async fn a_method_answers_before_it_is_deployed_and_without_a_key() {
    let upstream = Upstream::answering(&ok("hello")).await;
    let catalog = keyed(&upstream, "/pets/{id}");
    let served = Served::start(config(), &catalog);
    let answer = invoke(&served, test_of(&catalog, "/pets/{id}", Some("/pets/7?a=b"))).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (200, "hello"));
    assert!(answer.headers.contains(&("Content-Type".to_owned(), "text/plain".to_owned())), "{:?}", answer.headers);
    let request = upstream.requests().concat();
    assert!(request.starts_with("GET /7?a=b HTTP/1.1\r\n") && request.contains("x-sent: yes"), "{request}");
    assert_eq!(served.gateway.metrics().calls.by_class, [0; 5], "tests are in no count");
}

#[tokio::test]
async fn the_log_tells_what_happened_in_the_words_of_aws() {
    let upstream = Upstream::answering(&ok("hello")).await;
    let catalog = keyed(&upstream, "/pets/{id}");
    let served = Served::start(config(), &catalog);
    let answer = invoke(&served, test_of(&catalog, "/pets/{id}", Some("/pets/7?a=b"))).await.expect("an answer");
    let (first, rest) = answer.log.split_once('\n').expect("lines");
    let id = first.strip_prefix("Execution log for request ").expect("the heading");
    let lines: Vec<&str> =
        rest.lines().map(|line| line.strip_prefix("Sun Nov 22 00:00:00 UTC 2026 : ").expect(line)).collect();
    for expected in [
        format!("Starting execution for request: {id}").as_str(),
        "HTTP Method: GET, Resource Path: /pets/7",
        "Method request path: {id=7}",
        "Method request query string: {a=b}",
        "Method request headers: {x-sent=yes}",
        "Method response body after transformations: hello",
        "Successfully completed execution",
    ] {
        assert!(lines.contains(&expected), "{expected:?} is missing in {lines:#?}");
    }
    assert_eq!(lines.last(), Some(&"Method completed with status: 200"));
}

#[tokio::test]
async fn a_path_that_nobody_may_send_is_refused() {
    let upstream = Upstream::answering(&ok("")).await;
    let catalog = keyed(&upstream, "/pets/{id}");
    let served = Served::start(config(), &catalog);
    for path in ["pets/7", "/pets/ 7", "/pets/..", "/pets/%2e%2e/7"] {
        let refused = invoke(&served, test_of(&catalog, "/pets/{id}", Some(path))).await;
        assert_eq!(refused, Err(TestRefusal::Unsendable), "{path}");
    }
    assert_eq!(upstream.connections(), 0);
}

/// An API whose MOCK method answers with its path variable.
fn mirror(path: &str) -> Catalog {
    let mut mock = integration(IntegrationType::Mock, None);
    let template = |text: &str| BTreeMap::from([("application/json".to_owned(), Some(text.to_owned()))]);
    mock.request_templates = template(r#"{"statusCode": 200}"#);
    let reply = IntegrationResponse { response_templates: Some(template("$input.params('id')")), ..Default::default() };
    mock.responses.insert("200".to_owned(), reply);
    undeployed(path, method(mock))
}

#[tokio::test]
async fn a_method_runs_wherever_the_path_leads() {
    let catalog = mirror("/pets/{id}");
    let served = Served::start(config(), &catalog);
    for (path, variables, answered) in [
        (Some("/pets/7"), "{id=7}", "7"),
        (Some("/toys/7"), "{}", ""),
        (Some("/"), "{}", ""),
        (None, "{id={id}}", "{id}"),
        (Some(""), "{id={id}}", "{id}"),
    ] {
        let answer = invoke(&served, test_of(&catalog, "/pets/{id}", path)).await.expect("an answer");
        assert_eq!((answer.status, answer.body.as_str()), (200, answered), "{path:?}");
        assert!(answer.log.contains(&format!("Method request path: {variables}\n")), "{}", answer.log);
    }
}

#[tokio::test]
async fn the_log_of_a_mock_is_that_of_aws_line_by_line() {
    let catalog = mirror("/pets/{id}");
    let served = Served::start(config(), &catalog);
    let answer = invoke(&served, test_of(&catalog, "/pets/{id}", Some("/pets/7?a=b"))).await.expect("an answer");
    let lines: Vec<&str> =
        answer.log.lines().map(|line| line.rsplit_once(" : ").map_or(line, |(_, text)| text)).collect();
    assert_eq!(
        lines[2..],
        [
            "HTTP Method: GET, Resource Path: /pets/7",
            "Method request path: {id=7}",
            "Method request query string: {a=b}",
            "Method request headers: {x-sent=yes}",
            "Method request body before transformations: ",
            "Method response body after transformations: 7",
            "Method response headers: {Content-Type=application/json}",
            "Successfully completed execution",
            "Method completed with status: 200",
        ]
    );
    assert_eq!(answer.headers, [("Content-Type".to_owned(), "application/json".to_owned())]);
}

#[tokio::test]
async fn a_method_that_fails_shows_the_answer_and_the_cause() {
    let upstream = Upstream::answering(&ok("")).await;
    let mut catalog = keyed(&upstream, "/pets");
    let id = RestApiId::new("api1");
    let mut tree = (*catalog.rest_apis[&id]).clone();
    let pets = tree.resources.values_mut().next().expect("a resource");
    let mut broken = (**pets).clone();
    broken.methods.get_mut(&HttpMethod::Get).expect("a method").integration = None;
    *pets = broken.into();
    catalog.rest_apis.insert(id, tree.into());
    let served = Served::start(config(), &catalog);
    let answer = invoke(&served, test_of(&catalog, "/pets", None)).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (500, r#"{"message":"Internal server error"}"#));
    assert_eq!(answer.headers, [("x-amzn-ErrorType".to_owned(), "InternalServerErrorException".to_owned())]);
    let lines: Vec<&str> = answer.log.lines().collect();
    let [.., cause, status] = lines.as_slice() else { panic!("{}", answer.log) };
    assert!(cause.contains(" : Execution failed due to configuration error: "), "{}", answer.log);
    assert!(status.ends_with(" : Method completed with status: 500"), "{}", answer.log);
}
