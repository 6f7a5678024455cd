//! Account: settings of the whole Tollgate.

use serde::Serialize;
use tollgate_domain::{Account, Record};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::throttle::ThrottleWire;
use crate::write::Change;

const PATHS: Paths = Paths { add: &["/features"], replace: &["/cloudwatchRoleArn"], remove: &["/features"] };
/// No public source states what AWS answers; Moto's answer.
const API_KEY_VERSION: &str = "1";

/// The account on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cloudwatch_role_arn: Option<&'a str>,
    throttle_settings: ThrottleWire,
    features: [&'static str; 1],
    api_key_version: &'static str,
}

pub(crate) async fn get(control: &Control, _request: &Request) -> Reply {
    answer(control, &control.catalog().account)
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateAccountInput")?;
    let account = control
        .writer()
        .write(|catalog| {
            let account = patch::apply(&Account::clone(&catalog.account), &operations, run)?;
            Ok(Change::answering(account.clone()).put(Record::Account(account)))
        })
        .await?;
    answer(control, &account)
}

fn answer(control: &Control, account: &Account) -> Reply {
    Answer::json(&AccountWire {
        cloudwatch_role_arn: account.cloudwatch_role_arn.as_deref(),
        throttle_settings: ThrottleWire::from(control.config().account_throttle),
        features: ["UsagePlans"],
        api_key_version: API_KEY_VERSION,
    })
}

fn run(account: &mut Account, operation: &PatchOperation) -> Result<(), Failure> {
    match (operation.op, operation.path()) {
        // Empty clears: Terraform sends that for `reset_on_delete`, though its source remembers an AWS that refused it.
        (Op::Replace, "/cloudwatchRoleArn") => account.cloudwatch_role_arn = operation.text().map(role).transpose()?,
        (Op::Add, "/features") => {}
        (Op::Remove, "/features") => return Err(Conflict::FeatureStays.into()),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

/// An ARN of an IAM role: `arn:{partition}:iam::{account}:role/{name}`.
fn role(arn: String) -> Result<String, Conflict> {
    match *arn.split(':').collect::<Vec<_>>() {
        ["arn", _, "iam", "", _, role] if role.starts_with("role/") => Ok(arn),
        _ => Err(Conflict::BadRoleArn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::operation;

    #[test]
    fn a_role_has_an_arn() {
        let set = |arn: &'static str| {
            patch::apply(&Account::default(), &[operation(Op::Replace, "/cloudwatchRoleArn", arn)], run)
                .map(|account| account.cloudwatch_role_arn)
                .map_err(|failure| failure.to_string())
        };
        let arn = "arn:aws:iam::123456789012:role/logs";
        assert_eq!(set(arn), Ok(Some(arn.to_owned())));
        assert_eq!(set(""), Ok(None));
        assert_eq!(set("arn:aws:iam::1:user/x"), Err("The role ARN is not well formed".to_owned()));
    }
}
