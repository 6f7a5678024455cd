//! Bounds on a rendering, and the budget that enforces them.

use crate::error::Fault;

/// How much a rendering may do. The default is what a gateway can afford for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Iterations of one `#foreach`. Like Velocity's own bound, it ends the loop silently.
    pub max_iterations: usize,
    /// Units of work: a directive, an expression, a visited value, or a few hundred bytes looked at.
    pub max_steps: u64,
    /// Bytes of rendered text.
    pub max_output_bytes: usize,
    /// Bytes of all strings, lists and maps the template makes; what it lets go of still counts.
    pub max_memory_bytes: usize,
    /// Levels of directives, expressions and `#define` blocks within each other. More than 128 count as 128, for
    /// which a thread's usual stack suffices.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // AWS's published quota for one #foreach.
            max_iterations: 1_000,
            max_steps: 1_000_000,
            // The largest payload API Gateway carries.
            max_output_bytes: 10 * 1024 * 1024,
            max_memory_bytes: 64 * 1024 * 1024,
            max_depth: 100,
        }
    }
}

/// The deepest that any limits allow.
const MAX_DEPTH: usize = 128;

/// Bytes that can be looked at for one step.
const BYTES_PER_STEP: usize = 256;

/// What one rendering has spent of its limits.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    steps: u64,
    allocated: usize,
}

impl Budget {
    pub(crate) fn new(mut limits: Limits) -> Self {
        limits.max_depth = limits.max_depth.min(MAX_DEPTH);
        Self { limits, steps: 0, allocated: 0 }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Spends one step.
    pub(crate) fn step(&mut self) -> Result<(), Fault> {
        self.spend(1)
    }

    /// Spends the steps it takes to look at so many bytes.
    pub(crate) fn look_at(&mut self, bytes: usize) -> Result<(), Fault> {
        self.spend((bytes / BYTES_PER_STEP) as u64 + 1)
    }

    /// Spends one step for each of so many values.
    pub(crate) fn visit(&mut self, values: usize) -> Result<(), Fault> {
        self.spend(values as u64)
    }

    /// Accounts for bytes a value will keep.
    pub(crate) fn allocate(&mut self, bytes: usize) -> Result<(), Fault> {
        self.allocated = self.allocated.saturating_add(bytes);
        let max = self.limits.max_memory_bytes;
        if self.allocated > max { Err(Fault::MemoryExhausted { max }) } else { Ok(()) }
    }

    fn spend(&mut self, steps: u64) -> Result<(), Fault> {
        self.steps = self.steps.saturating_add(steps);
        let max = self.limits.max_steps;
        if self.steps > max { Err(Fault::TooManySteps { max }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_after_the_last_is_refused() {
        let mut budget = Budget::new(Limits { max_steps: 2, ..Limits::default() });
        assert_eq!((budget.step(), budget.step()), (Ok(()), Ok(())));
        assert_eq!(budget.step(), Err(Fault::TooManySteps { max: 2 }));
    }

    #[test]
    fn memory_is_never_given_back() {
        let mut budget = Budget::new(Limits { max_memory_bytes: 10, ..Limits::default() });
        assert_eq!(budget.allocate(10), Ok(()));
        assert_eq!(budget.allocate(1), Err(Fault::MemoryExhausted { max: 10 }));
    }
}
