//! Canary: a second deployment that takes a share of a stage's calls.
//!
//! Plans and stage settings hold for both together: counters are named by plan and key, buckets by API, stage, path and
//! verb, and the canary has the names of its stage.

use std::cell::RefCell;

use tollgate_domain::IdSource;

use crate::snapshot::Stage;

/// The canary of a stage.
#[derive(Debug)]
pub(crate) struct Canary {
    /// The share of calls that it takes, in percent.
    pub(crate) percent_traffic: f64,
    pub(crate) stage: Stage,
}

/// Throws for the calls of one thread.
#[derive(Debug)]
pub(crate) struct Dice(RefCell<fastrand::Rng>);

impl Dice {
    pub(crate) fn new(ids: &IdSource) -> Self {
        Self(RefCell::new(fastrand::Rng::with_seed(ids.word())))
    }

    /// The stage or its canary. A share of 0 is never chosen and one of 100 always, since a throw is below 100.
    pub(crate) fn choose<'a>(&self, stage: &'a Stage) -> &'a Stage {
        match &stage.canary {
            Some(canary) if self.throw() < canary.percent_traffic => &canary.stage,
            _ => stage,
        }
    }

    /// At least 0 and below 100.
    fn throw(&self) -> f64 {
        self.0.borrow_mut().f64() * 100.0
    }
}

/// The stage as its canary serves it: with a deployment of its own, if it has one, and variables that differ.
pub(crate) fn settings(stage: &tollgate_domain::Stage) -> Option<(f64, tollgate_domain::Stage)> {
    let canary = stage.canary_settings.as_ref()?;
    let mut changed = stage.clone();
    changed.variables.extend(canary.stage_variable_overrides.clone());
    if let Some(deployment) = &canary.deployment_id {
        changed.deployment_id = deployment.clone();
    }
    Some((canary.percent_traffic, changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_what_it_says() {
        let dice = Dice::new(&IdSource::seeded(3));
        let throws: Vec<f64> = (0..100_000).map(|_| dice.throw()).collect();
        assert!(throws.iter().all(|throw| (0.0..100.0).contains(throw)), "0 is never chosen, 100 always");
        for share in [0.5, 10.0, 50.0, 99.5] {
            let chosen = throws.iter().filter(|throw| **throw < share).count() as f64 / 1000.0;
            // Five standard deviations of the share in 100,000 throws are below 0.8 %.
            assert!((chosen - share).abs() < 0.8, "{chosen} % of the throws for a share of {share} %");
        }
    }
}
