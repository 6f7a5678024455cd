//! AWS::ApiGateway::Account: the role that AWS writes logs with. There is one account, and removing this changes
//! nothing, as on AWS.

use serde_json::Value;

use crate::call::{Call, operation};
use crate::kind::{Kind, Noun, Source, Subject};
use crate::member::{Member, Shape, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const MEMBERS: &[Member] = &[member("CloudWatchRoleArn", Shape::Text).patched("/cloudwatchRoleArn")];

pub(crate) static KIND: Kind =
    Kind { name: "AWS::ApiGateway::Account", members: MEMBERS, attributes: &[("Id", Source::Id)], noun: &Account };

struct Account;

impl Noun for Account {
    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        subject.body()?;
        let role = subject.text("CloudWatchRoleArn");
        let operations = role.map(|role| operation("replace", "/cloudwatchRoleArn".to_owned(), Some(role)));
        Ok(Call::patch("/account".to_owned(), operations.into_iter().collect()).into_iter().collect())
    }

    fn id(&self, subject: &Subject<'_>, _: &Value) -> String {
        format!("{}-{}", subject.place.stack, subject.logical_id)
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        let operations = subject.difference(before)?.operations;
        Ok(Some(Call::patch("/account".to_owned(), operations).into_iter().collect()))
    }

    fn delete(&self, _: &Entry, _: &[&Entry]) -> Vec<Call> {
        Vec::new()
    }
}
