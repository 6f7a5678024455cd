//! IssueApiKey: makes a key in a plan, in one commit, so that no key is left where the plan refuses it.

use tollgate_store::{KeyImport, KeyRow};

use super::OperatorRefusal;
use crate::Control;
use crate::answer::Reply;
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::request::Request;
use crate::resources::{api_key, usage_plan};

/// Takes the body of CreateApiKey, but for `value`, and answers as it does. Unlike there, the key is enabled unless the
/// body says otherwise.
pub(crate) async fn issue(control: &Control, request: &Request) -> Reply {
    let key = api_key::read(control, request, true)?;
    if request.body()?.string("value")?.is_some() {
        return Err(OperatorRefusal::ValueChosen.into());
    }
    let value = control.ids().api_key_value();
    let row = {
        let _turn = control.writer().turn().await?;
        let plan = usage_plan::find(&control.catalog(), request.usage_plan_id()?)?.id;
        let row = KeyImport { key, value, plans: vec![plan] };
        made(control, row).await?
    };
    api_key::answer_with_value(&row)
}

async fn made(control: &Control, row: KeyImport) -> Result<KeyRow, Failure> {
    let id = row.key.id;
    for caller in control.store().import_keys(vec![row]).await? {
        control.gate().put_key(&caller);
    }
    // Through another node it may be gone again.
    control.store().key(id).await?.ok_or_else(|| Conflict::NoSuchApiKey.into())
}
