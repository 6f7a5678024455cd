//! The buckets of stages' methods, by name. They outlive every snapshot, so that no deploy refills one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tollgate_domain::Ticks;
use tollgate_domain::bucket::Bucket;
use tollgate_domain::throttle::TokenRate;

/// Buckets by name. Only publishing reads it; calls hold the buckets themselves.
#[derive(Debug, Default)]
pub(crate) struct BucketShelf(Mutex<HashMap<String, Shelved>>);

#[derive(Debug)]
struct Shelved {
    bucket: Arc<Bucket>,
    rate: TokenRate,
}

impl BucketShelf {
    /// The bucket of that name, with what is owed to it carried over to `rate`.
    pub(crate) fn take_down(&self, name: String, rate: TokenRate, now: Ticks) -> Arc<Bucket> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shelved = shelf.entry(name).or_insert_with(|| Shelved { bucket: Arc::new(Bucket::new()), rate });
        if shelved.rate != rate {
            shelved.bucket.rescale(shelved.rate, rate, now);
            shelved.rate = rate;
        }
        Arc::clone(&shelved.bucket)
    }

    /// Forgets buckets that are full and in no snapshot: forgetting a full bucket changes nothing.
    pub(crate) fn tidy(&self, now: Ticks) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.retain(|_, shelved| Arc::strong_count(&shelved.bucket) > 1 || !shelved.bucket.is_full(now));
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::ThrottleSettings;

    use super::*;

    #[test]
    fn a_name_keeps_its_bucket_until_it_is_full_and_unused() {
        let shelf = BucketShelf::default();
        let rate = ThrottleSettings::new(1.0, 1).token_rate().expect("a limit");
        let (start, later) = (Ticks(0), Ticks(u64::MAX / 8));
        shelf.take_down("a".to_owned(), rate, start).take(rate, start).expect("a token");
        shelf.tidy(start);
        let again = shelf.take_down("a".to_owned(), rate, start);
        assert!(again.take(rate, start).is_err());
        drop(again);
        shelf.tidy(later);
        assert!(shelf.0.lock().expect("a shelf").is_empty());
    }
}
