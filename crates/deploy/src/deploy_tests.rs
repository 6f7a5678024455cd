//! Deployments to a node that answers as Tollgate does, from memory.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::files::Files;
use crate::plan::Step;
use crate::scope::Place;
use crate::template::Template;

const TEMPLATE: &str = "
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: shop}}
  Pets: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: pets}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties: {RestApiId: !Ref Api, ResourceId: !Ref Pets, HttpMethod: GET, ApiKeyRequired: true, Integration: {Type: MOCK}}
  Deployment1: {Type: AWS::ApiGateway::Deployment, DependsOn: Get, Properties: {RestApiId: !Ref Api, StageName: dev}}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    DependsOn: Deployment1
    Properties: {UsagePlanName: gold, Quota: {Limit: 10, Period: DAY}, ApiStages: [{ApiId: !Ref Api, Stage: dev}]}
  Key1: {Type: AWS::ApiGateway::ApiKey, Properties: {Name: ann, Enabled: true}}
  Key2: {Type: AWS::ApiGateway::ApiKey, Properties: {Name: bob, Enabled: true}}
  In1: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Key1, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
  In2: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Key2, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
Outputs:
  ApiId: {Value: !Ref Api, Export: {Name: !Sub '${AWS::StackName}-api'}}
";

struct NoFiles;

impl Files for NoFiles {
    fn archive(&self, _: &Value, _: &str, _: &str) -> Result<(String, u64), String> {
        Err("there are no files".to_owned())
    }

    fn document(&self, _: &Value) -> Result<Value, String> {
        Err("there are no files".to_owned())
    }
}

/// Gives ids in order, and refuses what a test names.
#[derive(Default)]
struct Memory {
    calls: RefCell<Vec<String>>,
    kept: RefCell<Stack>,
    refuses: Option<&'static str>,
}

impl Node for Memory {
    async fn send(&self, call: &Call) -> Result<Value, Refusal> {
        let line = format!("{:?} {} {}", call.verb, call.path, call.body.clone().unwrap_or_default());
        if self.refuses.is_some_and(|refuses| line.contains(refuses)) {
            return Err(Refusal { status: 409, message: "409 ConflictException: no".to_owned() });
        }
        let mut calls = self.calls.borrow_mut();
        calls.push(line);
        let id = format!("id{}", calls.len());
        Ok(
            json!({ "id": id, "rootResourceId": "root", "stageName": call.body.as_ref().map(|body| body["stageName"].clone()) }),
        )
    }

    async fn save(&self, stack: &Stack) -> Result<(), Refusal> {
        *self.kept.borrow_mut() = stack.clone();
        Ok(())
    }

    fn tell(&self, _: &Progress<'_>) {}
}

impl Memory {
    fn refusing(refuses: &'static str) -> Self {
        Self { refuses: Some(refuses), ..Self::default() }
    }

    fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }
}

fn place() -> Place {
    Place { region: "r".into(), account_id: "0".into(), stack: "shop".into(), exports: BTreeMap::new() }
}

fn steps(text: &str, current: &Stack) -> Vec<Step> {
    let template = Template::read(text).expect("a template");
    let plan = Plan::new(&template, &BTreeMap::new(), place(), &NoFiles, current.clone()).expect("a plan");
    plan.steps().iter().filter(|step| step.change != Change::Keep).cloned().collect()
}

async fn deployed(text: &str, current: &Stack, node: &Memory) -> Result<Stack, Failed> {
    let template = Template::read(text).expect("a template");
    let plan = Plan::new(&template, &BTreeMap::new(), place(), &NoFiles, current.clone()).expect("a plan");
    deploy(&plan, node).await
}

async fn stack() -> Stack {
    deployed(TEMPLATE, &Stack::default(), &Memory::default()).await.expect("deployed")
}

fn mistakes(text: &str) -> Vec<String> {
    let told = |mistake: crate::Mistake| mistake.to_string();
    let template = match Template::read(text) {
        Ok(template) => template,
        Err(mistake) => return vec![told(mistake)],
    };
    let plan = Plan::new(&template, &BTreeMap::new(), place(), &NoFiles, Stack::default());
    plan.err().unwrap_or_default().into_iter().map(told).collect()
}

#[tokio::test]
async fn everything_is_made_after_what_it_names() {
    let node = Memory::default();
    let stack = deployed(TEMPLATE, &Stack::default(), &node).await.expect("deployed");
    let calls = node.calls();
    let at = |what: &str| calls.iter().position(|call| call.starts_with(what)).expect(what);
    assert!(at("Post /restapis ") < at("Post /restapis/id1/resources/root "));
    assert!(at("Put /restapis/id1/resources/id2/methods/GET ") < at("Post /restapis/id1/deployments "));
    assert!(at("Post /restapis/id1/deployments ") < at("Post /usageplans "));
    assert_eq!(stack.outputs["ApiId"], crate::OutputValue { value: "id1".into(), export: Some("shop-api".into()) });
    assert_eq!((stack.status, &stack), (Status::Complete, &*node.kept.borrow()));
}

