//! Short names of plans, which entries of millions of keys have room for.

use std::sync::{Mutex, OnceLock, PoisonError};

use foldhash::fast::RandomState;
use tollgate_domain::UsagePlanId;

use super::chunks::Chunks;

/// Names a plan for as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PlanTag(pub(super) u32);

impl PlanTag {
    /// No plan.
    pub(super) const NONE: Self = Self(0);
    /// More than one.
    pub(super) const SEVERAL: Self = Self(u32::MAX);
}

/// Plans by tag, and tags by plan. Neither ever changes, so plans that are gone keep theirs.
#[derive(Debug)]
pub(super) struct PlanNames {
    plans: Chunks<OnceLock<UsagePlanId>, 6, 12>,
    tags: papaya::HashMap<UsagePlanId, PlanTag, RandomState>,
    last: Mutex<u32>,
}

impl PlanNames {
    pub(super) fn new() -> Self {
        Self { plans: Chunks::new(), tags: papaya::HashMap::default(), last: Mutex::new(0) }
    }

    /// The plan of a tag; `None` when it is that of none or of several.
    pub(super) fn plan(&self, tag: PlanTag) -> Option<UsagePlanId> {
        self.plans.get(tag.0)?.get().copied()
    }

    /// The tag of a plan, if it has one.
    pub(super) fn tag(&self, plan: UsagePlanId) -> Option<PlanTag> {
        self.tags.pin().get(&plan).copied()
    }

    /// The tag of a plan, which gets one if it has none. `None` when there is no room for so many.
    pub(super) fn tag_or_make(&self, plan: UsagePlanId) -> Option<PlanTag> {
        if let Some(tag) = self.tag(plan) {
            return Some(tag);
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tag) = self.tag(plan) {
            return Some(tag);
        }
        let tag = PlanTag(*last + 1);
        self.plans.get_or_make(tag.0)?.get_or_init(|| plan);
        *last = tag.0;
        self.tags.pin().insert(plan, tag);
        Some(tag)
    }
}
