use serde_json::{Value, json};

use super::*;

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: nodejs20.x, Timeout: 5, Environment: {Variables: {A: a}}}
Resources:
  Shop:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      Cors: \"'*'\"
      Auth:
        ApiKeyRequired: true
        UsagePlan: {CreateUsagePlan: PER_API, Quota: {Limit: 5, Period: DAY}}
  Pets:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: index.handler
      Environment: {Variables: {B: b}}
      Events:
        List: {Type: Api, Properties: {Path: '/pets/{id}', Method: get, RestApiId: !Ref Shop}}
        Open: {Type: Api, Properties: {Path: /up, Method: ANY, RestApiId: !Ref Shop, Auth: {ApiKeyRequired: false}}}
Outputs:
  Stage: {Value: !Ref Shop.Stage}
";

fn transformed(text: &str) -> Value {
    transform(crate::document::read(text).expect("a document")).expect("transformed").value()
}

#[test]
fn functions_and_apis_become_what_aws_makes_of_them() {
    let template = transformed(TEMPLATE);
    let resources = &template["Resources"];
    assert_eq!(resources["Pets"]["Properties"]["Timeout"], 5);
    assert_eq!(resources["Pets"]["Properties"]["Environment"]["Variables"], json!({"A": "a", "B": "b"}));
    assert_eq!(resources["PetsRole"]["Type"], "AWS::IAM::Role");
    let paths = &resources["Shop"]["Properties"]["Body"]["paths"];
    assert_eq!(paths["/pets/{id}"]["get"]["security"], json!([{"api_key": []}]));
    assert_eq!(paths["/up"]["x-amazon-apigateway-any-method"].get("security"), None);
    assert!(paths["/up"]["options"].is_object());
    assert_eq!(resources["ShopUsagePlan"]["Properties"]["Quota"]["Limit"], 5);
    assert_eq!(resources["ShopUsagePlanKey"]["Properties"]["KeyId"], json!({"Ref": "ShopApiKey"}));
    assert_eq!(template["Outputs"]["Stage"]["Value"], json!({"Ref": "ShopdevStage"}));
}

#[test]
fn another_document_is_another_deployment() {
    let deployment = |text: &str| {
        let template = transformed(text);
        let resources = template["Resources"].as_object().expect("resources").clone();
        resources.keys().find(|id| id.starts_with("ShopDeployment")).cloned().expect("a deployment")
    };
    assert_eq!(deployment(TEMPLATE), deployment(TEMPLATE));
    assert_ne!(deployment(TEMPLATE), deployment(&TEMPLATE.replace("/up", "/down")));
}

#[test]
fn http_apis_and_other_events_are_named() {
    let said =
        |text: &str| transform(crate::document::read(text).expect("a document")).expect_err("refused").to_string();
    let queue = TEMPLATE.replace("Open: {Type: Api", "Open: {Type: SQS");
    assert_eq!(said(&queue), "line 14: Pets: the event Open of type SQS is not supported");
    let http = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Web:\n    Type: AWS::Serverless::HttpApi\n";
    assert!(said(http).contains("Web: an HTTP API (AWS::Serverless::HttpApi) is not supported"));
}