#[tokio::test]
async fn what_does_not_differ_is_left_alone() {
    let (stack, node) = (stack().await, Memory::default());
    assert!(steps(TEMPLATE, &stack).is_empty());
    assert_eq!(deployed(TEMPLATE, &stack, &node).await.expect("deployed"), stack);
    assert_eq!(node.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_change_is_a_patch_and_ids_stay() {
    let (stack, node) = (stack().await, Memory::default());
    let changed = TEMPLATE.replace("Limit: 10", "Limit: 20");
    assert_eq!(steps(&changed, &stack)[0].change, Change::Update(vec!["Quota".to_owned()]));
    let after = deployed(&changed, &stack, &node).await.expect("deployed");
    let plan = &stack.resources["Plan"].physical_id;
    let patch = json!({"patchOperations": [{"op": "replace", "path": "/quota/limit", "value": "20"}]});
    assert_eq!(node.calls(), [format!("Patch /usageplans/{plan} {patch}")]);
    assert_eq!(&after.resources["Plan"].physical_id, plan);
}

#[tokio::test]
async fn a_key_that_moves_up_is_the_same_key() {
    let (stack, node) = (stack().await, Memory::default());
    // As tools do that number keys: the first is gone, and the second has its logical id.
    let ann =
        TEMPLATE.lines().filter(|line| !line.trim_start().starts_with("Key2") && !line.trim_start().starts_with("In2"));
    let without_ann = ann.collect::<Vec<_>>().join("\n").replace("Name: ann", "Name: bob");
    let after = deployed(&without_ann, &stack, &node).await.expect("deployed");
    let (bob, ann) = (&stack.resources["Key2"].physical_id, &stack.resources["Key1"].physical_id);
    assert_eq!(&after.resources["Key1"].physical_id, bob);
    let plan = &stack.resources["Plan"].physical_id;
    assert_eq!(
        node.calls(),
        [format!("Delete /usageplans/{plan}/keys/{ann} null"), format!("Delete /apikeys/{ann} null")]
    );
}

#[tokio::test]
async fn a_new_deployment_takes_the_stage_over() {
    let (stack, node) = (stack().await, Memory::default());
    let next = TEMPLATE.replace("Deployment1", "Deployment2");
    let after = deployed(&next, &stack, &node).await.expect("deployed");
    let calls = node.calls();
    assert!(calls[0].starts_with("Post /restapis/id1/deployments"), "{calls:?}");
    assert!(calls.iter().all(|call| !call.starts_with("Delete /restapis/id1/stages")), "{calls:?}");
    let old = &stack.resources["Deployment1"].physical_id;
    assert_eq!(calls.last(), Some(&format!("Delete /restapis/id1/deployments/{old} null")));
    assert!(!after.resources.contains_key("Deployment1"));
}

#[tokio::test]
async fn a_step_that_fails_takes_the_others_back() {
    let (stack, node) = (stack().await, Memory::refusing("\"name\":\"eve\""));
    let changed = TEMPLATE.replace("Limit: 10", "Limit: 20").replace(
        "Outputs:",
        "  Zoo: {Type: AWS::ApiGateway::ApiKey, DependsOn: Plan, Properties: {Name: zoo}}\n  \
         Eve: {Type: AWS::ApiGateway::ApiKey, DependsOn: Zoo, Properties: {Name: eve}}\nOutputs:",
    );
    let failed = deployed(&changed, &stack, &node).await.expect_err("refused");
    let cause = "409 ConflictException: no".to_owned();
    assert_eq!(failed, Failed::RolledBack { logical_id: "Eve".to_owned(), cause });
    let calls = node.calls();
    assert!(calls[0].contains("\"20\"") && calls[1].contains("zoo"), "{calls:?}");
    assert!(calls[2].starts_with("Delete /apikeys/id2") && calls[3].contains("\"10\""), "{calls:?}");
    assert_eq!(*node.kept.borrow(), Stack { status: Status::RolledBack, ..stack });
}

#[tokio::test]
async fn what_cannot_be_taken_back_is_told_and_remembered() {
    let node = Memory::refusing("Delete /restapis/id1 ");
    let bad = TEMPLATE.replace("PathPart: pets", "PathPart: 'Delete /restapis/id1 '");
    let failed = deployed(&bad, &Stack::default(), &node).await.expect_err("refused");
    assert!(matches!(&failed, Failed::Stuck { left, .. } if left[0].starts_with("Api: ")), "{failed}");
    let kept = node.kept.borrow().clone();
    assert_eq!((kept.status, kept.leftovers.len()), (Status::Failed, 1));
    // The next deployment goes on with it.
    let again = Memory::default();
    let after = deployed(TEMPLATE, &kept, &again).await.expect("deployed");
    assert_eq!((after.resources["Api"].physical_id.as_str(), after.leftovers.len()), ("id1", 0));
}

#[tokio::test]
async fn deleting_leaves_nothing_but_what_is_retained() {
    let retained = TEMPLATE.replace("Key2: {Type", "Key2: {DeletionPolicy: Retain, Type");
    let stack = deployed(&retained, &Stack::default(), &Memory::default()).await.expect("deployed");
    let node = Memory::default();
    delete(stack.clone(), &node).await.expect("deleted");
    let calls = node.calls();
    assert_eq!(calls.last(), Some(&"Delete /restapis/id1 null".to_owned()));
    assert!(calls.contains(&"Delete /restapis/id1/stages/dev null".to_owned()));
    assert!(!calls.contains(&format!("Delete /apikeys/{} null", stack.resources["Key2"].physical_id)));
    assert!(node.kept.borrow().resources.is_empty());
}

#[tokio::test]
async fn a_deployment_that_is_cut_off_is_gone_on_with() {
    struct CutOff(Memory);
    impl Node for CutOff {
        async fn send(&self, call: &Call) -> Result<Value, Refusal> {
            // From then on nothing is heard of the node, so nothing can be taken back either.
            let cut = self.0.calls.borrow().iter().any(|call| call.contains("/usageplans"));
            if cut { Err(Refusal { status: 0, message: "cut".to_owned() }) } else { self.0.send(call).await }
        }
        async fn save(&self, stack: &Stack) -> Result<(), Refusal> {
            match stack.status {
                Status::InProgress => self.0.save(stack).await,
                _ => Err(Refusal { status: 0, message: "cut".to_owned() }),
            }
        }
        fn tell(&self, _: &Progress<'_>) {}
    }
    let node = CutOff(Memory::default());
    let template = Template::read(TEMPLATE).expect("a template");
    let plan = Plan::new(&template, &BTreeMap::new(), place(), &NoFiles, Stack::default()).expect("a plan");
    deploy(&plan, &node).await.expect_err("cut off");
    let kept = node.0.kept.borrow().clone();
    let again = Memory::default();
    let after = deployed(TEMPLATE, &kept, &again).await.expect("deployed");
    assert_eq!(after.resources["Api"].physical_id, "id1");
    assert!(!again.calls().iter().any(|call| call.starts_with("Post /restapis ")), "{:?}", again.calls());
}

#[test]
fn what_is_wrong_is_told_before_a_thing_is_done() {
    let said = |from: &str, to: &str| mistakes(&TEMPLATE.replace(from, to));
    assert_eq!(
        said("Key1: {Type: AWS::ApiGateway::ApiKey", "Key1: {Type: AWS::SQS::Queue"),
        ["line 13: Key1: resources of type AWS::SQS::Queue are not supported"]
    );
    assert_eq!(
        said("ResourceId: !Ref Pets", "ResourceId: !Ref Dogs"),
        ["line 7: Get: Dogs is neither a parameter nor a resource of this template"]
    );
    assert_eq!(
        said("Properties: {Name: shop}", "Properties: {Name: shop}, DependsOn: Get"),
        ["line 3: these wait for one another: Api → Get → Api"]
    );
    assert_eq!(said("GetAtt Api.RootResourceId", "GetAtt Api.Nope"), ["line 4: Pets: Api has no attribute Nope here"]);
    assert_eq!(
        said("Quota: {Limit: 10", "Quota: {Limt: 10"),
        ["line 12: Plan: AWS::ApiGateway::UsagePlan has no property Quota.Limt"]
    );
    let value = "Enabled: true, Value: aaaaaaaaaaaaaaaaaaaa";
    assert_eq!(
        said("Enabled: true", value),
        ["line 14: Key2: what tells it apart (its value, name or path) is the same as that of Key1"]
    );
    assert_eq!(said("Resources:", "Resources:\nOther: 1").len(), 1);
    assert_eq!(
        said("Properties: {Name: shop}", "Properties: {Name: !Ref Nobody}"),
        ["line 3: Api: Nobody is neither a parameter nor a resource of this template"]
    );
    let one = mistakes(&format!("{TEMPLATE}\n---\nResources: {{}}\n"));
    assert!(one[0].ends_with("a second document in one file is not supported"), "{one:?}");
}
