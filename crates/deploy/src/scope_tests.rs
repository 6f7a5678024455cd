use serde_json::json;

use super::*;

const TEMPLATE: &str = "
Parameters:
  Stage: {Type: String, Default: dev}
  Names: {Type: CommaDelimitedList, Default: 'a,b,c'}
Mappings:
  Limits: {dev: {rate: 5}, prod: {rate: 500}}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Dev: !Not [!Condition Prod]
  Both: !And [!Condition Prod, !Condition Dev]
  Either: !Or [!Condition Prod, !Condition Dev]
Resources:
  Api: {Type: AWS::ApiGateway::RestApi}
";

fn scope() -> Scope {
    let template = Template::read(TEMPLATE).expect("a template");
    let exports = BTreeMap::from([("shared-role".to_owned(), "arn:role".to_owned())]);
    let place = Place { region: "eu-west-1".into(), account_id: "000000000000".into(), stack: "shop".into(), exports };
    let mut scope = Scope::new(&template, &BTreeMap::new(), place).expect("a scope");
    let attributes = BTreeMap::from([("RootResourceId".to_owned(), json!("root1"))]);
    scope.known.insert("Api".to_owned(), Known { reference: "api1".to_owned(), attributes });
    scope
}

fn resolved(text: &str) -> Option<Value> {
    let node = crate::document::read(text).expect("a document");
    scope().resolve(&node).expect("a value")
}

fn mistake(text: &str) -> String {
    let node = crate::document::read(text).expect("a document");
    scope().resolve(&node).expect_err("a mistake").to_string()
}

#[test]
fn intrinsic_functions_come_to_values() {
    for (text, value) in [
        ("!Ref Api", json!("api1")),
        ("!Ref Stage", json!("dev")),
        ("!Ref AWS::Region", json!("eu-west-1")),
        ("!GetAtt Api.RootResourceId", json!("root1")),
        ("!GetAtt [Api, RootResourceId]", json!("root1")),
        ("!Sub '${Api}/${AWS::StackName}/${Api.RootResourceId}/${!x}'", json!("api1/shop/root1/${x}")),
        ("!Sub ['${a}-${Stage}', {a: !Ref Api}]", json!("api1-dev")),
        ("!Join ['-', [a, !Ref Stage, 1]]", json!("a-dev-1")),
        ("!Select [1, !Split [',', 'a,b']]", json!("b")),
        ("!Select ['2', !Ref Names]", json!("c")),
        ("!If [Prod, 1, 2]", json!(2)),
        ("!FindInMap [Limits, !Ref Stage, rate]", json!(5)),
        ("!FindInMap [Limits, none, rate, {DefaultValue: 9}]", json!(9)),
        ("!ImportValue shared-role", json!("arn:role")),
        ("!Base64 pets", json!("cGV0cw==")),
        ("{a: !If [Prod, 1, !Ref AWS::NoValue], b: [!Ref AWS::NoValue, 2]}", json!({"b": [2]})),
        ("Fn::Join: ['', [Fn::Sub: 'x${Stage}', {Ref: Api}]]", json!("xdevapi1")),
        ("{Condition: {StringEquals: {a: b}}}", json!({"Condition": {"StringEquals": {"a": "b"}}})),
    ] {
        assert_eq!(resolved(text), Some(value), "{text}");
    }
    assert_eq!(resolved("!Ref AWS::NoValue"), None);
}

#[test]
fn conditions_are_judged() {
    let scope = scope();
    let holds = |name: &str| scope.holds(name, 0).expect("a condition");
    assert_eq!((holds("Prod"), holds("Dev"), holds("Both"), holds("Either")), (false, true, false, true));
}

#[test]
fn conditions_that_refer_to_each_other_are_a_mistake_and_not_an_end() {
    let template = Template::read(
        "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources: {X: {Type: AWS::IAM::Role}}",
    );
    let place = Place { region: "r".into(), account_id: "0".into(), stack: "s".into(), exports: BTreeMap::new() };
    assert!(Scope::new(&template.expect("a template"), &BTreeMap::new(), place).is_err());
}

#[test]
fn what_stands_for_nothing_is_named_with_its_line() {
    for (text, said) in [
        ("a: 1\nb:\n  !Ref Nope", "line 3: Nope is neither a parameter nor a resource of this template"),
        ("!GetAtt Api.Nope", "line 1: Api has no attribute Nope here"),
        ("!Sub '${Nope.Arn}'", "line 1: Nope is neither a parameter nor a resource of this template"),
        ("!If [Nope, 1, 2]", "line 1: there is no condition Nope"),
        ("!FindInMap [Limits, dev, burst]", "line 1: the mapping Limits → dev → burst is not there"),
        ("!ImportValue nope", "line 1: no stack exports nope"),
        ("!Select [3, [a]]", "line 1: Fn::Select takes item 3 of 1"),
        ("!Nope x", "line 1: Fn::Nope is no intrinsic function that works here"),
        ("'{{resolve:ssm:x}}'", "line 1: a dynamic reference ({{resolve:…}}) is not supported"),
    ] {
        assert_eq!(mistake(text), said, "{text}");
    }
}
