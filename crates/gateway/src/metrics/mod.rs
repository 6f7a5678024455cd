//! Metrics: what became of calls and how long they took, for the operator. What a key used is counted by admission.
//!
//! Each thread counts for itself, so that calls on different threads share no cache line. Series outlive every snapshot,
//! by stable names, and are bounded: a stage and a plan have one each, and of methods so many are counted by name as the
//! operator allows.

mod count;
mod histogram;
mod outcomes;
mod series;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tollgate_domain::{GatewayResponseType, RestApiId, StageName, UsagePlanId};

use self::count::PerThread;
pub use self::histogram::Durations;
use self::outcomes::OutcomeCounts;
pub use self::outcomes::Outcomes;
use self::series::NameBudget;
pub use self::series::{MethodReading, PlanReading, StageReading};
pub(crate) use self::series::{MethodSeries, PlanSeries, StageSeries};

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    threads: usize,
    calls: PerThread<OutcomeCounts>,
    stages: Mutex<HashMap<(RestApiId, StageName), Arc<StageSeries>>>,
    plans: Mutex<HashMap<UsagePlanId, Arc<PlanSeries>>>,
    names: Arc<NameBudget>,
}

/// What is known of a call that was answered.
pub(crate) struct Answered<'a> {
    pub(crate) status: StatusCode,
    /// Why the gateway answered by itself, if it did.
    pub(crate) refused: Option<GatewayResponseType>,
    /// Where it led, as far as it got.
    pub(crate) stage: Option<&'a StageSeries>,
    pub(crate) method: Option<&'a MethodSeries>,
    /// The plan that it was made under, if its key covered the stage.
    pub(crate) plan: Option<&'a PlanSeries>,
    /// Whether it passed all limits.
    pub(crate) admitted: bool,
    pub(crate) latency: Duration,
    pub(crate) integration_latency: Option<Duration>,
}

impl Metrics {
    /// Counts of nothing, for so many threads; `names`: how many methods are counted by name.
    pub(crate) fn new(threads: usize, names: usize) -> Self {
        Self {
            threads,
            calls: PerThread::new(threads),
            stages: Mutex::default(),
            plans: Mutex::default(),
            names: NameBudget::new(names),
        }
    }

    /// The series of a stage. Only publishing asks; calls hold the series themselves.
    pub(crate) fn stage(&self, api: &RestApiId, stage: &StageName) -> Arc<StageSeries> {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || StageSeries::new(api.clone(), stage.clone(), Arc::clone(&self.names), self.threads);
        Arc::clone(stages.entry((api.clone(), stage.clone())).or_insert_with(|| Arc::new(new())))
    }

    /// The series of a plan. Only publishing asks.
    pub(crate) fn plan(&self, plan: UsagePlanId) -> Arc<PlanSeries> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(plans.entry(plan).or_insert_with(|| Arc::new(PlanSeries::new(self.threads))))
    }

    /// Forgets what is in no snapshot.
    pub(crate) fn tidy(&self) {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        stages.retain(|_, series| Arc::strong_count(series) > 1);
        stages.values().for_each(|series| series.tidy());
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, series| Arc::strong_count(series) > 1);
    }

    /// Counts one call on `thread`, which is the only one to name itself so.
    pub(crate) fn count(&self, thread: usize, call: &Answered<'_>) {
        self.count_unread(thread, call.status, call.refused);
        if let Some(tally) = call.stage.and_then(|stage| stage.tallies.of(thread)) {
            let named = call.method.and_then(|method| method.tally(thread));
            named.unwrap_or(&tally.other).count(call.status, call.refused);
            tally.latency.observe(call.latency);
            if let Some(latency) = call.integration_latency {
                tally.integration_latency.observe(latency);
            }
        }
        if let Some(tally) = call.plan.and_then(|plan| plan.tallies.of(thread)) {
            match call.refused {
                _ if call.admitted => tally.admitted.add(1),
                Some(GatewayResponseType::Throttled) => tally.throttled.add(1),
                Some(GatewayResponseType::QuotaExceeded) => tally.quota_exceeded.add(1),
                _ => {}
            }
        }
    }

    /// Counts an answer to something that could not be read as a call.
    pub(crate) fn count_unread(&self, thread: usize, status: StatusCode, refused: Option<GatewayResponseType>) {
        if let Some(calls) = self.calls.of(thread) {
            calls.count(status, refused);
        }
    }

    /// What became of all calls since the start.
    pub(crate) fn calls(&self) -> Outcomes {
        Outcomes::read(self.calls.iter())
    }

    /// All series, by name.
    pub(crate) fn read(&self) -> Reading {
        let stages: Vec<_> =
            self.stages.lock().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect();
        let mut stages: Vec<_> = stages.iter().map(|series| series.read()).collect();
        stages.sort_unstable_by(|a, b| (&a.api, &a.stage).cmp(&(&b.api, &b.stage)));
        let mut plans: Vec<_> = {
            let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
            plans.iter().map(|(id, series)| series.read(*id)).collect()
        };
        plans.sort_unstable_by_key(|plan| plan.plan);
        Reading { calls: self.calls(), stages, plans }
    }
}

