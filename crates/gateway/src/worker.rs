//! A worker: what one thread has to itself, so that calls on different threads never meet.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};

use crate::admission::Callers;
use crate::call::CallIdSource;
use crate::canary::Dice;
use crate::clients::Clients;
use crate::execution_log::LineBudget;
use crate::express::HttpDate;
use crate::gateway::Shared;
use crate::refusal_ring::{RefusalRing, Refusals};
use crate::snapshot::Snapshot;
use crate::upstream::Upstreams;

/// The number of a thread that is not counted.
const UNMETERED: usize = usize::MAX;

/// The state of one thread.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) callers: Callers,
    pub(crate) call_ids: CallIdSource,
    pub(crate) dice: Dice,
    pub(crate) clients: Rc<Clients>,
    pub(crate) upstreams: Upstreams,
    /// Its number, by which it counts calls; none counts by `UNMETERED`.
    pub(crate) thread: usize,
    pub(crate) refusals: Refusals,
    pub(crate) execution_lines: LineBudget,
    pub(crate) date: HttpDate,
    snapshot: RefCell<SnapshotInForce>,
}

/// The snapshot in force as the thread last saw it. To see whether another is by now costs no more than to read where it
/// is.
struct SnapshotInForce {
    in_force: Cache<SnapshotOf, Arc<Snapshot>>,
    held: Rc<HeldSnapshot>,
}

/// Where snapshots come into force.
struct SnapshotOf(Arc<Shared>);

impl Deref for SnapshotOf {
    type Target = ArcSwap<Snapshot>;

    fn deref(&self) -> &ArcSwap<Snapshot> {
        &self.0.snapshot
    }
}

/// A snapshot, counted on this thread. The shared count would be written to by every thread on every call.
pub(crate) struct HeldSnapshot(Arc<Snapshot>);

impl Deref for HeldSnapshot {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.0
    }
}

impl Worker {
    /// The worker of a thread. Threads are numbered from zero.
    pub(crate) fn new(shared: Arc<Shared>, thread: usize) -> Self {
        let refusals = shared.new_refusal_ring();
        Self::with_ring(shared, thread, refusals)
    }

    fn with_ring(shared: Arc<Shared>, thread: usize, refusals: Arc<RefusalRing>) -> Self {
        let mut in_force = Cache::new(SnapshotOf(Arc::clone(&shared)));
        let held = Rc::new(HeldSnapshot(Arc::clone(in_force.load())));
        Self {
            callers: Callers::of(Arc::clone(&shared.admission)),
            call_ids: CallIdSource::new(&shared.ids),
            dice: Dice::new(&shared.ids),
            clients: Rc::new(Clients::new(&shared.config)),
            upstreams: Upstreams::new(&shared.config, Arc::clone(&shared.tls)),
            thread,
            refusals: Refusals::new(refusals),
            execution_lines: LineBudget::default(),
            date: HttpDate::default(),
            snapshot: RefCell::new(SnapshotInForce { in_force, held }),
            shared,
        }
    }

    /// A worker whose calls are in no count, and whose refusals nobody reads.
    pub(crate) fn unmetered(shared: Arc<Shared>) -> Self {
        Self::with_ring(shared, UNMETERED, Arc::default())
    }

    /// The snapshot in force.
    pub(crate) fn snapshot(&self) -> Rc<HeldSnapshot> {
        let mut own = self.snapshot.borrow_mut();
        let SnapshotInForce { in_force, held } = &mut *own;
        let in_force = in_force.load();
        if !Arc::ptr_eq(&held.0, in_force) {
            *held = Rc::new(HeldSnapshot(Arc::clone(in_force)));
        }
        Rc::clone(held)
    }
}
