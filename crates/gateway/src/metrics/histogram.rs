//! How long things take, counted in buckets.

use std::time::Duration;

use tollgate_domain::LATENCY_BOUNDS_MICROS as BOUNDS;

use super::count::Count;

/// Durations, counted on one thread.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [Count; BOUNDS.len()],
    /// Those beyond the last bound.
    longer: Count,
    sum_nanos: Count,
}

impl Histogram {
    pub(super) fn observe(&self, took: Duration) {
        let micros = took.as_micros();
        let bucket = BOUNDS.partition_point(|bound| u128::from(*bound) < micros);
        self.buckets.get(bucket).unwrap_or(&self.longer).add(1);
        self.sum_nanos.add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds what is counted here to `counts`, bucket by bucket.
    pub(super) fn add_to(&self, counts: &mut [u64; BOUNDS.len() + 1]) {
        let buckets = self.buckets.iter().chain([&self.longer]);
        counts.iter_mut().zip(buckets).for_each(|(sum, count)| *sum += count.read());
    }
}

/// What histograms have counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Durations {
    /// All of them added up, in seconds.
    pub sum_seconds: f64,
    /// Upper end of each bucket in seconds, the last one infinite, and how many fell into it and into none before it.
    pub buckets: Vec<(f64, u64)>,
}

impl Durations {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    pub(super) fn read<'a>(histograms: impl Iterator<Item = &'a Histogram>) -> Self {
        let (mut counts, mut nanos) = ([0; BOUNDS.len() + 1], 0u128);
        for histogram in histograms {
            histogram.add_to(&mut counts);
            nanos += u128::from(histogram.sum_nanos.read());
        }
        let bounds = BOUNDS.iter().map(|micros| *micros as f64 / 1e6).chain([f64::INFINITY]);
        Self { sum_seconds: nanos as f64 / 1e9, buckets: bounds.zip(counts).collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_bucket_that_it_fits() {
        let histogram = Histogram::default();
        for micros in [0, 100, 101, 30_000_000, 30_000_001] {
            histogram.observe(Duration::from_micros(micros));
        }
        let read = Durations::read([&histogram].into_iter());
        let filled: Vec<_> = read.buckets.iter().filter(|(_, count)| *count > 0).copied().collect();
        assert_eq!(filled, [(0.0001, 2), (0.000_25, 1), (30.0, 1), (f64::INFINITY, 1)]);
        assert!((read.sum_seconds - 60.000_202).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn none_is_lost_or_counted_twice(micros in proptest::collection::vec(0..100_000_000u64, 0..50)) {
            let (one, other) = (Histogram::default(), Histogram::default());
            for (index, micros) in micros.iter().enumerate() {
                [&one, &other][index % 2].observe(Duration::from_micros(*micros));
            }
            prop_assert_eq!(Durations::read([&one, &other].into_iter()).count(), micros.len() as u64);
        }
    }
}
