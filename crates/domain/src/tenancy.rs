//! Who lives in a place of a table that is used again and again.
//!
//! Keeps the promise that whoever holds a place finds the tenant there that they came for, until they let go.

use crate::sync::{AtomicU64, Ordering};

const HOLDERS: u64 = (1 << 32) - 1;
const LIVED_IN: u64 = 1 << 32;
const KEPT: u64 = 1 << 33;
const VISITED: u64 = 1 << 34;
const GENERATION_SHIFT: u32 = 35;

/// How many hold the place, whether somebody lives there, and the how manieth it is.
#[derive(Debug)]
pub struct Tenancy {
    word: AtomicU64,
}

impl Default for Tenancy {
    fn default() -> Self {
        Self::new()
    }
}

fn generation(word: u64) -> Option<u32> {
    (word & LIVED_IN != 0).then(|| u32::try_from(word >> GENERATION_SHIFT).unwrap_or_default())
}

impl Tenancy {
    /// A place where nobody lives.
    pub fn new() -> Self {
        Self { word: AtomicU64::new(0) }
    }

    /// Names who lives here, among all who ever do. What is read of the place between two answers that are the same is
    /// theirs.
    pub fn tenant(&self) -> Option<u32> {
        generation(self.word.load(Ordering::Acquire))
    }

    /// Keeps the tenant from moving out until [`Self::let_go`]; false when it has moved out.
    pub fn hold(&self, tenant: u32) -> bool {
        let before = self.word.fetch_add(1, Ordering::Acquire);
        if generation(before) != Some(tenant) {
            self.let_go();
            return false;
        }
        if before & VISITED == 0 {
            self.word.fetch_or(VISITED, Ordering::Relaxed);
        }
        true
    }

    /// Ends one [`Self::hold`].
    pub fn let_go(&self) {
        self.word.fetch_sub(1, Ordering::Release);
    }

    /// Says that a tenant has moved in, and names it. Its things are in place, and nobody else moves in or out.
    pub fn move_in(&self) -> u32 {
        let before = self.word.fetch_or(LIVED_IN | VISITED, Ordering::Release);
        generation(before | LIVED_IN).unwrap_or_default()
    }

    /// Has the tenant move out, unless somebody holds the place or it is to be kept. Then its things can be put away.
    pub fn move_out(&self) -> bool {
        let word = self.word.load(Ordering::Acquire);
        if word & LIVED_IN == 0 || word & (KEPT | HOLDERS) != 0 {
            return false;
        }
        let next = (word >> GENERATION_SHIFT).wrapping_add(1) << GENERATION_SHIFT;
        self.word.compare_exchange(word, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Says whether the tenant may be made to move out.
    pub fn keep(&self, kept: bool) {
        match kept {
            true => self.word.fetch_or(KEPT, Ordering::Relaxed),
            false => self.word.fetch_and(!KEPT, Ordering::Relaxed),
        };
    }

    /// Whether the tenant is kept.
    pub fn is_kept(&self) -> bool {
        self.word.load(Ordering::Relaxed) & KEPT != 0
    }

    /// Whether nobody held the place since this was asked last.
    pub fn was_idle(&self) -> bool {
        self.word.load(Ordering::Relaxed) & VISITED == 0
            || self.word.fetch_and(!VISITED, Ordering::Relaxed) & VISITED == 0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_that_is_held_or_kept_stays() {
        let place = Tenancy::new();
        assert!(!place.hold(0) && !place.move_out(), "nobody lives there");
        let tenant = place.move_in();
        assert!(place.hold(tenant));
        assert!(!place.move_out());
        place.let_go();
        place.keep(true);
        assert!(!place.move_out());
        place.keep(false);
        assert!(place.move_out());
        let next = place.move_in();
        assert!(!place.hold(tenant) && place.hold(next));
    }

    #[test]
    fn a_place_is_idle_when_nobody_came_since_the_last_look() {
        let place = Tenancy::new();
        let tenant = place.move_in();
        assert!(!place.was_idle() && place.was_idle());
        assert!(place.hold(tenant));
        assert!(!place.was_idle() && place.was_idle());
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicU64;

    use super::*;

    /// A place, and the thing of its tenant.
    type Place = (Tenancy, AtomicU64);

    fn place() -> (Arc<Place>, u32) {
        let place = Arc::new((Tenancy::new(), AtomicU64::new(1)));
        let tenant = place.0.move_in();
        (place, tenant)
    }

    /// The next tenant moves in, if the first one can be made to move out.
    fn relet(place: &Place) {
        if place.0.move_out() {
            place.1.store(2, Ordering::Release);
            place.0.move_in();
        }
    }

    #[test]
    fn whoever_holds_a_place_finds_the_tenant_that_they_came_for() {
        loom::model(|| {
            let (place, tenant) = place();
            let caller = {
                let place = Arc::clone(&place);
                loom::thread::spawn(move || {
                    if place.0.hold(tenant) {
                        assert_eq!(place.1.fetch_add(0, Ordering::Relaxed), 1);
                        place.0.let_go();
                    }
                })
            };
            relet(&place);
            caller.join().expect("no panic");
            // Whoever came too late let go again.
            assert!(place.0.move_out());
        });
    }

    #[test]
    fn what_is_read_between_two_looks_at_one_tenant_is_its_own() {
        loom::model(|| {
            let (place, tenant) = place();
            let reader = {
                let place = Arc::clone(&place);
                loom::thread::spawn(move || {
                    let before = place.0.tenant();
                    let thing = place.1.load(Ordering::Acquire);
                    if let Some(found) = before.filter(|_| place.0.tenant() == before) {
                        assert_eq!(thing, if found == tenant { 1 } else { 2 });
                    }
                })
            };
            relet(&place);
            reader.join().expect("no panic");
        });
    }
}
