//! IssueApiKey: makes a key in a plan, in one commit, so that no key is left where the plan refuses it.

use tollgate_store::{CallerRow, KeyImport, StoreError};

use super::OperatorRefusal;
use crate::Control;
use crate::answer::Reply;
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
    let _turn = control.writer().turn().await?;
    let plan = usage_plan::find(&control.catalog(), request.usage_plan_id()?)?.id;
    let put = control.store().put_keys(vec![KeyImport { key, value, plans: vec![plan] }], false).await?;
    // Its id and its value are new, so that nothing is in its way.
    let row = put.into_iter().find_map(|put| put.row).ok_or(StoreError::Closed)?;
    control.gate().put_key(&CallerRow::from(&row));
    api_key::answer_with_value(&row)
}
