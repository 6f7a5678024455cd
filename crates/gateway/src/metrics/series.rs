//! Series: what is counted of one stage, one method, one plan. Each has counts for every thread.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tollgate_domain::{HttpMethod, RestApiId, StageName, UsagePlanId};

use super::count::{Count, PerThread};
use super::histogram::{Durations, Histogram};
use super::outcomes::{OutcomeCounts, Outcomes};

/// How many methods may still be counted by name, so that no API makes the metrics grow without bound.
#[derive(Debug)]
pub(super) struct NameBudget(AtomicUsize);

impl NameBudget {
    pub(super) fn new(names: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(names)))
    }

    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    fn give_back(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What is counted of a stage, its canary included.
#[derive(Debug)]
pub(crate) struct StageSeries {
    pub(super) api: RestApiId,
    pub(super) stage: StageName,
    pub(super) tallies: PerThread<StageTally>,
    methods: Mutex<HashMap<(HttpMethod, String), Arc<MethodSeries>>>,
    names: Arc<NameBudget>,
    threads: usize,
}

/// A stage's counts on one thread.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct StageTally {
    /// Calls of methods that have no name in the metrics, or that no method was found for.
    pub(super) other: OutcomeCounts,
    pub(super) latency: Histogram,
    pub(super) integration_latency: Histogram,
}

/// What is counted of a method.
#[derive(Debug)]
pub(crate) struct MethodSeries {
    tallies: PerThread<MethodTally>,
    /// Whether it has a name in the metrics; decided at its first call.
    named: OnceLock<()>,
    names: Arc<NameBudget>,
}

#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct MethodTally(pub(super) OutcomeCounts);

/// What is counted of a usage plan.
#[derive(Debug)]
pub(crate) struct PlanSeries {
    pub(super) tallies: PerThread<PlanTally>,
}

#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct PlanTally {
    pub(super) admitted: Count,
    pub(super) throttled: Count,
    pub(super) quota_exceeded: Count,
}

impl StageSeries {
    pub(super) fn new(api: RestApiId, stage: StageName, names: Arc<NameBudget>, threads: usize) -> Self {
        Self { api, stage, tallies: PerThread::new(threads), methods: Mutex::default(), names, threads }
    }

    /// The series of a method.
    pub(crate) fn method(&self, verb: HttpMethod, path: &str) -> Arc<MethodSeries> {
        let mut methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || MethodSeries {
            tallies: PerThread::new(self.threads),
            named: OnceLock::new(),
            names: Arc::clone(&self.names),
        };
        Arc::clone(methods.entry((verb, path.to_owned())).or_insert_with(|| Arc::new(new())))
    }

    /// Forgets the methods that no snapshot has.
    pub(super) fn tidy(&self) {
        let mut methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        methods.retain(|_, series| Arc::strong_count(series) > 1);
    }

    pub(super) fn read(&self) -> StageReading {
        let methods: Vec<_> = {
            let methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
            methods.iter().map(|(name, series)| (name.clone(), Arc::clone(series))).collect()
        };
        let mut methods: Vec<_> = methods
            .into_iter()
            .map(|((verb, path), series)| MethodReading { verb, path, outcomes: series.read() })
            .filter(|method| method.outcomes.answered() > 0)
            .collect();
        methods.sort_unstable_by(|a, b| (&a.path, a.verb.as_str()).cmp(&(&b.path, b.verb.as_str())));
        StageReading {
            api: self.api.clone(),
            stage: self.stage.clone(),
            methods,
            other: Outcomes::read(self.tallies.iter().map(|tally| &tally.other)),
            latency: Durations::read(self.tallies.iter().map(|tally| &tally.latency)),
            integration_latency: Durations::read(self.tallies.iter().map(|tally| &tally.integration_latency)),
        }
    }
}

impl MethodSeries {
    /// The counts of a thread; `None` when so many methods are counted that this one has no name.
    pub(super) fn tally(&self, thread: usize) -> Option<&OutcomeCounts> {
        if let Some(tally) = self.tallies.made(thread) {
            return Some(&tally.0);
        }
        self.is_named().then(|| self.tallies.of(thread).map(|tally| &tally.0)).flatten()
    }

    /// Whether it has a name, or gets one now. Without one it asks again: others give theirs back.
    fn is_named(&self) -> bool {
        if self.named.get().is_none() {
            if !self.names.take() {
                return false;
            }
            if self.named.set(()).is_err() {
                // Another thread was faster.
                self.names.give_back();
            }
        }
        true
    }

    fn read(&self) -> Outcomes {
        Outcomes::read(self.tallies.iter().map(|tally| &tally.0))
    }
}

impl Drop for MethodSeries {
    fn drop(&mut self) {
        if self.named.get().is_some() {
            self.names.give_back();
        }
    }
}

impl PlanSeries {
    pub(super) fn new(threads: usize) -> Self {
        Self { tallies: PerThread::new(threads) }
    }

    pub(super) fn read(&self, plan: UsagePlanId) -> PlanReading {
        let sum = |count: fn(&PlanTally) -> &Count| self.tallies.iter().map(|tally| count(tally).read()).sum();
        PlanReading {
            plan,
            admitted: sum(|tally| &tally.admitted),
            throttled: sum(|tally| &tally.throttled),
            quota_exceeded: sum(|tally| &tally.quota_exceeded),
        }
    }
}

/// What was counted of a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct StageReading {
    /// The API.
    pub api: RestApiId,
    /// The stage.
    pub stage: StageName,
    /// The methods that were called.
    pub methods: Vec<MethodReading>,
    /// Calls that no method was found for, and those of methods beyond the number that is counted by name.
    pub other: Outcomes,
    /// From the head of a call to the head of its answer.
    pub latency: Durations,
    /// From sending a call to its integration to the head of the integration's answer.
    pub integration_latency: Durations,
}

/// What was counted of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodReading {
    /// The verb that the method was declared with.
    pub verb: HttpMethod,
    /// The path of its resource.
    pub path: String,
    /// What became of its calls.
    pub outcomes: Outcomes,
}

/// What was counted of a usage plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanReading {
    /// The plan.
    pub plan: UsagePlanId,
    /// Calls that its limits, and those of stage and account, let pass.
    pub admitted: u64,
    /// Calls refused by a throttle: the plan's, the stage's or the account's.
    pub throttled: u64,
    /// Calls refused by the plan's quota.
    pub quota_exceeded: u64,
}