/// What the gateway has counted since its start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// All calls, wherever they led.
    pub calls: Outcomes,
    /// By stage.
    pub stages: Vec<StageReading>,
    /// By usage plan.
    pub plans: Vec<PlanReading>,
}

#[cfg(test)]
mod tests {
    use tollgate_domain::HttpMethod;

    use super::*;

    fn answered<'a>(stage: &'a StageSeries, method: &'a MethodSeries) -> Answered<'a> {
        Answered {
            status: StatusCode::OK,
            refused: None,
            stage: Some(stage),
            method: Some(method),
            plan: None,
            admitted: true,
            latency: Duration::from_millis(2),
            integration_latency: Some(Duration::from_millis(1)),
        }
    }

    fn api() -> (RestApiId, StageName) {
        (RestApiId::new("a"), StageName::new("prod"))
    }

    #[test]
    fn a_stage_is_counted_on_from_one_snapshot_to_the_next() {
        let (metrics, (api, name)) = (Metrics::new(2, 10), api());
        let stage = metrics.stage(&api, &name);
        let method = stage.method(HttpMethod::Get, "/pets");
        metrics.count(0, &answered(&stage, &method));
        metrics.tidy();
        let again = metrics.stage(&api, &name);
        metrics.count(1, &answered(&again, &again.method(HttpMethod::Get, "/pets")));
        let read = metrics.read();
        assert_eq!(read.stages[0].methods[0].outcomes.by_class, [0, 2, 0, 0, 0]);
        assert_eq!((read.stages[0].latency.count(), read.stages[0].integration_latency.count()), (2, 2));
        drop((stage, method, again));
        metrics.tidy();
        assert_eq!((metrics.read().stages.len(), metrics.calls().answered()), (0, 2), "a total never goes back");
    }

    #[test]
    fn methods_beyond_the_number_of_names_share_one() {
        let (metrics, (api, name)) = (Metrics::new(1, 2), api());
        let stage = metrics.stage(&api, &name);
        let methods: Vec<_> = (0..5).map(|n| stage.method(HttpMethod::Get, &format!("/{n}"))).collect();
        methods.iter().for_each(|method| metrics.count(0, &answered(&stage, method)));
        let read = &metrics.read().stages[0];
        assert_eq!((read.methods.len(), read.other.answered()), (2, 3));
        drop(methods);
        metrics.tidy();
        let fresh = stage.method(HttpMethod::Get, "/fresh");
        metrics.count(0, &answered(&stage, &fresh));
        assert_eq!(metrics.read().stages[0].methods[0].path, "/fresh", "a name that is not used is free again");
    }

    #[test]
    fn a_plan_counts_what_its_calls_came_to() {
        let (metrics, (api, name)) = (Metrics::new(1, 2), api());
        let (stage, plan) = (metrics.stage(&api, &name), metrics.plan(UsagePlanId::parse("plan01").expect("an id")));
        let method = stage.method(HttpMethod::Get, "/");
        let refused =
            |kind| Answered { refused: Some(kind), plan: Some(&plan), admitted: false, ..answered(&stage, &method) };
        metrics.count(0, &Answered { plan: Some(&plan), ..answered(&stage, &method) });
        metrics.count(0, &refused(GatewayResponseType::Throttled));
        metrics.count(0, &refused(GatewayResponseType::QuotaExceeded));
        metrics.count(0, &refused(GatewayResponseType::Default5xx));
        // Admitted, and then refused by its integration.
        let late = Answered { admitted: true, ..refused(GatewayResponseType::IntegrationTimeout) };
        metrics.count(0, &late);
        let read = &metrics.read().plans[0];
        assert_eq!((read.admitted, read.throttled, read.quota_exceeded), (2, 1, 1));
    }
}
