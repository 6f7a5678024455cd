//! GetBusiest: the keys and plans with the most calls today, from the ledger.

use serde::Serialize;
use tollgate_store::StoreError;

use super::{key_names, plan_name};
use crate::Control;
use crate::answer::{Answer, Reply};
use crate::request::Request;

/// Keys and plans that are shown.
const SHOWN: u32 = 10;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BusyPlanWire {
    usage_plan_id: String,
    name: Option<String>,
    calls: u64,
    /// Keys that made them.
    keys: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BusyKeyWire {
    key_id: String,
    name: Option<String>,
    usage_plan_id: String,
    plan_name: Option<String>,
    calls: u64,
}

#[derive(Serialize)]
struct BusiestWire {
    /// The UTC day.
    day: String,
    plans: Vec<BusyPlanWire>,
    keys: Vec<BusyKeyWire>,
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    control.gate().settle().await?;
    let day = request.now().day();
    let work_out = async {
        let store = control.store();
        Ok::<_, StoreError>((store.busiest_plans(day, SHOWN).await?, store.busiest_keys(day, SHOWN).await?))
    };
    let (plans, keys) = control.paced().busiest.get(control.clock(), work_out).await?;
    let names = key_names(control, keys.iter().map(|busy| busy.key)).await?;
    let plans = plans.into_iter().map(|busy| BusyPlanWire {
        usage_plan_id: busy.plan.to_string(),
        name: plan_name(control, busy.plan),
        calls: busy.calls,
        keys: busy.keys,
    });
    let keys = keys.into_iter().map(|busy| BusyKeyWire {
        key_id: busy.key.to_string(),
        name: names.get(&busy.key).cloned(),
        usage_plan_id: busy.plan.to_string(),
        plan_name: plan_name(control, busy.plan),
        calls: busy.calls,
    });
    Answer::json(&BusiestWire { day: day.to_string(), plans: plans.collect(), keys: keys.collect() })
}
