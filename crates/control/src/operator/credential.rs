//! Credentials: access key pairs for people and programs that may do less than the administrator.

use serde::Serialize;
use tollgate_domain::{Role, UsagePlanId};
use tollgate_store::Credential;

use super::OperatorRefusal;
use crate::Control;
use crate::answer::{Answer, Reply};
use crate::credentials::Pair;
use crate::error::Failure;
use crate::json::Members;
use crate::request::Request;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CredentialWire<'a> {
    access_key_id: &'a str,
    /// Shown when it is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_access_key: Option<&'a str>,
    role: &'static str,
    usage_plan_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    /// Seconds since 1970, as AWS's dates are.
    created_date: i64,
}

#[derive(Serialize)]
struct CredentialsWire<'a> {
    item: Vec<CredentialWire<'a>>,
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let body = request.body()?;
    let credential = Credential {
        // AWS's forms: clients and people recognise them.
        access_key_id: format!("AKIA{}", control.ids().lower_alnum(16).to_uppercase()),
        secret_access_key: control.ids().api_key_value(),
        role: read_role(control, &body)?,
        description: body.string("description")?,
        created: request.now(),
    };
    let _showing = control.writer().showing().await;
    control.store().create_credential(credential.clone()).await?;
    let pair = Pair { secret: credential.secret_access_key.clone(), role: credential.role.clone() };
    control.credentials().put(credential.access_key_id.clone(), pair);
    Answer::json(&wire(&credential, true))
}

pub(crate) async fn list(control: &Control, _: &Request) -> Reply {
    let kept = control.store().credentials().await?;
    Answer::json(&CredentialsWire { item: kept.iter().map(|credential| wire(credential, false)).collect() })
}

/// Deletes a pair. Its sessions of the console end with it.
pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let id = request.label("access_key_id");
    let _showing = control.writer().showing().await;
    if !control.store().delete_credential(id.to_owned()).await? {
        return Err(OperatorRefusal::NoSuchCredential.into());
    }
    control.credentials().remove(id);
    Ok(Answer::Empty)
}

fn read_role(control: &Control, body: &Members) -> Result<Role, Failure> {
    let role = body.string("role")?;
    match role.as_deref() {
        Some("admin") => Ok(Role::Admin),
        Some("read-only") => Ok(Role::ReadOnly),
        Some("key-issuer") => {
            let ids = body.strings("usagePlanIds")?.unwrap_or_default();
            let plans: Vec<_> = ids.iter().map(|id| existing_plan(control, id)).collect::<Result<_, _>>()?;
            if plans.is_empty() { Err(OperatorRefusal::NoPlans.into()) } else { Ok(Role::KeyIssuer { plans }) }
        }
        _ => Err(OperatorRefusal::BadRole.into()),
    }
}

fn existing_plan(control: &Control, id: &str) -> Result<UsagePlanId, OperatorRefusal> {
    let known = UsagePlanId::parse(id).ok().filter(|plan| control.catalog().usage_plans.contains_key(plan));
    known.ok_or_else(|| OperatorRefusal::NoSuchPlan(id.to_owned()))
}

fn wire(credential: &Credential, with_secret: bool) -> CredentialWire<'_> {
    CredentialWire {
        access_key_id: &credential.access_key_id,
        secret_access_key: with_secret.then_some(credential.secret_access_key.as_str()),
        role: credential.role.as_str(),
        usage_plan_ids: credential.role.plans().iter().map(ToString::to_string).collect(),
        description: credential.description.as_deref(),
        created_date: credential.created.seconds(),
    }
}
