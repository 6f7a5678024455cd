//! IssueApiKey: makes a key in a plan, in one commit, so that no key is left where the plan refuses it.

use tollgate_store::{CallerRow, KeyImport, KeyRow};

use super::OperatorRefusal;
use crate::Control;
use crate::answer::Reply;
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
    let (key, value) = (row.key.clone(), row.value.clone());
    let caller = control.store().import_keys(vec![row]).await?.pop().expect("an import answers with each of its rows");
    control.gate().put_key(&caller);
    let CallerRow { digest, hint, plans, .. } = caller;
    // Nobody asks for its place in the order of creation.
    Ok(KeyRow { seq: 0, key, value, digest, hint, plans })
}
