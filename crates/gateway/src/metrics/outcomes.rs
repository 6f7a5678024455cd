//! What became of calls: answers by class, and refusals by their kind.

use http::StatusCode;
use tollgate_domain::GatewayResponseType;

use super::count::Count;

const KINDS: usize = GatewayResponseType::ALL.len();

/// What became of calls, counted on one thread.
#[derive(Debug, Default)]
pub(super) struct OutcomeCounts {
    classes: [Count; 5],
    refusals: [Count; KINDS],
}

impl OutcomeCounts {
    /// Counts one answer, and why the gateway gave it by itself if it did.
    pub(super) fn count(&self, status: StatusCode, refused: Option<GatewayResponseType>) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.classes[class].add(1);
        if let Some(kind) = refused {
            self.refusals[kind as usize].add(1);
        }
    }
}

/// What became of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// Answers by the first digit of their status, from 1xx to 5xx.
    pub by_class: [u64; 5],
    refusals: [u64; KINDS],
}

impl Default for Outcomes {
    fn default() -> Self {
        Self { by_class: [0; 5], refusals: [0; KINDS] }
    }
}

impl Outcomes {
    pub(super) fn read<'a>(counted: impl Iterator<Item = &'a OutcomeCounts>) -> Self {
        let mut sum = Self::default();
        for counts in counted {
            sum.by_class.iter_mut().zip(&counts.classes).for_each(|(sum, count)| *sum += count.read());
            sum.refusals.iter_mut().zip(&counts.refusals).for_each(|(sum, count)| *sum += count.read());
        }
        sum
    }

    /// All answers.
    pub fn answered(&self) -> u64 {
        self.by_class.iter().sum()
    }

    /// Answers that the gateway gave by itself.
    pub fn refused(&self) -> u64 {
        self.refusals.iter().sum()
    }

    /// Answers of one kind that the gateway gave by itself.
    pub fn refused_as(&self, kind: GatewayResponseType) -> u64 {
        self.refusals[kind as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_count_of_its_own() {
        for (index, kind) in GatewayResponseType::ALL.iter().enumerate() {
            let counts = OutcomeCounts::default();
            counts.count(StatusCode::FORBIDDEN, Some(*kind));
            let read = Outcomes::read([&counts].into_iter());
            assert_eq!((read.refused_as(*kind), read.refused(), read.by_class), (1, 1, [0, 0, 0, 1, 0]), "{index}");
        }
    }

    #[test]
    fn an_answer_of_the_upstream_is_no_refusal() {
        let counts = OutcomeCounts::default();
        counts.count(StatusCode::TOO_MANY_REQUESTS, None);
        let read = Outcomes::read([&counts].into_iter());
        assert_eq!((read.answered(), read.refused()), (1, 0));
    }
}
