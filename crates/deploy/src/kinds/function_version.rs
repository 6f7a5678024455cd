//! AWS::Lambda::Version and AWS::Lambda::Alias. A function here has one version, the code that runs: both name it.

use serde_json::Value;

use crate::call::Call;
use crate::kind::{Kind, Noun, Source, Subject};
use crate::member::{Member, Shape, idle, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const VERSION_MEMBERS: &[Member] = &[
    idle("CodeSha256"),
    idle("Description"),
    member("FunctionName", Shape::Text).required(),
    idle("FunctionScalingConfig"),
    idle("ProvisionedConcurrencyConfig"),
    idle("RuntimePolicy"),
];

pub(crate) static VERSION: Kind = Kind {
    name: "AWS::Lambda::Version",
    members: VERSION_MEMBERS,
    attributes: &[("FunctionArn", Source::Id), ("Version", Source::Text("$LATEST"))],
    noun: &Latest,
};

const ALIAS_MEMBERS: &[Member] = &[
    idle("Description"),
    member("FunctionName", Shape::Text).required(),
    idle("FunctionVersion"),
    member("Name", Shape::Text).required(),
    idle("ProvisionedConcurrencyConfig"),
    idle("RoutingConfig"),
];

pub(crate) static ALIAS: Kind =
    Kind { name: "AWS::Lambda::Alias", members: ALIAS_MEMBERS, attributes: &[("AliasArn", Source::Id)], noun: &Latest };

struct Latest;

impl Noun for Latest {
    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        subject.body().map(|_| Vec::new())
    }

    /// The ARN of the version that runs, which is taken wherever one of another version would be.
    fn id(&self, subject: &Subject<'_>, _: &Value) -> String {
        let function = subject.text("FunctionName").unwrap_or_default();
        if function.starts_with("arn:") {
            return function;
        }
        format!("arn:aws:lambda:{}:{}:function:{function}", subject.place.region, subject.place.account_id)
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        Ok((!subject.difference(before)?.replaces).then(Vec::new))
    }

    fn delete(&self, _: &Entry, _: &[&Entry]) -> Vec<Call> {
        Vec::new()
    }
}
